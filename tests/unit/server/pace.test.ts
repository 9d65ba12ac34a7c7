import { expect, it } from 'vitest';
import { Pace } from '../../../src/server/pace.js';

/** Steps of G at these times. */
function paced(timesMs: readonly number[]): Pace {
  const pace = new Pace();
  pace.note({ discriminator: 0, generator: 0 }, 0);
  timesMs.forEach((nowMs, i) => {
    pace.note({ discriminator: 0, generator: i + 1 }, nowMs);
  });
  return pace;
}

it('steps come for five seconds after one, and before the first one none does', () => {
  expect(paced([]).isStepping(100)).toBe(false);
  const pace = paced([100_000, 100_010]);
  expect([pace.isStepping(105_000), pace.isStepping(105_010), pace.standsMs(105_010)]).toEqual([
    true,
    false,
    5000,
  ]);
});

it('slow steps come for five of their own times, which one that was waited for does not stretch', () => {
  const minutes = [60_000, 120_000, 180_000, 240_000, 300_000];
  expect([paced(minutes).isStepping(599_000), paced(minutes).isStepping(600_000)]).toEqual([true, false]);
  const waited = [1000, 2000, 3000, 3_600_000, 3_601_000, 3_602_000];
  expect([paced(waited).isStepping(3_606_000), paced(waited).isStepping(3_608_000)]).toEqual([true, false]);
});
