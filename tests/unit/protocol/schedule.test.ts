// What each step reads (design 1.3), by hand: k = 2, two rounds.
import { describe, expect, it } from 'vitest';
import {
  isEvery,
  isReady,
  isWhole,
  minibatchOf,
  phaseOf,
  readBehind,
  roundOf,
  type ScheduleOptions,
  scheduleOptions,
  stepKindsOf,
  versionsAfter,
} from '../../../src/protocol/schedule.js';

const reads = (order: ScheduleOptions['order'], net: 'discriminator' | 'generator', step: number) => {
  const { discriminator, generator } = phaseOf({ order, discriminatorSteps: 2 }, net, step).reads;
  return [discriminator, generator];
};

describe.each(['alternating', 'simultaneous', 'pipelined'] as const)('in %s order', (order) => {
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

it("pipelined: G's step reads the D of the beginning of the round before", () => {
  expect([0, 1, 2].map((step) => reads('pipelined', 'generator', step))).toEqual([
    [0, 0],
    [0, 1],
    [2, 2],
  ]);
  const schedule = { order: 'pipelined', discriminatorSteps: 2 } as const;
  const since = { discriminator: 4, generator: 2 };
  expect(readBehind(schedule, since)).toBe(2);
  expect(readBehind(schedule, { discriminator: 0, generator: 0 })).toBeUndefined();
  expect(readBehind({ ...schedule, order: 'simultaneous' }, since)).toBeUndefined();
  expect(readBehind({ ...schedule, since }, since)).toBeUndefined(); // amended: the schedule begins there
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
    expect([5, 6, 7].map((step) => minibatchOf(schedule, phaseOf(schedule, 'discriminator', step)))).toEqual([
      5, 6, 7,
    ]);
    expect([5, 6].map((step) => minibatchOf(schedule, phaseOf(schedule, 'generator', step)))).toEqual([5, 8]);
  });
});

describe('rounds of several G steps', () => {
  const schedule = { order: 'alternating', discriminatorSteps: 2, generatorSteps: 3 } as const;
  const phases = (order: 'alternating' | 'simultaneous') =>
    [0, 2, 3, 5].map((step) => phaseOf({ ...schedule, order }, 'generator', step).reads.discriminator);

  it('read the newest D in turns, or that of the beginning', () => {
    expect(phases('alternating')).toEqual([2, 2, 4, 4]);
    expect(phases('simultaneous')).toEqual([0, 0, 2, 2]);
    const reads = [0, 1, 2, 3, 4].map((step) => phaseOf(schedule, 'discriminator', step).reads.generator);
    expect(reads).toEqual([0, 0, 3, 3, 6]);
  });

  it('end where both nets have done their steps, and at no other moment', () => {
    expect([0, 1, 3, 4].map((steps) => versionsAfter(schedule, steps))).toEqual([
      { discriminator: 0, generator: 0 },
      { discriminator: 2, generator: 3 },
      { discriminator: 2, generator: 3 },
      { discriminator: 4, generator: 6 },
    ]);
    for (const generator of [2, 4]) expect(isWhole(schedule, { discriminator: 2, generator })).toBe(false);
    expect(isWhole(schedule, { discriminator: 2, generator: 3 })).toBe(true);
    expect([2, 3, 5].map((step) => roundOf(schedule, 'generator', step))).toEqual([0, 3, 3]);
  });

  it('see the items of their D steps in turns', () => {
    expect([0, 1, 2, 3].map((step) => minibatchOf(schedule, phaseOf(schedule, 'generator', step)))).toEqual([
      0, 1, 0, 2,
    ]);
  });

  it('do what is due at a multiple of steps with the round that reaches it, once', () => {
    const due = [3, 6, 9, 12, 15, 18, 21].filter((round) => isEvery(schedule, 5, round));
    expect(due).toEqual([6, 12, 15, 21]); // 5, 10, 15 and 20
    expect([3, 6, 9].filter((round) => isEvery(schedule, 2, round))).toEqual([3, 6, 9]);
    expect([4, 5, 6, 10].filter((round) => isEvery({}, 5, round))).toEqual([5, 10]);
  });

  it('have no warm-up of the critic, which counts rounds of one', () => {
    expect(scheduleOptions.safeParse({ generatorSteps: 2, criticWarmup: {} }).error?.issues[0]).toMatchObject(
      {
        path: ['criticWarmup'],
        message: expect.stringContaining('generatorSteps, which is 2'),
      },
    );
  });
});

describe("a critic's warm-up", () => {
  /** D steps of each round, as main.py of Arjovsky et al. 2017 counts them. */
  const stepsOf = ({
    discriminatorSteps: k,
    criticWarmup: { steps, rounds, every } = NONE,
  }: ScheduleOptions & { discriminatorSteps: number }) =>
    Array.from({ length: 60 }, (_, round) => (round < rounds || round % every === 0 ? steps : k));
  const NONE = { steps: 1, rounds: 0, every: 1 };

  it.each([
    { steps: 100, rounds: 25, every: 500 },
    { steps: 4, rounds: 5, every: 7 },
    { steps: 1, rounds: 0, every: 3 },
    { steps: 9, rounds: 8, every: 4 },
  ])('%j: every step belongs to the round that counting gives it', (criticWarmup) => {
    for (const order of ['alternating', 'simultaneous'] as const) {
      const schedule = { order, discriminatorSteps: 3, criticWarmup };
      let step = 0;
      for (const [round, count] of stepsOf(schedule).entries()) {
        expect(versionsAfter(schedule, round)).toEqual({ discriminator: step, generator: round });
        const reads = { discriminator: order === 'alternating' ? step + count : step, generator: round };
        expect(phaseOf(schedule, 'generator', round).reads).toEqual(reads);
        expect(minibatchOf(schedule, phaseOf(schedule, 'generator', round))).toBe(step);
        for (let i = 0; i < count; i++, step++) {
          expect(phaseOf(schedule, 'discriminator', step).reads).toEqual({
            discriminator: step,
            generator: round,
          });
          expect(isWhole(schedule, { discriminator: step, generator: round })).toBe(i === 0);
        }
      }
    }
  });

  it('that was amended goes by the rounds of the whole run', () => {
    const since = { discriminator: 10, generator: 10 };
    const criticWarmup = { steps: 4, rounds: 12, every: 8 };
    const schedule = { order: 'alternating', discriminatorSteps: 1, criticWarmup, since } as const;
    const at = [10, 11, 12, 13, 16, 17].map((round) => versionsAfter(schedule, round).discriminator);
    expect(at).toEqual([10, 14, 18, 19, 22, 26]); // long: 10, 11 and 16
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

describe('a D that is pretrained', () => {
  const at = (order: ScheduleOptions['order'], step: number) =>
    phaseOf({ order, discriminatorSteps: 2, pretrain: 5 }, 'generator', step).reads.discriminator;

  it('has so many steps more before G has its first, and every order begins with the D that they came to', () => {
    const schedule = { order: 'alternating', discriminatorSteps: 2, pretrain: 5 } as const;
    expect([0, 1, 2, 3].map((round) => versionsAfter(schedule, round).discriminator)).toEqual([0, 7, 9, 11]);
    expect([0, 6, 7].map((step) => phaseOf(schedule, 'discriminator', step).reads.generator)).toEqual([
      0, 0, 1,
    ]);
    expect([1, 5, 7].map((discriminator) => isWhole(schedule, { discriminator, generator: 0 }))).toEqual([
      false,
      false,
      false,
    ]);
    expect([0, 1, 2].map((step) => at('alternating', step))).toEqual([7, 9, 11]);
    expect([0, 1, 2].map((step) => at('simultaneous', step))).toEqual([5, 7, 9]);
    expect([0, 1, 2].map((step) => at('pipelined', step))).toEqual([5, 5, 7]);
  });

  it('is so once: a schedule that was amended counts from there', () => {
    const since = { discriminator: 11, generator: 3 };
    const amended = { order: 'alternating', discriminatorSteps: 1, pretrain: 5, since } as const;
    expect(versionsAfter(amended, 4)).toEqual({ discriminator: 12, generator: 4 });
  });

  it('cannot look ahead', () => {
    const options = { order: 'simultaneous', extragradient: true, pretrain: 3 };
    expect(scheduleOptions.safeParse(options).error?.issues[0]?.message).toMatch(
      /no critic's warm-up or pretraining/,
    );
  });
});
