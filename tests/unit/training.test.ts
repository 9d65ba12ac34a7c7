// Goal: training computes what Algorithm 1 (Goodfellow et al. 2014) says. Method: PyTorch trains the same nets for a few rounds in float64
// (tests/golden/training.py: steps, optimizers, clip, running statistics, averaging, both orders and all seeds written anew); compared with
// it, tensor by tensor, are src/reference-trainer.ts, which is the oracle of the distributed run, and the distributed run's own parts.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { classesOf } from '../../src/data/classes.js';
import type { DataSource } from '../../src/data/data-source.js';
import { mixtureSource } from '../../src/data/mixture.js';
import { dataOptions } from '../../src/data/options.js';
import type { Net } from '../../src/parameters/manifest.js';
import { trainLocally } from '../support/local-run.js';
import { pattern } from '../support/pattern.js';
import { byName, manifestsOf, trainedByReference, useTensorFlow } from '../support/steps.js';

const VECTORS = ['discriminator', 'generator', 'average'] as const;
type Vector = (typeof VECTORS)[number];
type Named = Record<string, number[]>;
interface Golden {
  cases: {
    name: string;
    /** how many items the data set has; null where the config's distribution is learned */
    items: number | null;
    item: number[];
    /** of G's steps */
    rounds: number;
    config: { data: object; model: object };
    trained: { start: Record<Net, Named> } & Record<Vector, Named>;
  }[];
}
const { cases }: Golden = JSON.parse(readFileSync('tests/golden/training.json', 'utf8'));

/**
 * float32 steps against float64: each round errs by some 1e-6 of a gradient, and an update moves a weight by 0.1 at most. Measured: at
 * most 4e-7. Adam and RMSProp divide by a gradient's size, so the cases avoid gradients that are nothing but rounding.
 */
const TOLERANCE = 5e-6;

beforeAll(useTensorFlow);

/** Item i is `pattern('item i')`, of one of three classes. */
const patterns = (count: number, shape: readonly number[]): DataSource => ({
  kind: 'dataset',
  shape,
  count,
  digest: '',
  read: (indices, out) => {
    const size = out.length / indices.length;
    for (const [i, index] of Array.from(indices).entries()) out.set(pattern(`item ${index}`, size), i * size);
  },
  label: (index) => ((index * index) % 5) % 3,
  close: () => {},
});

describe.each(cases)('$name', ({ items, item, rounds, config, trained }) => {
  const source =
    items === null
      ? mixtureSource(dataOptions.parse(config.data) as Parameters<typeof mixtureSource>[0])
      : patterns(items, item);
  const isConditional = 'conditional' in config.model;
  const manifests = manifestsOf({
    model: config.model,
    item,
    ...(isConditional && { counts: classesOf(source).counts }),
  });
  const expectClose = (found: Record<Vector, Float32Array>, expected: Record<Vector, Named>) => {
    for (const vector of VECTORS) {
      const manifest = manifests[vector === 'average' ? 'generator' : vector];
      const { parameters, slots } = byName(manifest, found[vector]);
      expectEach(vector, { ...parameters, ...slots }, expected[vector]);
    }
  };

  it('starts from the same weights and slots', () => {
    expectClose(trainedByReference(config, source, 0), {
      ...trained.start,
      average: trained.start.generator,
    });
  });

  it(`after ${rounds} rounds the reference trainer has PyTorch's weights, slots and average`, () => {
    expectClose(trainedByReference(config, source, rounds), trained);
  });

  it.each([1, 2, 8])(
    "so have a worker's gradients and the server's store, shared out among %i",
    async (workers) => {
      expectClose(await trainLocally(config, { source, rounds, workers }), trained);
    },
  );
});

function expectEach(vector: string, found: Record<string, Float32Array>, expected: Named): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const error = Math.max(...values.map((value, i) => Math.abs(found[name]![i]! - value)));
    expect(error, `${vector}: ${name}`).toBeLessThan(TOLERANCE);
  }
}
