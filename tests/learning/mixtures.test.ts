// Goal: training learns, and with any sign turned it does not. Method: whole short trainings in this process, of the worker's gradients and
// the server's store, several seeds each; judged by the modes that 2,000 samples of the averaged G capture, the share of them within three
// deviations of a mode, and D's mean accuracy over the last 200 rounds. Thresholds lie between what six seeds gave and what wrong signs gave:
//
//   measured                              modes    high quality    KL, nats      D's accuracy
//   ring, non-saturating, 6 seeds         8 of 8   0.54 to 0.75    0.01 to 0.09  0.58 to 0.67
//   ring, minimax, 6 seeds                8 of 8   0.56 to 0.75    0.00 to 0.10  0.59 to 0.71
//   ring, a net's gradient negated        0 to 2   0.000 to 0.004  1.1 to 2.1    0.19 to 1.00
//   two modes, batch norm, simultaneous   2 of 2   0.90 to 0.93    0.00 to 0.01  0.65 to 0.68
//   two modes, Wasserstein, clip 0.3      2 of 2   0.92 to 0.96    0.00          (a critic has none)
//   the same, G's gradient negated        0 of 2   0.000           0.69
import { beforeAll, describe, expect, it } from 'vitest';
import { mixtureSource } from '../../src/data/mixture.js';
import { dataOptions } from '../../src/data/options.js';
import { modeReport } from '../../src/evaluation/measures/nearest-modes.js';
import type { Net } from '../../src/parameters/manifest.js';
import { trainLocally } from '../support/local-run.js';
import { useTensorFlow } from '../support/steps.js';

const SAMPLES = 2000;
const LAST_ROUNDS = 200;

const both = (optimizer: object) => ({ discriminator: optimizer, generator: optimizer });
const falling = (steps: number) => ({ schedule: { name: 'linear', steps } });
const mlp = (generator: object = {}) => ({
  name: 'mlp',
  latent: 2,
  generator: { hidden: [64, 64], ...generator },
  discriminator: { hidden: [64, 64] },
});

const RING = {
  data: { source: 'ring', deviation: 0.02 },
  model: mlp(),
  optimizer: both({ name: 'adam', learningRate: 2e-3, beta1: 0.5, ...falling(2000) }),
  minibatch: { size: 128, shards: 1 },
  averaging: { decay: 0.99 },
};
const TWO_MODES = {
  data: { source: 'ring', modes: 2, deviation: 0.05 },
  model: mlp({ normalization: 'batch' }),
  optimizer: both({ name: 'adam', learningRate: 2e-3, beta1: 0.5, ...falling(1000) }),
  schedule: { order: 'simultaneous' },
  minibatch: { size: 64, shards: 2 },
  averaging: { decay: 0.99 },
};
const CRITIC = {
  ...TWO_MODES,
  model: mlp(),
  loss: { name: 'wasserstein', clip: 0.3 },
  optimizer: both({ name: 'rmsprop', learningRate: 1e-3, ...falling(2000) }),
  schedule: { order: 'alternating' },
  minibatch: { size: 64, shards: 1 },
};

beforeAll(useTensorFlow);

/** @param losing the net whose gradients are negated */
async function learn(
  config: { data: object } & Record<string, object>,
  rounds: number,
  seed: number,
  losing?: Net,
) {
  const source = mixtureSource(dataOptions.parse(config.data) as Parameters<typeof mixtureSource>[0]);
  const accuracies: number[] = [];
  const run = await trainLocally(
    { ...config, seed },
    {
      source,
      rounds,
      spoil: (net, payload) => {
        if (net === losing) payload.set(payload.map((value) => -value));
      },
      seen: (net, step, statistics) => {
        if (net === 'discriminator' && step >= rounds - LAST_ROUNDS)
          accuracies.push((statistics[1]! + statistics[2]!) / 2);
      },
    },
  );
  const accuracy = accuracies.reduce((sum, a) => sum + a, 0) / accuracies.length;
  return { ...modeReport(run.samples(SAMPLES), source), accuracy };
}

describe.each(['non-saturating', 'minimax'])('under the %s loss', (name) => {
  it.each([1, 2, 3])(
    'G learns all eight modes of the ring, and D stays better than chance (seed %i)',
    async (seed) => {
      const found = await learn({ ...RING, loss: { name } }, 2000, seed);
      expect(found.captured).toBe(8);
      expect(found.highQualityRatio).toBeGreaterThan(0.35);
      expect(found.klDivergence).toBeLessThan(0.25);
      expect(found.accuracy).toBeGreaterThan(0.53);
    },
  );
});

it.each(['discriminator', 'generator'] as const)(
  'nothing is learned where the %s is told to lose',
  async (losing) => {
    const found = await learn(RING, 2000, 1, losing);
    expect(found.captured).toBeLessThan(4);
    expect(found.highQualityRatio).toBeLessThan(0.05);
  },
);

it.each([1, 2])('G with batch norm learns two modes, both nets at once (seed %i)', async (seed) => {
  const found = await learn(TWO_MODES, 1000, seed);
  expect(found.captured).toBe(2);
  expect(found.highQualityRatio).toBeGreaterThan(0.75);
  expect(found.klDivergence).toBeLessThan(0.05);
  expect(found.accuracy).toBeGreaterThan(0.55);
});

it.each([1, 2])('a clipped critic teaches two modes (seed %i)', async (seed) => {
  const found = await learn(CRITIC, 2000, seed);
  expect(found.captured).toBe(2);
  expect(found.highQualityRatio).toBeGreaterThan(0.75);
});
