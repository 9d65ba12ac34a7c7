// What each step reads (design 1.3), by hand: k = 2, two rounds.
import { describe, expect, it } from 'vitest';
import { isReady, phaseOf, roundOf, versionsAfter } from '../../../src/protocol/schedule.js';

const reads = (order: 'alternating' | 'simultaneous', net: 'discriminator' | 'generator', step: number) => {
  const { discriminator, generator } = phaseOf({ order, discriminatorSteps: 2 }, net, step).reads;
  return [discriminator, generator];
};

describe.each(['alternating', 'simultaneous'] as const)('in %s order', (order) => {
  it("D's steps of one round read the G of its beginning, and each the D before it", () => {
    expect([0, 1, 2, 3].map((step) => reads(order, 'discriminator', step))).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
      [3, 1],
    ]);
  });
});

it("alternating: G's step reads the D that its round has made", () => {
  expect([0, 1].map((step) => reads('alternating', 'generator', step))).toEqual([
    [2, 0],
    [4, 1],
  ]);
});

it("simultaneous: G's step reads the D of its round's beginning", () => {
  expect([0, 1].map((step) => reads('simultaneous', 'generator', step))).toEqual([
    [0, 0],
    [2, 1],
  ]);
});

it('a step may begin once both versions that it reads exist', () => {
  const phase = phaseOf({ order: 'alternating', discriminatorSteps: 2 }, 'discriminator', 2);
  expect(isReady(phase, { discriminator: 2, generator: 1 })).toBe(true);
  expect(isReady(phase, { discriminator: 2, generator: 0 })).toBe(false);
  expect(isReady(phase, { discriminator: 1, generator: 1 })).toBe(false);
});

it('a round is k steps of D and one of G', () => {
  const options = { order: 'alternating', discriminatorSteps: 3 } as const;
  expect(versionsAfter(options, 4)).toEqual({ discriminator: 12, generator: 4 });
  expect([0, 2, 3, 11].map((step) => roundOf(options, 'discriminator', step))).toEqual([0, 0, 1, 3]);
  expect(roundOf(options, 'generator', 4)).toBe(4);
});
