import { describe, expect, it } from 'vitest';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { initialParameters } from '../../../src/parameters/initial.js';
import { manifestHash } from '../../../src/parameters/manifest.js';

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
