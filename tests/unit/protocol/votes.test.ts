// Answers to one verified node, by hand.
import { describe, expect, it } from 'vitest';
import { OpenStep, weigh } from '../../../src/protocol/open-step.js';
import { phaseOf } from '../../../src/protocol/schedule.js';

function verifiedNode() {
  const phase = phaseOf({ order: 'alternating', discriminatorSteps: 1 }, 'discriminator', 0);
  const state = [...new OpenStep(phase, [{ level: 0, index: 0 }], () => true).nodes.values()][0]!;
  return (worker: string, digest: string, isSound = true) => weigh(state, { worker, digest, isSound });
}

describe('a verified node', () => {
  it('is settled by a second worker that agrees', () => {
    const answer = verifiedNode();
    expect(answer('a', 'x').kind).toBe('held');
    expect(answer('b', 'x')).toEqual({ kind: 'settled', agreed: 'x', wrong: [] });
  });

  it('is settled by a lone worker that agrees with itself', () => {
    const answer = verifiedNode();
    answer('a', 'x');
    expect(answer('a', 'x').kind).toBe('settled');
  });

  it('is not settled by a worker that agrees with itself against another', () => {
    const answer = verifiedNode();
    answer('a', 'x');
    expect(answer('b', 'y')).toEqual({ kind: 'held', isDisagreement: true });
    expect(answer('a', 'x').kind).toBe('held');
    expect(answer('c', 'y')).toEqual({ kind: 'settled', agreed: 'y', wrong: ['a'] });
  });

  it('accuses who gave something that is not finite where two others gave numbers', () => {
    const answer = verifiedNode();
    expect(answer('a', '', false).kind).toBe('not-finite');
    answer('b', 'x');
    expect(answer('c', 'x')).toEqual({ kind: 'settled', agreed: 'x', wrong: ['a'] });
  });
});
