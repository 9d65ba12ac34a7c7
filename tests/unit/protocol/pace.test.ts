// Goal: D's steps a round follow how it judges, and a run that goes on decides as one that was never interrupted. Method: short runs by hand.
import { describe, expect, it } from 'vitest';
import { type Pace, Pacing } from '../../../src/protocol/pace.js';
import {
  isWhole,
  minibatchOf,
  phaseOf,
  type ScheduleOptions,
  scheduleOptions,
  versionsAfter,
} from '../../../src/protocol/schedule.js';

const schedule: ScheduleOptions = {
  order: 'alternating',
  discriminatorSteps: 'auto',
  auto: { accuracy: [0.6, 0.8], everySteps: 2, most: 3 },
};

/** Rounds one after another, in each of which D judges so many of 10 items rightly a step. @returns versions at their ends */
function go(pacing: Pacing, from: { discriminator: number; generator: number }, rights: readonly number[]) {
  let at = from;
  return rights.map((right) => {
    const end = versionsAfter(pacing.schedule, at.generator + 1);
    for (let step = at.discriminator; step < end.discriminator; step++) {
      expect(phaseOf(pacing.schedule, 'discriminator', step).reads.generator).toBe(at.generator);
      expect(isWhole(pacing.schedule, { discriminator: step, generator: at.generator })).toBe(
        step === at.discriminator,
      );
      pacing.note({ judged: 10, right });
    }
    expect(phaseOf(pacing.schedule, 'generator', at.generator).reads.discriminator).toBe(end.discriminator);
    pacing.endRound(end);
    at = end;
    return end.discriminator;
  });
}

const BEGIN = { discriminator: 0, generator: 0 };

describe("D's steps a round", () => {
  it('are one more after an accuracy below the band, one less after one above it, within their bounds', () => {
    const pacing = new Pacing(schedule);
    //            2 rounds: 5   -> 2 steps; 8 and 6 -> stay; 5 -> 3; 5 -> 3, the most; 9 -> 2; 9 -> 1; 9 -> 1, the least
    const rights = [5, 5, 8, 6, 5, 5, 5, 5, 9, 9, 9, 9, 9, 9, 9];
    const ends = [1, 2, 4, 6, 8, 10, 13, 16, 19, 22, 24, 26, 27, 28, 29];
    expect(go(pacing, BEGIN, rights)).toEqual(ends);
  });

  it('stay on the very edges of the band', () => {
    const pacing = new Pacing(schedule);
    expect(go(pacing, BEGIN, [6, 6, 8, 8, 8])).toEqual([1, 2, 3, 4, 5]);
  });

  it('go on from a boundary between two decisions as if nothing had been', () => {
    const rights = [5, 5, 5, 9, 5, 9, 9];
    const undisturbed = go(new Pacing(schedule), BEGIN, rights);
    const first = new Pacing(schedule);
    const before = go(first, BEGIN, rights.slice(0, 3));
    const saved = JSON.parse(JSON.stringify(first.pace)) as Pace;
    expect(saved).toEqual({ steps: 2, judged: 20, right: 10 });
    const second = new Pacing(schedule);
    second.begin({ discriminator: before.at(-1)!, generator: 3 }, saved);
    const after = go(second, { discriminator: before.at(-1)!, generator: 3 }, rights.slice(3));
    expect([...before, ...after]).toEqual(undisturbed);
  });

  it('are what the config says where it says a number', () => {
    const pacing = new Pacing({ order: 'alternating', discriminatorSteps: 2 });
    expect(go(pacing, BEGIN, [1, 1, 1])).toEqual([2, 4, 6]);
    expect(pacing.pace).toBeUndefined();
  });

  it("let G see the real items of D's newest step, or of the first that begins with it", () => {
    const paced = { steps: 3, since: { discriminator: 7, generator: 4 } };
    for (const [order, seen] of [
      ['alternating', 12],
      ['simultaneous', 10],
    ] as const) {
      const now: ScheduleOptions = { ...schedule, order, paced };
      expect(minibatchOf(now, phaseOf(now, 'generator', 5))).toBe(seen);
    }
  });
});

describe('a config of them', () => {
  it.each([
    [{ discriminatorSteps: 'auto', order: 'pipelined' }, /order pipelined overlap/],
    [{ discriminatorSteps: 'auto', criticWarmup: {} }, /cannot be had with criticWarmup/],
    [{ discriminatorSteps: 2, auto: {} }, /schedule.auto is of discriminatorSteps: auto, and it is 2/],
    [{ discriminatorSteps: 'auto', auto: { accuracy: [0.8, 0.6] } }, /the lower bound comes first/],
  ])('%j is refused', (options, message) => {
    const { error } = scheduleOptions.safeParse(options);
    expect(error?.issues.map((issue) => issue.message).join()).toMatch(message);
  });
});
