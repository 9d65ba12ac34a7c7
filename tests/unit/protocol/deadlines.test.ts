import { expect, it } from 'vitest';
import { Deadlines } from '../../../src/protocol/deadlines.js';

const OPTIONS = { factor: 5, floorMs: 100, ceilingMs: 10_000, firstMs: 60_000 };

it('a task is late after a multiple of the median that its shards took, within bounds', () => {
  const deadlines = new Deadlines(OPTIONS);
  expect(deadlines.lateAfterMs('discriminator', 2)).toBe(60_000);
  for (const ms of [80, 60, 4000]) deadlines.note('discriminator', 2, ms); // 40, 30 and 2000 a shard: median 40
  expect(deadlines.lateAfterMs('discriminator', 1)).toBe(200);
  expect(deadlines.lateAfterMs('discriminator', 3)).toBe(600);
  expect(deadlines.lateAfterMs('discriminator', 100)).toBe(10_000);
  expect(deadlines.lateAfterMs('generator', 1)).toBe(60_000);
  deadlines.note('generator', 1, 2);
  expect(deadlines.lateAfterMs('generator', 1)).toBe(100);
});

it('only the newest 64 times count', () => {
  const deadlines = new Deadlines(OPTIONS);
  for (let i = 0; i < 64; i++) deadlines.note('generator', 1, 1000);
  for (let i = 0; i < 64; i++) deadlines.note('generator', 1, 30);
  expect(deadlines.lateAfterMs('generator', 1)).toBe(150);
});
