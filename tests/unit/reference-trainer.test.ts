// Goal: the oracle of all other tests, src/reference-trainer.ts, is itself right. Method: PyTorch trains the same nets for a few rounds in
// float64 (tests/golden/training.py: steps, optimizers, clip, running statistics, averaging, both orders and all seeds written anew), and
// each vector is compared with the reference trainer's, tensor by tensor.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DatasetSource } from '../../src/data/data-source.js';
import { sizeOf } from '../../src/parameters/manifest.js';
import { pattern } from '../support/pattern.js';
import { trainedByReference, useTensorFlow } from '../support/steps.js';

type Named = Record<string, number[]>;
interface Golden {
  cases: {
    name: string;
    /** how many items the data set has; null where the config's distribution is learned */
    items: number | null;
    item: number[];
    rounds: number;
    config: object;
    trained: {
      start: Record<'discriminator' | 'generator', Named>;
    } & Record<(typeof VECTORS)[number], Named>;
  }[];
}
const VECTORS = ['discriminator', 'generator', 'average'] as const;
const { cases }: Golden = JSON.parse(readFileSync('tests/golden/training.json', 'utf8'));

/**
 * float32 steps against float64: each round errs by some 1e-6 of a gradient, and an update moves a weight by 0.1 at most. Measured: at
 * most 4e-7. Adam and RMSProp divide by a gradient's size, so the cases avoid gradients that are nothing but rounding.
 */
const TOLERANCE = 5e-6;

beforeAll(useTensorFlow);

/** Item i is `pattern('item i')`. */
const patterns = (count: number, shape: readonly number[]): DatasetSource => ({
  kind: 'dataset',
  shape,
  count,
  digest: '',
  read: (indices, out) =>
    Array.from(indices).forEach((index, i) => {
      out.set(pattern(`item ${index}`, sizeOf(shape)), i * sizeOf(shape));
    }),
  label: () => undefined,
  close: () => {},
});

describe.each(cases)('$name', ({ items, item, rounds, config, trained }) => {
  const train = (count: number) =>
    trainedByReference(config, count, items === null ? undefined : patterns(items, item));

  it('starts from the same weights and slots', async () => {
    const found = await train(0);
    for (const net of ['discriminator', 'generator'] as const) expectClose(found[net], trained.start[net]);
    expectClose(found.average, trained.start.generator);
  });

  it(`has PyTorch's weights, slots and average after ${rounds} rounds`, async () => {
    const found = await train(rounds);
    for (const vector of VECTORS) expectClose(found[vector], trained[vector]);
  });
});

function expectClose(found: Record<string, Float32Array>, expected: Named): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const error = Math.max(...values.map((value, i) => Math.abs(found[name]![i]! - value)));
    expect(error, name).toBeLessThan(TOLERANCE);
  }
}
