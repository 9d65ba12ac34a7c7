import { expect, it } from 'vitest';
import { Deadlines } from '../../../src/protocol/deadlines.js';

const OPTIONS = { factor: 5, floorMs: 100, ceilingMs: 10_000, firstMs: 60_000 };

it("a task is late after a multiple of the fastest worker's median, within bounds", () => {
  const deadlines = new Deadlines(OPTIONS);
  expect(deadlines.lateAfterMs('discriminator', 2)).toBe(60_000);
  for (const ms of [80, 60, 4000]) deadlines.note('fast', 'discriminator', { shards: 2, ms }); // 40, 30 and 2000 a shard
  for (const worker of ['b', 'c', 'd']) deadlines.note(worker, 'discriminator', { shards: 1, ms: 900 });
  expect(deadlines.lateAfterMs('discriminator', 1)).toBe(200);
  expect(deadlines.lateAfterMs('discriminator', 3)).toBe(600);
  expect(deadlines.lateAfterMs('discriminator', 100)).toBe(10_000);
  expect(deadlines.lateAfterMs('generator', 1)).toBe(60_000);
  deadlines.note('fast', 'generator', { shards: 1, ms: 2 });
  expect(deadlines.lateAfterMs('generator', 1)).toBe(100);
});

it('among more than four workers the low quartile of their medians counts, so that one that answers at once hurries nobody', () => {
  const deadlines = new Deadlines(OPTIONS);
  deadlines.note('at once', 'generator', { shards: 1, ms: 0 });
  for (const [i, ms] of [300, 400, 500, 600].entries())
    deadlines.note(`w${i}`, 'generator', { shards: 1, ms });
  expect(deadlines.lateAfterMs('generator', 1)).toBe(1500);
});

it('one that answers just in time, each time a little later, moves no deadline but where it is alone', () => {
  for (const [others, expected] of [
    [1, 200],
    [0, 10_000],
  ] as const) {
    const deadlines = new Deadlines(OPTIONS);
    for (let i = 0; i < 20; i++) {
      if (others > 0) deadlines.note('honest', 'generator', { shards: 1, ms: 40 });
      const ms = 0.95 * deadlines.lateAfterMs('generator', 1);
      for (let often = 0; often < 10; often++) deadlines.note('just in time', 'generator', { shards: 1, ms });
    }
    expect(deadlines.lateAfterMs('generator', 1)).toBe(expected);
  }
});

it('only the newest 16 times of a worker count', () => {
  const deadlines = new Deadlines(OPTIONS);
  for (const ms of [1000, 30])
    for (let i = 0; i < 16; i++) deadlines.note('w', 'generator', { shards: 1, ms });
  expect(deadlines.lateAfterMs('generator', 1)).toBe(150);
});

it('a worker that leaves takes its times along, unless nobody else is known', () => {
  const deadlines = new Deadlines(OPTIONS);
  deadlines.note('fast', 'generator', { shards: 1, ms: 40 });
  deadlines.note('slow', 'generator', { shards: 1, ms: 400 });
  deadlines.forget('fast');
  expect(deadlines.lateAfterMs('generator', 1)).toBe(2000);
  deadlines.forget('slow');
  expect(deadlines.lateAfterMs('generator', 1)).toBe(2000);
});
