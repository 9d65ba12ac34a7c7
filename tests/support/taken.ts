// A generator as `nash export` takes it, of any networks, with weights by chance: running statistics and all.
import * as tf from '@tensorflow/tfjs-core';
import { type RunConfig, runConfig } from '../../src/config/run-config.js';
import { SampleDrawer } from '../../src/evaluation/sample-drawer.js';
import { generatorGraph, NOISE_ROWS, SEED } from '../../src/export/generator-graph.js';
import type { Taken } from '../../src/export/taken.js';
import type { Architecture } from '../../src/models/architecture.js';
import { dense, layer, reshape } from '../../src/models/layers.js';
import { network } from '../../src/models/network.js';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { architectureOf } from '../../src/steps/steps.js';

export interface TakenOptions {
  model: object;
  /** of one item */
  item: readonly number[];
  /** of the data, in a conditional run */
  classes?: number;
  truncation?: number;
  /** networks of one's own, in place of the model's */
  architecture?: Architecture;
}

const PICTURE = [16, 16, 3];
/** Every network, small. */
export const NETWORKS: readonly (readonly [string, TakenOptions])[] = [
  ['mlp', { model: { name: 'mlp' }, item: [2] }],
  ['maxout', { model: { name: 'maxout', latent: 5, generator: { hidden: [7, 6] } }, item: [8, 8, 1] }],
  [
    'maxout-conv',
    { model: { name: 'maxout-conv', latent: 5, generator: { hidden: 20, channels: 4 } }, item: [32, 32, 3] },
  ],
  ['dcgan', { model: { name: 'dcgan', width: 2, latent: 3, hidden: [5] }, item: [28, 28, 1] }],
  [
    'dcgan with codes',
    {
      model: { name: 'dcgan', width: 2, latent: 8, latentCodes: { categories: [3], continuous: 2 } },
      item: PICTURE,
    },
  ],
  ['sngan', { model: { name: 'sngan', width: 2, latent: 3 }, item: PICTURE }],
  [
    'sagan',
    {
      model: { name: 'sagan', width: 8, latent: 3, conditional: 'projection' },
      item: PICTURE,
      classes: 3,
    },
  ],
  ['biggan', { model: { name: 'biggan', width: 4, conditional: 'projection' }, item: PICTURE, classes: 3 }],
  ['r3gan', { model: { name: 'r3gan', width: 8 }, item: PICTURE }],
  [
    'stylegan2',
    {
      model: { name: 'stylegan2', width: 4, styles: 5, latent: 3, conditional: 'concat' },
      item: PICTURE,
      classes: 3,
    },
  ],
  [
    'stylegan2, truncated',
    { model: { name: 'stylegan2', width: 4, styles: 5, latent: 3 }, item: PICTURE, truncation: 0.6 },
  ],
];

/** Networks of one's own, with a layer `[batch, 4]` → `[batch, 4]`. */
export const ownLayer = (apply: (x: tf.Tensor) => tf.Tensor): TakenOptions => {
  const generator = network(
    'generator',
    [3],
    [dense('in', 4), layer({ name: 'own', apply }), reshape('item', [2, 2, 1])],
  );
  return {
    model: { name: 'mlp', latent: 3 },
    item: [2, 2, 1],
    architecture: { generator, discriminator: generator },
  };
};

const made = new Map<TakenOptions, Taken>();

/** Its samples are drawn as `nash sample` draws them. The same options give the same object: nobody changes it. */
export function takenOf(options: TakenOptions): Taken {
  const known = made.get(options) ?? make(options);
  made.set(options, known);
  return known;
}

function make({ model, item, classes: count, truncation, ...given }: TakenOptions): Taken {
  const config: RunConfig = runConfig.parse({ data: { source: 'ring' }, model });
  const architecture = given.architecture ?? architectureOf(config, [...item], count);
  const { manifest } = architecture.generator;
  const random = new RandomStream(seedOf('taken'));
  const vector = new Float32Array(manifest.size + manifest.slotSize);
  for (const { offset, size } of manifest.entries)
    for (let i = 0; i < size; i++) vector[offset + i] = 0.3 * random.normal();
  for (const { offset, size, initializer } of manifest.slots) {
    const isPositive = initializer.kind === 'constant' && initializer.value === 1; // a variance
    for (let i = 0; i < size; i++)
      vector[manifest.size + offset + i] = isPositive ? 0.5 + random.uniform() : 0.3 * random.normal();
  }
  const { latentDistribution } = config.model;
  const labels =
    count === undefined ? undefined : Int32Array.from({ length: NOISE_ROWS }, (_, i) => i % count);
  const drawer = new SampleDrawer({
    architecture,
    latentDistribution,
    ...(truncation !== undefined && { truncation }),
  });
  const weights = tf.tensor1d(vector);
  const wanted = { count: NOISE_ROWS, seed: SEED };
  const samples = {
    ...{ count: NOISE_ROWS, shape: [...item], labels },
    latents: drawer.latents(wanted),
    items: drawer.draw(weights, { ...wanted, labels }),
  };
  weights.dispose();
  drawer.dispose();
  const generator = { architecture, latentDistribution, vector, truncation };
  return {
    ...{
      run: 'taken',
      config,
      step: 7,
      isRaw: false,
      generator,
      samples,
      figure: new Uint8Array(1),
      evaluated: undefined,
    },
    classes: count === undefined ? undefined : { counts: Array(count).fill(1) },
    graph: generatorGraph(generator),
  };
}

/** Largest difference of two lists of as many numbers; NaN where any is. */
export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length
    ? Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => Math.max(x, y), 0)
    : Number.NaN;
