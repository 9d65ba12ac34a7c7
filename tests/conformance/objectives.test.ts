// Goal: whatever loss and penalty are chosen, for whichever network, a distributed run is what the page in src/reference-trainer.ts says,
// whoever computes it. Method: one table of every loss with every penalty that fits, on a fully connected and a convolutional network, and one from picture to picture, for
// 20 steps by the worker's and the server's own parts: finite, near the reference, and the same bits for 1 and for 2 workers a pool. That
// processes and kills change nothing is seen for some rows in tests/cluster/same-bits.test.ts.
import { beforeAll, describe, expect, it } from 'vitest';
import { runConfig } from '../../src/config/run-config.js';
import type { DataSource, DatasetSource } from '../../src/data/data-source.js';
import { mixtureSource } from '../../src/data/mixture.js';
import { dataOptions } from '../../src/data/options.js';
import { paired } from '../../src/data/pairs.js';
import { lossOptions } from '../../src/losses/losses.js';
import { penaltyOptions } from '../../src/penalties/penalties.js';
import { trainReference } from '../../src/reference-trainer.js';
import { computerOf, trainLocally } from '../support/local-run.js';
import { pattern } from '../support/pattern.js';
import { useTensorFlow } from '../support/steps.js';

beforeAll(useTensorFlow);

/** Every loss that a config may name, but one of one's own. */
const LOSSES = lossOptions.options.map(({ shape }) => shape.name.value).filter((name) => name !== 'module');

/** Each by itself, some lazily and in company; `[]` is the loss alone. */
const PENALTIES: [name: string, discriminator: object[], generator: object[]][] = [
  ['none', [], []],
  ['R1', [{ name: 'r1', weight: 1 }], []],
  ['R2, lazily', [{ name: 'r2', weight: 0.5, everySteps: 3 }], []],
  [
    'R1 and R2',
    [
      { name: 'r1', weight: 0.5 },
      { name: 'r2', weight: 0.5 },
    ],
    [],
  ],
  ['gradient penalty', [{ name: 'gradient-penalty', weight: 1 }], []],
  [
    'gradient penalty of one side, lazily',
    [{ name: 'gradient-penalty', weight: 1, sides: 1, everySteps: 2 }],
    [],
  ],
  ['DRAGAN', [{ name: 'dragan', weight: 1 }], []],
  ['consistency', [{ name: 'consistency', weight: 1, fakeWeight: 1 }], []],
  [
    'LeCam, clip, max-norm and weight decay',
    [
      { name: 'lecam' },
      { name: 'clip', bound: 0.5 },
      { name: 'max-norm', bound: 0.1 },
      { name: 'weight-decay' },
    ],
    [],
  ],
  [
    'path length, lazily, max-norm and weight decay of G',
    [],
    [{ name: 'path-length', everySteps: 4 }, { name: 'max-norm', bound: 0.1 }, { name: 'weight-decay' }],
  ],
  ['pixel L1 and R1', [{ name: 'r1', weight: 1 }], [{ name: 'pixel-l1', weight: 10 }]],
];

const PICTURES_ONLY = ['consistency'];
/** And of image to image these alone: the others are the same arithmetic, of D by itself. */
const PAIRS_ONLY = ['pixel L1 and R1'];

const patterns = (side: number): DatasetSource => ({
  kind: 'dataset',
  shape: [side, side, 1],
  count: 24,
  digest: '',
  read: (indices, out) => {
    for (const [i, index] of Array.from(indices).entries())
      out.set(pattern(`item ${index}`, side ** 2), i * side ** 2);
  },
  label: () => undefined,
  close: () => {},
});

const PAIRS = { name: 'downsampled', factor: 4 } as const;

const NETWORKS: [name: string, model: object, source: () => DataSource, data?: object][] = [
  [
    'mlp',
    {
      ...{ name: 'mlp', generator: { hidden: [8], normalization: 'batch' } },
      discriminator: { hidden: [8, 8], activation: 'leakyRelu' },
    },
    () => mixtureSource(dataOptions.parse({ source: 'ring' }) as Parameters<typeof mixtureSource>[0]),
  ],
  ['DCGAN', { name: 'dcgan', width: 2, latent: 3 }, () => patterns(8)],
  [
    'pix2pix',
    { name: 'pix2pix', width: 2 },
    () => paired(patterns(16), PAIRS),
    { source: 'mnist', pairs: PAIRS },
  ],
];

/** Whether a network can have a row of the penalties. */
function fits(name: string, penalty: string): boolean {
  if ((name === 'pix2pix') !== PAIRS_ONLY.includes(penalty)) return false;
  return name !== 'mlp' || !PICTURES_ONLY.includes(penalty);
}

const ROUNDS = 10;
/** float32 along a tree against double precision one after another, as a share of what training changed; measured at most 2e-5 */
const TOLERANCE = 1e-3;

describe.each(NETWORKS)('%s', (name, model, source, data = { source: 'ring' }) => {
  const fitting = PENALTIES.filter(([penalty]) => fits(name, penalty));
  describe.each(fitting)('%s', (_, discriminator, generator) => {
    it.each(LOSSES)('%s', async (loss) => {
      const config = runConfig.parse({
        data,
        model,
        loss: { name: loss },
        penalties: { discriminator, generator },
        // not Adam: it divides by the size of a gradient, and what is nothing but rounding becomes an update like any other
        optimizer: {
          discriminator: { name: 'sgd', learningRate: 0.02 },
          generator: { name: 'sgd', learningRate: 0.02 },
        },
        minibatch: { size: 8, shards: 2 },
      });
      const computer = await computerOf(config, source());
      const run = (workers: number) =>
        trainLocally(config, { source: source(), rounds: ROUNDS, workers, computer });
      const [alone, shared] = [await run(1), await run(2)];
      computer.dispose();
      const [start, reference] = [0, ROUNDS].map((rounds) => trainReference(config, source(), rounds));
      for (const vector of ['discriminator', 'generator', 'average'] as const) {
        expect(shared[vector]).toEqual(alone[vector]);
        expect(alone[vector].every(Number.isFinite)).toBe(true);
        const { error, change } = distances(alone[vector], reference![vector], start![vector]);
        expect(change).toBeGreaterThan(0);
        expect(error / change, vector).toBeLessThan(TOLERANCE);
      }
    });
  });
});

it('the table has every penalty that a config may name', () => {
  const named = (net: 'discriminator' | 'generator') =>
    penaltyOptions.shape[net].unwrap().element.options.map(({ shape }) => shape.name.value);
  const used = PENALTIES.flatMap(([, ...lists]) => lists.flat().map((one) => (one as { name: string }).name));
  for (const net of ['discriminator', 'generator'] as const)
    expect(used).toEqual(expect.arrayContaining(named(net).filter((name) => name !== 'module')));
});

/** Euclidean: |a - b| and |b - start|. */
function distances(a: Float32Array, b: Float32Array, start: Float32Array) {
  let [error, change] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    error += (a[i]! - b[i]!) ** 2;
    change += (b[i]! - start[i]!) ** 2;
  }
  return { error: Math.sqrt(error), change: Math.sqrt(change) };
}
