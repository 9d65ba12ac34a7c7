// Goal: `nash reproduce` trains its seeds, goes on where it was interrupted, trains none twice, and gives mean and error beside published rows.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nash, scratch, start, until } from '../support/nash.js';

const words = (seeds: number) => [
  ...[
    'reproduce',
    'ring',
    '--seeds',
    String(seeds),
    '--run-dir',
    scratch('ring'),
    '--json',
    '--workers',
    'any=1',
  ],
  ...['minibatch.size=16', 'stop.generatorSteps=400', 'evaluation.everySteps=200'].flatMap((set) => [
    '--set',
    set,
  ]),
];
const resultFile = (seed: number) => join(scratch('ring'), `seed-${seed}`, 'result.json');
const resultOf = (seed: number) => JSON.parse(readFileSync(resultFile(seed), 'utf8'));

it('seeds are trained one after another; an interrupted experiment goes on', async () => {
  const first = start(words(2));
  await until(
    'the second seed steps',
    () => existsSync(join(scratch('ring'), 'seed-2', 'server.json')) || undefined,
  );
  process.kill(first.pid, 'SIGINT');
  expect((await first.finished).exitCode).toBe(75);
  const doneAt = statSync(resultFile(1)).mtimeMs;
  const { exitCode, stdout } = await nash(...words(2));
  expect([exitCode, statSync(resultFile(1)).mtimeMs]).toEqual([0, doneAt]);
  const lines = stdout.trimEnd().split('\n');
  const outcome = JSON.parse(lines.at(-1)!);
  const modes = [1, 2].map((seed) => resultOf(seed).metrics.gan_modes_captured);
  expect([outcome.name, outcome.seeds, outcome.ours.modes_captured]).toEqual([
    'ring',
    2,
    { mean: (modes[0] + modes[1]) / 2, standardError: Math.abs(modes[0] - modes[1]) / 2 },
  ]);
  expect([1, 2].map((seed) => resultOf(seed).status)).toEqual(['done', 'done']);
  expect(resultOf(1).weights).not.toEqual(resultOf(2).weights);
  expect(lines.some((line) => /^PacGAN2 +7\.9 ± 0\.1 +95\.6 +0\.07 +Lin et al\. 2018/.test(line))).toBe(true);
});
