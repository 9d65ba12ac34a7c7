// Goal: what a person is shown of a run is so. Method: one run whose D is a critic, on numbers of one dimension, with all its processes.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { nash, resultOf, scratch, start, trainWords, until } from '../support/nash.js';

const STEPS = 40;
const RUN = 'critic';

it('a critic has neither accuracy nor V, anywhere, but its means; real items are drawn beside the samples', async () => {
  const words = trainWords(
    RUN,
    'configs/ring.yaml',
    {
      'loss.name': 'wasserstein',
      'data.source': 'gaussian-1d',
      'evaluation.everySteps': STEPS,
      'stop.generatorSteps': STEPS,
    },
    ['--workers', 'any=1'],
  );
  const { exitCode, stdout, stderr } = await nash(...words);
  expect([exitCode, stderr]).toEqual([0, '']);
  const file = (name: string) => join(scratch(RUN), name);
  const { metrics } = resultOf(RUN);
  const mean = (source: string) => metrics[`gan_critic_mean{source="${source}"}`]!;
  expect(metrics.gan_critic_difference).toBeCloseTo(mean('real') - mean('fake'), 5);
  expect(metrics['gan_loss{net="discriminator"}']).toBeCloseTo(-metrics.gan_critic_difference!, 5);
  const lines = readFileSync(file('metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { criticReal, criticFake, criticDifference } = lines.filter(({ kind }) => kind === 'step').at(-1);
  expect(criticDifference).toBeCloseTo(criticReal - criticFake, 5); // means over an interval
  const said = [stdout, JSON.stringify(metrics), JSON.stringify(lines)].join();
  expect(stdout).toMatch(/critic real -?\d\.\d{3} fake -?\d\.\d{3} apart -?\d\.\d{3}/);
  expect(said).not.toMatch(/accuracy|value_?function|right on real/i);
  for (const name of ['real.png', 'points-latest.png', 'collapse.png'])
    expect(existsSync(file(`figures/${name}`)), name).toBe(true);
});

it('D is measured beside the best one for its G: the evaluator says what `nash evaluate` says of the checkpoint', async () => {
  const measures = '[optimal-discriminator]';
  const sets = {
    'data.source': 'gaussian-1d',
    'evaluation.everySteps': 10,
    'evaluation.measures': measures,
    'evaluation.samples': 200,
    'checkpoint.keepBest': 'optimal_discriminator_distance_ratio', // training stands while D is looked at
    'stop.generatorSteps': 20,
  };
  const words = trainWords('toy', 'configs/ring.yaml', sets, ['--workers', 'any=1']);
  expect((await nash(...words)).exitCode).toBe(0);
  const { metrics } = resultOf('toy');
  const evaluate = [
    'evaluate',
    scratch('toy'),
    '--measures',
    'optimal-discriminator',
    '--seed',
    '1',
    '--json',
  ];
  const { stdout } = await nash(...evaluate);
  const said = JSON.parse(stdout.trim().split('\n').at(-1)!).measures;
  expect(Object.keys(said)).toHaveLength(4);
  for (const [name, value] of Object.entries(said))
    expect([name, metrics[`gan_${name}`]]).toEqual([name, value]);
});

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

it('one picture is data: the run ends with 0, and the measures that it cannot give are left out by name, once', async () => {
  const folder = scratch('one-picture');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.png'), PNG.sync.write(new PNG({ width: 8, height: 8, fill: true })));
  const words = trainWords(
    'alone',
    'configs/ring.yaml',
    {
      'data.source': 'images',
      'data.path': folder,
      'data.size': 8,
      'evaluation.everySteps': 10,
      'stop.generatorSteps': 20,
      'minibatch.size': 16,
    },
    ['--workers', 'any=1'],
  );
  const { exitCode, stderr } = await nash(...words);
  expect([exitCode, stderr]).toEqual([0, '']);
  const log = linesOf(join(scratch('alone'), 'logs', 'evaluator.ndjson'));
  const left = log.filter(({ msg }) => msg === 'measures left out');
  expect(left).toHaveLength(1);
  expect(left[0]!.measures).toMatchObject({ gan_sample_diversity_ratio: 'there is one real image' });
  const evaluated = linesOf(join(scratch('alone'), 'metrics.jsonl')).filter(
    ({ kind }) => kind === 'evaluation',
  );
  expect(evaluated.map(({ step }) => step)).toContain(20);
  expect(JSON.stringify(evaluated)).not.toMatch(/null|gan_sample_diversity_ratio/);
  expect(resultOf('alone').restarts).toBe(0);
});

it('an evaluator that dies whenever it draws is given up, with its reason, and the run ends with its weights at once', async () => {
  const run = scratch('doomed');
  const sets = { 'evaluation.everySteps': 10, 'stop.generatorSteps': 20 };
  const words = trainWords('doomed', 'configs/ring.yaml', sets, ['--workers', 'any=1']);
  const { finished } = start(words);
  await until('the run folder', () => existsSync(join(run, 'config.yaml')) || undefined);
  mkdirSync(join(run, 'figures', 'points-latest.png'), { recursive: true }); // where the evaluator will write a file
  const { exitCode, stdout, stderr } = await finished;
  expect([exitCode, stderr]).toEqual([0, '']);
  const said = stdout.split('\n').filter((line) => line.startsWith('evaluator: '));
  expect(said).toEqual([
    expect.stringMatching(
      /^evaluator: it died 5 times in a row without an evaluation and is given up: Error: EISDIR.*points-latest.png/,
    ),
  ]);
  expect(resultOf('doomed')).toMatchObject({ status: 'done', restarts: 4, steps: { generator: 20 } });
});
