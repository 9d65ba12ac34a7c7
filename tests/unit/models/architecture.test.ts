// Goal: architectures have the shapes, sizes and first weights of their papers. Method: parameters counted by hand, and one net held against another.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { type Network, unpack } from '../../../src/models/network.js';
import { initialParameters } from '../../../src/parameters/initial.js';
import { manifestHash } from '../../../src/parameters/manifest.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const build = (model: object, item: number[]) => buildArchitecture(modelOptions.parse(model), item);

describe.each([
  [
    'mlp',
    { name: 'mlp' },
    [2],
    2 * 128 + 128 + 2 * (128 * 128 + 128) + 128 * 2 + 2,
    2 * 128 + 128 + 2 * (128 * 128 + 128) + 128 + 1,
  ],
  // Goodfellow et al. 2014 for MNIST: 2.5 M and 1.2 M parameters
  [
    'maxout',
    { name: 'maxout' },
    [28, 28, 1],
    100 * 1200 + 1200 + 1200 * 1200 + 1200 + 1200 * 784 + 784,
    784 * 1200 + 1200 + 240 * 1200 + 1200 + 240 + 1,
  ],
  ['dcgan 32', { name: 'dcgan', width: 64 }, [32, 32, 3], 1_068_928, 663_296],
  [
    'dcgan 28',
    { name: 'dcgan', width: 64 },
    [28, 28, 1],
    100 * 49 * 128 + 256 + 16 * 64 * 128 + 128 + 16 * 64,
    16 * 64 + 16 * 64 * 128 + 256 + 49 * 128,
  ],
  ['dcgan 64', { name: 'dcgan', width: 8 }, [64, 64, 3], undefined, undefined],
] as const)('%s', (_, model, item, generatorSize, discriminatorSize) => {
  const { generator, discriminator } = build(model, [...item]);

  it('maps latents to items and items to one logit', () => {
    expect(generator.outputShape).toEqual(item);
    expect(discriminator.inputs).toEqual({ items: item });
    expect(Object.keys(generator.inputs)).toEqual(['latents']);
    expect(discriminator.outputShape).toEqual([1]);
  });

  it('has as many weights as the paper counts, laid one after another', () => {
    if (generatorSize) expect(generator.manifest.size).toBe(generatorSize);
    if (discriminatorSize) expect(discriminator.manifest.size).toBe(discriminatorSize);
    for (const { entries } of [generator.manifest, discriminator.manifest]) {
      entries.forEach((entry, i) => {
        expect(entry.offset).toBe(i === 0 ? 0 : entries[i - 1]!.offset + entries[i - 1]!.size);
      });
      expect(new Set(entries.map((entry) => entry.name)).size).toBe(entries.length);
    }
  });
});

describe('initial parameters', () => {
  const { generator } = build({ name: 'dcgan', width: 8 }, [32, 32, 3]);
  const of = (seed: number) => initialParameters(generator.manifest, { seed, net: 'generator' });

  it('depend on the seed alone, and slots start at mean 0 and variance 1', () => {
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    const { size, slots } = generator.manifest;
    for (const slot of slots) {
      const values = of(1).subarray(size + slot.offset, size + slot.offset + slot.size);
      expect(new Set(values)).toEqual(new Set([slot.name.endsWith('variance') ? 1 : 0]));
    }
  });

  it('that are sparse have so many normal numbers in each column, elsewhere 0, and not in the same rows', () => {
    const [rows, columns, count] = [40, 500, 10];
    const initializer = { kind: 'sparse', count } as const;
    const entry = { name: 'kernel', shape: [rows, columns], initializer, offset: 0, size: rows * columns };
    const manifest = { entries: [entry], size: entry.size, slots: [], slotSize: 0 };
    const values = initialParameters(manifest, { seed: 1, net: 'generator' });
    const columnsOf = Array.from({ length: columns }, (_, j) => values.filter((_, i) => i % columns === j));
    for (const column of columnsOf) expect(column.filter((x) => x !== 0)).toHaveLength(count);
    const filled = values.filter((x) => x !== 0);
    const mean = filled.reduce((sum, x) => sum + x, 0) / filled.length;
    const square = filled.reduce((sum, x) => sum + x * x, 0) / filled.length;
    expect(Math.abs(mean)).toBeLessThan(0.06); // four deviations of 5,000 numbers
    expect(Math.abs(square - 1)).toBeLessThan(0.08);
    const ofRows = Array.from(
      { length: rows },
      (_, i) => columnsOf.filter((column) => column[i] !== 0).length,
    );
    for (const share of ofRows) expect(Math.abs(share - 125)).toBeLessThan(4 * 10); // deviation sqrt(500 / 4 * 3 / 4)
  });

  it.each([
    [3, 3, 4, 6],
    [5, 8],
    [8, 5],
  ])('that are orthogonal are so: %s, %s', (...shape: number[]) => {
    const [size, columns] = [shape.reduce((a, b) => a * b, 1), shape.at(-1)!];
    const rows = size / columns;
    const entry = { name: 'kernel', shape, initializer: { kind: 'orthogonal' }, offset: 0, size } as const;
    const values = initialParameters(
      { entries: [entry], size, slots: [], slotSize: 0 },
      { seed: 1, net: 'generator' },
    );
    const lines = (count: number, length: number, at: (line: number, i: number) => number) =>
      Array.from({ length: count }, (_, line) => Array.from({ length }, (_, i) => values[at(line, i)]!));
    const vectors =
      rows >= columns
        ? lines(columns, rows, (line, i) => i * columns + line)
        : lines(rows, columns, (line, i) => line * columns + i);
    for (const [i, a] of vectors.entries())
      for (const [j, b] of vectors.entries())
        expect(a.reduce((sum, v, k) => sum + v * b[k]!, 0)).toBeCloseTo(i === j ? 1 : 0, 5);
  });

  it("have DCGAN's deviation of 0.02", () => {
    const kernel = generator.manifest.entries.find((entry) => entry.name === 'deconv1/kernel')!;
    const values = of(1).subarray(kernel.offset, kernel.offset + kernel.size);
    expect(Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)).toBeCloseTo(0.02, 3);
  });
});

describe('an architecture that cannot make the items', () => {
  it.each([[[30, 40, 3]], [[33, 33, 3]], [[2]], [[18, 18, 1]]])('dcgan refuses %j', (item) => {
    expect(() => build({ name: 'dcgan' }, item)).toThrow(/needs square images/);
  });
});

it('the manifest hash changes with a width and not with an initializer', () => {
  const hash = (model: object) => manifestHash(build(model, [2]).generator.manifest);
  expect(hash({ name: 'mlp' })).toBe(hash({ name: 'mlp' }));
  expect(hash({ name: 'mlp', generator: { hidden: [128, 128] } })).not.toBe(hash({ name: 'mlp' }));
});

describe.each([
  ['maxout', { hidden: [6, 5], output: 'linear' }, { units: [4, 3] }],
  ['maxout-conv', { hidden: 8, channels: 4 }, { channels: [2, 2, 4], units: 4 }],
])('%s of normalized pictures', (name, generator, discriminator) => {
  const item = [16, 16, 3];
  const of = (span: number) => build({ name, latent: 4, generator, discriminator, span }, item);
  const applied = (net: Network, inputs: Record<string, tf.Tensor>, kind: 'generator' | 'discriminator') =>
    tf.tidy(() => {
      const weights = tf.tensor1d(initialParameters(net.manifest, { seed: 1, net: kind }));
      const seeds = new SeedSource(tf.tensor1d([0, 0], 'int32'));
      const state = { ...unpack(weights, net), isTraining: false, seeds };
      return net.apply(inputs, state).output.dataSync() as Float32Array;
    });

  it('D sees items times the span, and samples are over it', () => {
    const items = tf.randomUniform([2, ...item], -1, 1, 'float32', 1);
    const latents = tf.randomNormal([2, 4], 0, 1, 'float32', 2);
    const [plain, spanned] = [of(1), of(4)];
    const logits = applied(spanned.discriminator, { items }, 'discriminator');
    expect(logits).toEqual(applied(plain.discriminator, { items: tf.mul(items, 4) }, 'discriminator'));
    expect(logits).not.toEqual(applied(plain.discriminator, { items }, 'discriminator'));
    const samples = applied(spanned.generator, { latents }, 'generator');
    expect(samples).toEqual(applied(plain.generator, { latents }, 'generator').map((x) => x / 4));
  });
});

describe('the G of maxout', () => {
  const of = (generator: object) => build({ name: 'maxout', generator }, [4]).generator.manifest.entries;

  it('has the range, bias and sparse weights that it is told', () => {
    const told = { hidden: [6, 5], activations: ['relu', 'sigmoid'], sigmoidBias: -2, outputRange: 0.5 };
    const initial = Object.fromEntries(of(told).map(({ name, initializer }) => [name, initializer]));
    expect(initial).toMatchObject({
      'dense1/kernel': { kind: 'uniform', range: 0.05 },
      'dense1/bias': { kind: 'constant', value: 0 },
      'dense2/bias': { kind: 'constant', value: -2 },
      'output/kernel': { kind: 'uniform', range: 0.5 },
      'output/bias': { kind: 'constant', value: 0 },
    });
    const sparse = of({ hidden: [6, 5], outputWeights: 5 }).find(({ name }) => name === 'output/kernel');
    expect(sparse!.initializer).toEqual({ kind: 'sparse', count: 5 });
  });

  it('has the layers of a G without those ahead, by name and shape', () => {
    const shapes = (entries: ReturnType<typeof of>) => entries.map(({ name, shape }) => `${name} ${shape}`);
    const alone = shapes(of({ hidden: [6, 5] }));
    const all = shapes(of({ ahead: [7, 100], hidden: [6, 5] }));
    expect(all.slice(-alone.length)).toEqual(alone);
    expect(all.slice(0, -alone.length)).toEqual([
      'denseAhead1/kernel 100,7',
      'denseAhead1/bias 7',
      'denseAhead2/kernel 7,100',
      'denseAhead2/bias 100',
    ]);
  });

  it('is refused where an activation has no layer, or more weights are asked for than there are', () => {
    expect(() => of({ hidden: [6, 5], activations: ['relu'] })).toThrow(
      /found 1, expected one for each of the 2/,
    );
    expect(() => of({ hidden: [6, 5], outputWeights: 6 })).toThrow(/found 6, expected at most the 5 units/);
  });
});
