// Goal: `nash reproduce` trains its seeds, one after another or side by side, goes on where it was interrupted, trains none twice, and gives
// mean and error beside published rows.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nash, scratch, start, until } from '../support/nash.js';

const words = (folder: string, atOnce: number) => [
  ...['reproduce', 'ring', '--seeds', '2', '--at-once', String(atOnce), '--workers', 'any=1'],
  ...['--run-dir', scratch(folder), '--json'],
  ...['minibatch.size=16', 'stop.generatorSteps=400', 'evaluation.everySteps=200'].flatMap((set) => [
    '--set',
    set,
  ]),
];
const fileOf = (folder: string, seed: number, name: string) => join(scratch(folder), `seed-${seed}`, name);
const resultOf = (folder: string, seed: number) =>
  JSON.parse(readFileSync(fileOf(folder, seed, 'result.json'), 'utf8'));
const begun = (folder: string, seed: number) => () =>
  existsSync(fileOf(folder, seed, 'server.json')) || undefined;

it('seeds are trained one after another; an interrupted experiment goes on', async () => {
  const first = start(words('turns', 1));
  await until('the second seed steps', begun('turns', 2));
  process.kill(first.pid, 'SIGINT');
  expect((await first.finished).exitCode).toBe(75);
  const doneAt = statSync(fileOf('turns', 1, 'result.json')).mtimeMs;
  const { exitCode, stdout } = await nash(...words('turns', 1));
  expect([exitCode, statSync(fileOf('turns', 1, 'result.json')).mtimeMs]).toEqual([0, doneAt]);
  const lines = stdout.trimEnd().split('\n');
  const outcome = JSON.parse(lines.at(-1)!);
  const modes = [1, 2].map((seed) => resultOf('turns', seed).metrics.gan_modes_captured);
  expect([outcome.name, outcome.seeds, outcome.ours.modes_captured]).toEqual([
    'ring',
    2,
    { mean: (modes[0] + modes[1]) / 2, standardError: Math.abs(modes[0] - modes[1]) / 2 },
  ]);
  expect([1, 2].map((seed) => resultOf('turns', seed).status)).toEqual(['done', 'done']);
  expect(resultOf('turns', 1).weights).not.toEqual(resultOf('turns', 2).weights);
  expect(lines.some((line) => /^PacGAN2 +7\.9 ± 0\.1 +95\.6 +0\.07 +Lin et al\. 2018/.test(line))).toBe(true);
});

it('seeds side by side come to the same, and are interrupted together', async () => {
  const first = start(words('beside', 2));
  for (const seed of [1, 2]) await until(`seed ${seed} steps`, begun('beside', seed));
  process.kill(first.pid, 'SIGINT');
  expect((await first.finished).exitCode).toBe(75);
  for (const seed of [1, 2]) expect(resultOf('beside', seed).status).toBe('stopped');
  const { exitCode, stdout } = await nash(...words('beside', 2));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/minutes of training, 2 seeds at once, \d+\.\d by the clock/);
  for (const seed of [1, 2])
    expect(resultOf('beside', seed).weights).toEqual(resultOf('turns', seed).weights);
});

it("seeds count from the config's; one that cannot be trained is told of once those beside it are done", async () => {
  mkdirSync(scratch('broken'));
  writeFileSync(join(scratch('broken'), 'seed-4'), 'no folder');
  const { exitCode, stderr } = await nash(...words('broken', 2), '--set', 'seed=4');
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/nash train ended with 2: .*seed-4/)]);
  expect(resultOf('broken', 5).status).toBe('done');
});
