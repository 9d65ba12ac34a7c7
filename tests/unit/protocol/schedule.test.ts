// What each step reads (design 1.3), by hand: k = 2, two rounds.
import { describe, expect, it } from 'vitest';
import {
  isReady,
  isWhole,
  minibatchOf,
  phaseOf,
  roundOf,
  stepKindsOf,
  versionsAfter,
} from '../../../src/protocol/schedule.js';

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

describe('a k that began to count at a boundary', () => {
  // one step of D a round up to round 5, three from there on: D's steps of rounds 5 and 6 are 5, 6, 7 and 8, 9, 10
  const schedule = {
    order: 'alternating',
    discriminatorSteps: 3,
    since: { discriminator: 5, generator: 5 },
  } as const;

  it('leaves what came before as it was', () => {
    expect(versionsAfter(schedule, 5)).toEqual({ discriminator: 5, generator: 5 });
    expect(isWhole(schedule, { discriminator: 5, generator: 5 })).toBe(true);
  });

  it('counts from there', () => {
    expect([5, 6, 7, 8, 10].map((step) => roundOf(schedule, 'discriminator', step))).toEqual([5, 5, 5, 6, 6]);
    expect(phaseOf(schedule, 'discriminator', 8).reads).toEqual({ discriminator: 8, generator: 6 });
    expect(phaseOf(schedule, 'generator', 5).reads).toEqual({ discriminator: 8, generator: 5 });
    expect(phaseOf({ ...schedule, order: 'simultaneous' }, 'generator', 6).reads).toEqual({
      discriminator: 8,
      generator: 6,
    });
    expect(versionsAfter(schedule, 7)).toEqual({ discriminator: 11, generator: 7 });
    expect(isWhole(schedule, { discriminator: 7, generator: 6 })).toBe(false);
  });

  it("gives no minibatch twice, and G's step sees that of its round's first", () => {
    expect([5, 6, 7].map((step) => minibatchOf(schedule, 'discriminator', step))).toEqual([5, 6, 7]);
    expect([5, 6].map((step) => minibatchOf(schedule, 'generator', step))).toEqual([5, 8]);
  });
});

describe('lazy penalties', () => {
  const schedule = {
    ...{ order: 'alternating' as const, discriminatorSteps: 2 },
    regularizedEvery: { discriminator: 3, generator: undefined },
  };

  it('are due in every so many steps of their net, from the first on', () => {
    const kinds = (net: 'discriminator' | 'generator') =>
      [0, 1, 2, 3, 4].map((step) => phaseOf(schedule, net, step).stepKind);
    const [due, not] = ['discriminator-regularized', 'discriminator'];
    expect(kinds('discriminator')).toEqual([due, not, not, due, not]);
    expect(new Set(kinds('generator'))).toEqual(new Set(['generator']));
  });

  it('are kinds of steps of their own where there are any', () => {
    expect(stepKindsOf(schedule)).toEqual(['discriminator', 'discriminator-regularized', 'generator']);
    expect(stepKindsOf({ order: 'alternating', discriminatorSteps: 1 })).toEqual([
      'discriminator',
      'generator',
    ]);
  });
});
