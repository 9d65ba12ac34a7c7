// Goal: the distributed run computes what the page in src/reference-trainer.ts says. Method: train both for a few rounds on every
// network, with every loss and optimizer in some row, and compare the vectors.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoints/checkpoint-store.js';
import { loadTensorFlow } from '../../src/compiler/tensorflow.js';
import { loadConfig, validateConfig } from '../../src/config/load-config.js';
import { trainReference } from '../../src/reference-trainer.js';
import { openRun } from '../../src/run/open-run.js';
import { decodeState } from '../../src/run/run-state.js';
import { nash, scratch, syntheticCifar, syntheticMnist, trainWords, workersOnly } from '../support/nash.js';

const ROUNDS = 4;

/**
 * The two round differently: float32 along the tree against double precision one after another. As a share of what training
 * changed, measured at most 4e-6 in these rows; beside it float32's own rounding of each stored vector, once a round.
 */
const TOLERANCE = 1e-4;
const ROUNDING = ROUNDS * 2 ** -24;

/**
 * A small net on digits. Not 4 samples a shard, as little as other rows have: batch norm of 512 hidden units over them leaves gradients that
 * are nothing but rounding, of which Adam makes whole updates (measured: 8e-4 of the change).
 */
const DIGITS = { 'minibatch.size': 32, 'model.width': 4, 'model.hidden': '[16]' };

const ROWS: [name: string, config: string, sets: Record<string, string | number>][] = [
  ['mlp, non-saturating, Adam', 'ring', { 'minibatch.size': 32 }],
  [
    "mlp with batch norm, minimax, SGD with momentum, k by D's accuracy",
    'ring',
    {
      'minibatch.size': 32,
      'model.generator.normalization': 'batch',
      'loss.name': 'minimax',
      'schedule.discriminatorSteps': 'auto',
      'schedule.auto': '{accuracy: [0.9, 0.95], everySteps: 1}',
      'optimizer.discriminator': '{name: sgd, learningRate: 0.05, momentum: {from: 0.5, to: 0.7, steps: 3}}',
      'optimizer.generator':
        '{name: sgd, learningRate: 0.05, momentum: 0.5, schedule: {name: exponential, factor: 1.1}}',
    },
  ],
  [
    'mlp, relativistic: G sees real items too, k = 2 and two G steps a round, some weights stay',
    'ring',
    {
      'minibatch.size': 32,
      'loss.name': 'relativistic',
      'schedule.discriminatorSteps': 2,
      'schedule.generatorSteps': 2,
      'init.freeze': '[discriminator/dense1, generator/dense2/bias]',
    },
  ],
  [
    'maxout with dropout, non-saturating, SGD',
    'mnist-gan',
    {
      'minibatch.size': 20,
      model: '{name: maxout, generator: {hidden: [32, 32]}, discriminator: {units: [16, 16]}}',
      'optimizer.discriminator': '{name: sgd, learningRate: 0.1}',
      'optimizer.generator': '{name: sgd, learningRate: 0.1}',
    },
  ],
  ['dcgan 28x28, simultaneous', 'mnist-gan', { ...DIGITS, 'schedule.order': 'simultaneous' }],
  [
    'mlp conditional by projection, R1, k = 2, AdamW against optimistic Adam',
    'ring',
    {
      'minibatch.size': 32,
      'model.conditional': 'projection',
      'penalties.discriminator': '[{name: r1, weight: 0.1}]',
      'schedule.discriminatorSteps': 2,
      'optimizer.discriminator': '{name: adamw, learningRate: 1.0e-3, weightDecay: 1, warmup: 3}',
      'optimizer.generator': '{name: optimistic-adam, learningRate: 1.0e-3}',
    },
  ],
  [
    'dcgan 28x28 with an auxiliary classifier, relativistic, simultaneous',
    'mnist-gan',
    {
      ...DIGITS,
      'model.conditional': 'auxiliary',
      'loss.name': 'relativistic',
      'schedule.order': 'simultaneous',
    },
  ],
  [
    'dcgan 32x32, Wasserstein with clipping and a warm-up, RMSProp on clipped gradients, looking ahead, k = 2, simultaneous',
    'cifar10-dcgan',
    {
      'minibatch.size': 12,
      'minibatch.shards': 3,
      'model.width': 4,
      'loss.name': 'wasserstein',
      'schedule.order': 'simultaneous',
      'schedule.discriminatorSteps': 2,
      'schedule.criticWarmup': '{steps: 4, rounds: 1, every: 3}',
      'optimizer.discriminator': '{name: rmsprop, clipNorm: 0.1}',
      'optimizer.generator': '{name: rmsprop, clipNorm: 0.1, lookahead: {steps: 3}}',
    },
  ],
];

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

describe('a distributed run equals the reference trainer', () => {
  it.each(ROWS)('%s', async (name, file, sets) => {
    const folder = name.replace(/\W+/g, '-');
    const path = { ring: undefined, 'mnist-gan': syntheticMnist(), 'cifar10-dcgan': syntheticCifar() }[file];
    const all = { ...sets, ...(path ? { 'data.path': path } : {}), 'stop.generatorSteps': ROUNDS };
    const config = `configs/${file}.yaml`;
    const run = await nash(...trainWords(folder, config, all, workersOnly('discriminator=2,generator=1')));
    expect([run.exitCode, run.stderr]).toEqual([0, '']);
    const checkpoint = join(scratch(folder), 'checkpoints', `step-${ROUNDS}.safetensors`);
    expect(existsSync(checkpoint)).toBe(true);
    const { vectors } = await loadCheckpoint(checkpoint);

    const parsed = loadConfig(
      config,
      Object.entries(all).map(([key, value]) => `${key}=${value}`),
    );
    const { source } = await openRun(parsed);
    const start = trainReference(parsed, source, 0);
    const reference = trainReference(parsed, source, ROUNDS);
    for (const vector of ['discriminator', 'generator', 'average'] as const) {
      const { data } = vectors[vector]!;
      const { error, change, norm } = distances(data, reference[vector], start[vector]);
      expect(change).toBeGreaterThan(0);
      expect(error, vector).toBeLessThan(TOLERANCE * change + ROUNDING * norm);
    }
    source.close();
  });
});

it('a checkpoint of an older Nash goes on as if it had been trained by this one', async () => {
  const golden = 'tests/golden/checkpoint-2.safetensors';
  const steps = { 'stop.generatorSteps': 6 };
  const resumed = ['--resume', golden, '--other-machines', ...workersOnly('any=1')];
  const run = await nash(...trainWords('golden', 'tests/golden/checkpoint-2.yaml', steps, resumed));
  expect([run.exitCode, run.stderr]).toEqual([0, '']);
  const { vectors, metadata } = await loadCheckpoint(
    join(scratch('golden'), 'checkpoints/step-6.safetensors'),
  );
  const begun = loadConfig('tests/golden/checkpoint-2.yaml');
  const config = validateConfig(decodeState(metadata).config, 'the checkpoint');
  expect([begun, config].map(({ optimizer }) => optimizer.discriminator.learningRate)).toEqual([0.02, 0.01]);
  const { source } = await openRun(begun);
  const [start, reference] = [0, 6].map((rounds) =>
    trainReference(begun, source, rounds, { round: 2, config }),
  );
  for (const vector of ['discriminator', 'generator', 'average'] as const) {
    const { error, change, norm } = distances(vectors[vector]!.data, reference![vector], start![vector]);
    expect(error, vector).toBeLessThan(TOLERANCE * change + ROUNDING * norm);
  }
  source.close();
});

/** Euclidean: |a - b|, |b - start| and |b|. */
function distances(a: Float32Array, b: Float32Array, start: Float32Array) {
  expect(a.length).toBe(b.length);
  const sums = { error: 0, change: 0, norm: 0 };
  for (let i = 0; i < a.length; i++) {
    sums.error += (a[i]! - b[i]!) ** 2;
    sums.change += (b[i]! - start[i]!) ** 2;
    sums.norm += b[i]! ** 2;
  }
  return { error: Math.sqrt(sums.error), change: Math.sqrt(sums.change), norm: Math.sqrt(sums.norm) };
}
