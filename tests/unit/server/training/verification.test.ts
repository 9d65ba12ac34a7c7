import { expect, it } from 'vitest';
import { runConfig } from '../../../../src/config/run-config.js';
import { verifiedShare } from '../../../../src/server/training/verification.js';

const NODES = [0, 1, 2, 3].map((index) => ({ level: 0, index }));
const STEPS = 1000;

function verified(fraction: number, seed = 1): boolean[][] {
  const config = { data: { source: 'ring' }, model: { name: 'mlp' }, seed, verify: { fraction } };
  const isVerified = verifiedShare(runConfig.parse(config));
  return Array.from({ length: STEPS }, (_, step) => NODES.map((node) => isVerified('generator', step, node)));
}

it('the configured share of tasks is verified, each drawn by itself, the same ones on every run', () => {
  const tasks = verified(0.25);
  const share = tasks.flat().filter(Boolean).length / tasks.flat().length;
  expect(Math.abs(share - 0.25)).toBeLessThan(0.028); // 4 standard errors of sqrt(0.25 * 0.75 / 4000)
  // of four tasks drawn apart, some but not all are verified in 1 - 0.75^4 - 0.25^4 = 68 % of the steps
  const mixed = tasks.filter((row) => row.some(Boolean) && !row.every(Boolean)).length / STEPS;
  expect(Math.abs(mixed - 0.68)).toBeLessThan(0.06);
  expect(verified(0.25)).toEqual(tasks);
  expect(verified(0.25, 2)).not.toEqual(tasks);
});

it('none is at 0, all are at 1', () => {
  expect(verified(0).flat().some(Boolean)).toBe(false);
  expect(verified(1).flat().every(Boolean)).toBe(true);
});
