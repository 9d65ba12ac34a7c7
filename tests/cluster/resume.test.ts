// Goal: a run that goes on is what its config and its amendments say, and takes nothing away. Real runs, one of 40 steps copied for each
// case; the oracles are a run that was not interrupted, and the reference trainer.
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoints/checkpoint-store.js';
import { loadTensorFlow } from '../../src/compiler/tensorflow.js';
import { loadConfig } from '../../src/config/load-config.js';
import { trainReference } from '../../src/reference-trainer.js';
import { openRun } from '../../src/run/open-run.js';
import { decodeState } from '../../src/run/run-state.js';
import {
  isAlive,
  nash,
  resultOf,
  scratch,
  start,
  statusWhen,
  syntheticMnist,
  trainWords,
  workersOnly,
} from '../support/nash.js';

const RING = 'configs/ring.yaml';
const SETS = {
  'minibatch.size': 16,
  'minibatch.shards': 2,
  'evaluation.everySteps': 10,
  'checkpoint.everySteps': 10,
  'checkpoint.keep': 10,
};
const ONE = workersOnly('any=1');
const fresh = (name: string, sets: Record<string, string | number>, ...rest: string[]) =>
  nash(...trainWords(name, RING, { ...SETS, ...sets }, [...ONE, ...rest]));
/** Goes on with a run, and repeats none of its settings. */
const resumeWords = (name: string, sets: Record<string, string | number>, ...rest: string[]) => [
  'train',
  '--resume',
  scratch(name),
  ...Object.entries(sets).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
  ...rest,
];
const resume = (name: string, sets: Record<string, string | number>, ...rest: string[]) =>
  nash(...resumeWords(name, sets, ...ONE, ...rest));
const copyOf = (name: string, from = 'base') => {
  cpSync(scratch(from), scratch(name), { recursive: true });
  return name;
};
const GOAL = 'stop.generatorSteps';
const checkpoints = (name: string) =>
  readdirSync(join(scratch(name), 'checkpoints')).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
const steps = (...all: number[]) => all.map((step) => `step-${step}.safetensors`);
const linesOf = (name: string) =>
  readFileSync(join(scratch(name), 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const isDone = { exitCode: 0, stderr: '' };

beforeAll(async () => {
  expect(await fresh('base', { [GOAL]: 40 })).toMatchObject(isDone);
  expect(await fresh('longer', { [GOAL]: 60, 'evaluation.everySteps': 50 })).toMatchObject(isDone);
});

describe('a run that is done', () => {
  it('goes on to more steps, with its own settings and the bits of one that was asked for as many at once', async () => {
    const name = copyOf('more');
    const before = resultOf(name);
    expect(await resume(name, { [GOAL]: 60 })).toMatchObject(isDone);
    const after = resultOf(name);
    expect(after.weights).toEqual(resultOf('longer').weights);
    expect(checkpoints(name)).toEqual(steps(10, 20, 30, 40, 50, 60));
    expect([after.began, after.seconds > before.seconds]).toEqual([before.began, true]);
    expect(Date.parse(after.ended!)).toBeGreaterThan(Date.parse(before.ended!));
    expect(after.imagesPerSecond * after.seconds).toBeCloseTo(60 * 16, 6);
    expect(linesOf(name).filter(({ kind }) => kind === 'resumed')).toMatchObject([{ step: 40 }]);
  });

  it('is left as it is where it has all steps that are asked for', async () => {
    const before = readFileSync(join(scratch('base'), 'result.json'), 'utf8');
    const { exitCode, stdout } = await resume('base', {});
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/is done.*--set stop.generatorSteps=N lets it go on/),
    ]);
    expect(readFileSync(join(scratch('base'), 'result.json'), 'utf8')).toBe(before);
  });

  it('has lines of means over the steps since the line before, and of how many', () => {
    const rows = (name: string) => linesOf(name).filter(({ kind }) => kind === 'step');
    const [each, fives] = [rows('base'), rows('longer')];
    expect(each).toHaveLength(40);
    expect(fives[1]).toMatchObject({ steps: { generator: 10 }, over: { discriminator: 5, generator: 5 } });
    for (const key of [
      'lossDiscriminator',
      'lossGenerator',
      'accuracyReal',
      'valueFunction',
      'gradientNormGenerator',
    ]) {
      const mean = each.slice(5, 10).reduce((sum, row) => sum + (row[key] as number), 0) / 5;
      expect(fives[1]![key]).toBeCloseTo(mean, 9);
    }
  });
});

describe('an amendment', () => {
  const AMENDS = [
    'schedule.discriminatorSteps=2',
    'optimizer.generator.learningRate=3e-4',
    'loss.name=minimax',
  ];
  const amends = AMENDS.flatMap((amend) => ['--amend', amend]);

  it('has the same bits with other workers, and through a death of the server', async () => {
    for (const name of ['amended', 'disturbed']) copyOf(name);
    expect(await resume('amended', { [GOAL]: 400 }, ...amends)).toMatchObject(isDone);
    const run = start(resumeWords('disturbed', { [GOAL]: 400 }, ...workersOnly('any=2'), ...amends));
    await statusWhen('disturbed', 'steps after the amendment', ({ step }) => step.generator > 60);
    const { pid } = JSON.parse(readFileSync(join(scratch('disturbed'), 'server.json'), 'utf8')) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    expect(await run.finished).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('the server died (137)'),
    });
    expect(resultOf('disturbed').weights).toEqual(resultOf('amended').weights);
    expect(resultOf('amended').steps).toEqual({ discriminator: 40 + 2 * 360, generator: 400 });
    expect(linesOf('amended').find(({ kind }) => kind === 'resumed')).toMatchObject({
      step: 40,
      changes: expect.arrayContaining([{ key: 'schedule.discriminatorSteps', was: 1, now: 2 }]),
    });
    const { metadata } = await loadCheckpoint(join(scratch('disturbed'), 'checkpoints/step-400.safetensors'));
    expect(decodeState(metadata).amendments).toMatchObject([{ step: 40 }]);
    const config = readFileSync(join(scratch('disturbed'), 'config.yaml'), 'utf8');
    expect(config).toMatch(/^# from step 40 of G on: .*schedule.discriminatorSteps: 1 -> 2/m);
    expect(config).toMatch(/^ {2}discriminatorSteps: 1$/m);
  });

  it('computes what the reference trainer does with it', async () => {
    expect(await fresh('short', { [GOAL]: 3 })).toMatchObject(isDone);
    expect(await resume('short', { [GOAL]: 6 }, ...amends)).toMatchObject(isDone);
    const sets = Object.entries({ ...SETS, [GOAL]: 6 }).map(([key, value]) => `${key}=${value}`);
    const [begun, now] = [[], [...AMENDS, 'schedule.since={discriminator: 3, generator: 3}']].map((more) =>
      loadConfig(RING, [...sets, ...more]),
    );
    loadTensorFlow({ kind: 'cpu', threads: 1 });
    const { source } = await openRun(begun!);
    const expected = trainReference(begun!, source, 6, { round: 3, config: now! });
    const unamended = trainReference(begun!, source, 6);
    source.close();
    const { vectors } = await loadCheckpoint(join(scratch('short'), 'checkpoints/step-6.safetensors'));
    for (const name of ['discriminator', 'generator', 'average'] as const) {
      const distance = (to: Float32Array) =>
        Math.max(...to.map((value, i) => Math.abs(value - vectors[name]!.data[i]!)));
      expect(distance(expected[name])).toBeLessThan(1e-5);
      expect(distance(unamended[name])).toBeGreaterThan(1e-4);
    }
  });
});

describe('what --resume names', () => {
  it('may be a step: those after it are set aside, and nothing is lost', async () => {
    const name = copyOf('named');
    const { exitCode, stdout } = await nash(
      ...trainWords(name, RING, { [GOAL]: 60 }, [...ONE, '--resume', '20']),
    );
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/later steps \(40, 30\).*are called aside-2-/),
    ]);
    expect(resultOf(name).weights).toEqual(resultOf('longer').weights);
    expect(checkpoints(name)).toEqual([
      'aside-2-step-30.safetensors',
      'aside-2-step-40.safetensors',
      ...steps(10, 20, 30, 40, 50, 60),
    ]);
  });

  it('may be a file, which goes on in a folder of its own', async () => {
    const file = join(scratch('base'), 'checkpoints/step-30.safetensors');
    const words = trainWords('apart', RING, { [GOAL]: 60 }, [...ONE, '--resume', file]);
    expect(await nash(...words)).toMatchObject(isDone);
    expect(resultOf('apart').weights).toEqual(resultOf('longer').weights);
    expect(checkpoints('apart')).toEqual(steps(30, 40, 50, 60));
    expect(checkpoints('base')).toEqual(steps(10, 20, 30, 40));
  });

  it.each([
    ['a step that has none', ['--resume', '15'], /no checkpoint of that step; it has steps 10, 20, 30, 40/],
    [
      'nothing',
      ['--resume', 'nothing'],
      /'nothing': there is no such file or folder. Expected latest, a step/,
    ],
    ['a config', [`--resume=${RING}`], /no checkpoint.*a config goes before --resume/],
    ['a folder without a run', ['--resume', 'configs'], /that folder holds no run/],
    [
      'an amendment of what cannot be',
      ['--resume', '--amend', 'seed=2', '--set', `${GOAL}=50`],
      /--amend cannot change this on the way: seed was 1, now 2/,
    ],
    [
      'another run',
      ['--resume', '--set', 'seed=2', '--set', `${GOAL}=50`],
      /other settings: seed was 1, now 2.*--resume --amend/,
    ],
    [
      'an amendment of nothing that goes on',
      ['--force', '--amend', 'seed=2'],
      /--amend changes a run that goes on: give --resume/,
    ],
  ])('is refused with 2 where it is %s', async (_, rest, message) => {
    const before = checkpoints('base');
    const { exitCode, stderr } = await nash('train', RING, '--run-dir', scratch('base'), ...rest);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(checkpoints('base')).toEqual(before);
  });

  it('is refused with 2 where it is a checkpoint of another run', async () => {
    const file = join(scratch('short'), 'checkpoints/step-3.safetensors');
    const words = trainWords(copyOf('other'), RING, { seed: 5 }, ['--force', ...ONE]);
    expect(await nash(...words, '--set', `${GOAL}=2`)).toMatchObject(isDone);
    const { exitCode, stderr } = await nash(...trainWords('other', RING, SETS, [...ONE, '--resume', file]));
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/other holds another run than .*step-3/)]);
  });
});

it('other data are refused with 2, whatever the path says, and the same ones elsewhere are not', async () => {
  const words = (path: string, goal: number, ...rest: string[]) =>
    trainWords(
      'data',
      'configs/mnist-gan.yaml',
      { 'data.path': path, 'model.width': 4, 'minibatch.size': 8, [GOAL]: goal },
      [...ONE, ...rest],
    );
  const here = syntheticMnist(64);
  const elsewhere = scratch('moved-mnist');
  cpSync(here, elsewhere, { recursive: true });
  expect(await nash(...words(here, 2))).toMatchObject(isDone);
  const other = await nash(...words(syntheticMnist(65), 4, '--resume'));
  expect([other.exitCode, other.stderr]).toEqual([
    2,
    expect.stringMatching(/the data in .*mnist-65 are others than the run was begun with: their digest was/),
  ]);
  expect(await nash(...words(elsewhere, 4, '--resume'))).toMatchObject(isDone);
});

it('what was taken at a stop and at an end stays, whatever `keep` says, and both say where the run goes on', async () => {
  const name = copyOf('kept');
  const run = start(resumeWords(name, { [GOAL]: 1_000_000, 'checkpoint.keep': 1 }, ...ONE));
  await statusWhen(name, 'some steps', ({ step }) => step.generator > 60);
  const stop = await nash('stop', scratch(name));
  expect(await run.finished).toMatchObject({ exitCode: 75 });
  const { savedStep, steps: reached } = resultOf(name);
  expect(stop.stdout).toContain(`stopped at step ${savedStep} of G, which is saved`);
  expect(savedStep).toBe(reached.generator);
  const goal = Math.ceil((savedStep! + 20) / 10) * 10;
  expect(await resume(name, { [GOAL]: goal })).toMatchObject(isDone);
  expect(existsSync(join(scratch(name), 'server.json')) || isAlive(run.pid)).toBe(false);
  expect(checkpoints(name)).toEqual(steps(...new Set([40, savedStep!, goal]))); // of the rule one, which is the end's
});

it('npm start replaces a run that it has made, and none that somebody else made or went on with', async () => {
  const quick = (name: string) => fresh(name, { [GOAL]: 3 }, '--quick-start');
  const refused = { exitCode: 2, stderr: expect.stringMatching(/holds a run that npm start has not made/) };
  expect(await quick('base')).toMatchObject(refused);
  for (const _ of ['first', 'again']) expect(await quick('quick')).toMatchObject(isDone);
  expect(await resume('quick', { [GOAL]: 4 })).toMatchObject(isDone);
  expect(await quick('quick')).toMatchObject(refused);
  expect(resultOf('quick').steps.generator).toBe(4);
});
