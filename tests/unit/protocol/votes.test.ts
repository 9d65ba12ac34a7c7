// Answers to one verified node, by hand. A worker is named by its identity and a number: A1 and A2 are two sessions of A.
import { describe, expect, it } from 'vitest';
import {
  decide,
  type NodeState,
  OpenStep,
  proves,
  rankFor,
  refutedBy,
  weigh,
} from '../../../src/protocol/open-step.js';
import { phaseOf } from '../../../src/protocol/schedule.js';

const voterOf = (worker: string) => ({ worker, identity: worker.slice(0, 1) });

/** @param pool identities at hand */
function verifiedNode(pool: string, isVerified = true) {
  const phase = phaseOf({ order: 'alternating', discriminatorSteps: 1 }, 'discriminator', 0);
  const [state] = new OpenStep(phase, [{ level: 0, index: 0 }], () => isVerified).nodes.values();
  state!.isShared = pool.length > 1;
  const answer = (worker: string, digest: string, isSound = true) =>
    weigh(state!, { ...voterOf(worker), digest, isSound });
  return { state: state!, answer, rank: (worker: string) => rankFor(state!)(voterOf(worker)) };
}

const hold = (state: NodeState, worker: string) => state.holders.push({ ...voterOf(worker), sinceMs: 0 });

describe('a verified node', () => {
  it('is settled by a second identity that agrees', () => {
    const { answer } = verifiedNode('AB');
    expect(answer('A1', 'x').kind).toBe('held');
    expect(answer('B1', 'x')).toMatchObject({ kind: 'settled', taken: { worker: 'B1' }, wrong: [] });
  });

  it('is settled by two workers of one identity where there is no other, and by a lone worker that agrees with itself', () => {
    for (const second of ['A2', 'A1']) {
      const { answer } = verifiedNode('A');
      answer('A1', 'x');
      expect(answer(second, 'x').kind).toBe('settled');
    }
  });

  it('finds the one bad worker of three of one identity', () => {
    const { answer } = verifiedNode('A');
    expect(answer('A1', 'y').kind).toBe('held');
    expect(answer('A2', 'x')).toEqual({ kind: 'held', isDisagreement: true });
    expect(answer('A3', 'x')).toMatchObject({ kind: 'settled', wrong: ['A1'] });
  });

  it('is not settled, and nobody accused, by sessions of one identity while there is another', () => {
    const { answer } = verifiedNode('AB');
    answer('B1', 'x');
    expect(answer('A1', 'y')).toEqual({ kind: 'held', isDisagreement: true });
    for (const worker of ['A2', 'A3', 'A4', 'A5', 'A6'])
      expect(answer(worker, 'y')).toEqual({ kind: 'held', isDisagreement: false });
    expect(answer('C1', 'x')).toMatchObject({
      kind: 'settled',
      taken: { worker: 'C1' },
      wrong: ['A1', 'A2', 'A3', 'A4', 'A5', 'A6'],
    });
  });

  it('is settled against a session by another one of its own identity and a second identity', () => {
    const { answer } = verifiedNode('AB');
    answer('A1', 'y');
    answer('B1', 'x');
    expect(answer('A2', 'x')).toMatchObject({ kind: 'settled', wrong: ['A1'] });
  });

  it('is not settled by a worker that agrees with itself, neither against another nor while another identity is at hand', () => {
    const disputed = verifiedNode('A');
    disputed.answer('A1', 'x');
    expect(disputed.answer('A2', 'y')).toEqual({ kind: 'held', isDisagreement: true });
    expect(disputed.answer('A1', 'x').kind).toBe('held');
    expect(disputed.answer('A3', 'y')).toMatchObject({ kind: 'settled', wrong: ['A1'] });
    const shared = verifiedNode('AB');
    shared.answer('A1', 'x');
    expect(shared.answer('A1', 'x')).toEqual({ kind: 'held', isDisagreement: false });
    expect(shared.answer('B1', 'x').kind).toBe('settled');
  });

  it('whose other identity left in the middle stays open for it, and is decided by the rest once that is given up', () => {
    const { state, answer } = verifiedNode('AB');
    hold(state, 'B1');
    answer('A1', 'x');
    answer('A2', 'x');
    state.holders = []; // B1 has left
    expect(decide(state)).toBeUndefined();
    state.isShared = false;
    expect(decide(state)).toMatchObject({ kind: 'settled', wrong: [] });
  });

  it('counts a second identity by its vote, though its workers have left', () => {
    const { answer } = verifiedNode('A');
    answer('B1', 'y');
    answer('A1', 'x');
    expect(answer('A2', 'x').kind).toBe('held');
  });

  it('believes nobody once five identities all differ, and waits where it is five sessions of fewer', () => {
    const five = verifiedNode('ABCDE');
    for (const worker of ['A1', 'B1', 'C1', 'D1']) expect(five.answer(worker, worker).kind).toBe('held');
    expect(five.answer('E1', 'e')).toEqual({ kind: 'nobody-agrees' });
    const fewer = verifiedNode('AB');
    for (const worker of ['B1', 'A1', 'A2', 'A3', 'A4', 'A5'])
      expect(fewer.answer(worker, worker).kind).toBe('held');
    const one = verifiedNode('A');
    for (const worker of ['A1', 'A2', 'A3', 'A4']) expect(one.answer(worker, worker).kind).toBe('held');
    expect(one.answer('A5', 'e')).toEqual({ kind: 'nobody-agrees' });
  });

  it('accuses who gave something that is not finite where two others gave numbers', () => {
    const { answer } = verifiedNode('ABC');
    expect(answer('A1', '', false).kind).toBe('not-finite');
    answer('B1', 'x');
    expect(answer('C1', 'x')).toMatchObject({ kind: 'settled', wrong: ['A1'] });
  });

  it('has not diverged as long as it is one identity that says so, and there is another', () => {
    const { answer } = verifiedNode('AB', false);
    expect(answer('A1', '', false).kind).toBe('not-finite');
    expect(answer('A2', '', false).kind).toBe('not-finite');
    expect(answer('B1', 'x')).toMatchObject({ kind: 'settled', wrong: ['A1', 'A2'] });
    const both = verifiedNode('AB', false);
    both.answer('A1', '', false);
    expect(both.answer('B1', '', false)).toEqual({ kind: 'diverged' });
    const alone = verifiedNode('A', false);
    alone.answer('A1', '', false);
    expect(alone.answer('A1', '', false)).toEqual({ kind: 'diverged' });
  });
});

describe('a worker that never gives anything sound', () => {
  it('is refuted by the number of another one, in a node that one number does not settle', () => {
    for (const pool of ['AB', 'A'])
      for (const isFirst of [true, false]) {
        const other = pool === 'AB' ? 'B1' : 'A2';
        const { state, answer } = verifiedNode(pool);
        if (isFirst) answer(other, 'x');
        expect(answer('A1', '', false)).toEqual({ kind: 'not-finite' });
        if (!isFirst) answer(other, 'x');
        expect(refutedBy(state)).toEqual([]);
        expect(answer('A1', '', false)).toEqual({ kind: 'not-finite' });
        expect(refutedBy(state)).toEqual(['A1']);
      }
  });

  it('is not refuted by its own number', () => {
    const { state, answer } = verifiedNode('A');
    answer('A1', 'x');
    for (let i = 0; i < 2; i++) expect(answer('A1', '', false)).toEqual({ kind: 'not-finite' });
    expect(refutedBy(state)).toEqual([]);
    expect(answer('A1', 'x').kind).toBe('settled');
  });

  it('is right where a second one says so too, whatever number a third gives', () => {
    for (const [pool, second, third] of [
      ['ABC', 'B1', 'C1'],
      ['A', 'A2', 'A3'],
    ] as const) {
      const { answer } = verifiedNode(pool);
      answer(third, 'x');
      answer('A1', '', false);
      expect(answer(second, '', false)).toEqual({ kind: 'diverged' });
    }
  });
});

describe('the next worker to be asked', () => {
  it('is of an identity not heard; those heard could decide nothing until answers differ', () => {
    const { state, answer, rank } = verifiedNode('AB');
    hold(state, 'A1');
    expect([rank('A1'), rank('A2'), rank('B1')]).toEqual([undefined, undefined, 0]);
    answer('A1', 'x');
    expect([rank('A1'), rank('A2'), rank('B1')]).toEqual([undefined, undefined, 0]);
    answer('B1', 'y');
    expect([rank('A1'), rank('A2'), rank('B2'), rank('C1')]).toEqual([undefined, 3, 3, 0]);
    for (const worker of ['A2', 'A3', 'A4']) answer(worker, 'x');
    expect([rank('A5'), rank('B2'), rank('C1')]).toEqual([undefined, undefined, 0]); // five answers: only news counts
  });

  it('is, of one identity alone, anybody before the one that has answered', () => {
    const { answer, rank } = verifiedNode('A');
    answer('A1', 'x');
    expect([rank('A2'), rank('A1')]).toEqual([3, 5]);
    answer('A2', 'y');
    expect([rank('A3'), rank('A1')]).toEqual([3, undefined]);
  });

  it('is rather no session of an identity whose answer was not sound, and none that gave two of them', () => {
    const { answer, rank } = verifiedNode('AB', false);
    answer('A1', '', false);
    expect([rank('B1'), rank('A2'), rank('A1')]).toEqual([0, 1, 2]);
    answer('A1', '', false);
    expect([rank('A2'), rank('A1')]).toEqual([1, undefined]);
  });
});

it('two identities prove anybody wrong, two workers of one identity only one of their own', () => {
  const agreed = (...workers: string[]) => workers.map((worker) => ({ ...voterOf(worker), digest: 'x' }));
  expect(proves(agreed('A1', 'B1'), voterOf('C1'))).toBe(true);
  expect(proves(agreed('A1', 'A2'), voterOf('A3'))).toBe(true);
  expect(proves(agreed('A1', 'A2'), voterOf('C1'))).toBe(false);
  expect(proves(agreed('A1', 'A1'), voterOf('A2'))).toBe(false);
  expect(proves([], voterOf('A2'))).toBe(false);
});
