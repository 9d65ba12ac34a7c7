// Items beside those that samples are compared with: to choose a parameter by, to test with, and all that G was trained with.
import type { DataSource, DatasetSource, DistributionSource } from '../data/data-source.js';
import { openSource } from '../data/open-source.js';
import { NashError } from '../errors.js';
import { seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import type { HeldOut } from './measures/measure.js';

type DataOptions = Parameters<typeof openSource>[0];
type Context = Parameters<typeof openSource>[1];

/** Goodfellow et al. 2014: 1,000 validation items choose the width of Parzen's windows, and MNIST has 10,000 test items. */
const VALIDATION = 1000;
const TEST = 10_000;
/** Of MNIST's 60,000 training images the last 10,000 are the validation set there. */
const VALIDATION_SHARE = 1 / 6;
/** Training items that are read at once. */
const BLOCK = 4096;

/** The data's other split: what it is called where there is one. */
export function otherSplit(data: DataOptions, split: 'train' | 'test'): DataOptions | undefined {
  if (!('split' in data)) return undefined;
  return { ...data, split, mirror: false } as DataOptions;
}

/**
 * @param source that G learns, open
 * @returns undefined where the data have no test items
 * @throws NashError('usage') where the test items cannot be read
 */
export async function openHeldOut(
  source: DataSource,
  data: DataOptions,
  context: Context,
): Promise<HeldOut | undefined> {
  if (source.kind === 'distribution') return drawnApart(source);
  if (!('split' in data) || data.split === 'test') return undefined;
  const test = await openSource(otherSplit(data, 'test')!, context);
  try {
    return test.kind === 'distribution' ? undefined : heldOutOf(source, test);
  } finally {
    test.close();
  }
}

function heldOutOf(source: DatasetSource, test: DatasetSource): HeldOut {
  const from = source.count - Math.floor(source.count * VALIDATION_SHARE);
  const validation = Math.min(VALIDATION, source.count - from);
  const tests = Math.min(TEST, test.count);
  return {
    validation: items(source, from, validation),
    validationName: `training items ${from} to ${from + validation - 1}`,
    test: items(test, 0, tests),
    testName: `the first ${tests} items of the test split`,
    testLabels: labelsOf(
      test,
      Array.from({ length: tests }, (_, i) => i),
    ),
    training: {
      count: source.count,
      *blocks() {
        for (let at = 0; at < source.count; at += BLOCK)
          yield items(source, at, Math.min(BLOCK, source.count - at));
      },
    },
  };
}

/** Classes of items; undefined where some have none. */
export function labelsOf(source: DatasetSource, indices: ArrayLike<number>): Int32Array | undefined {
  const labels = Array.from(indices, (index) => source.label(index));
  return labels.includes(undefined) ? undefined : Int32Array.from(labels as number[]);
}

function drawnApart(source: DistributionSource): HeldOut {
  const drawn = (name: string, count: number) => {
    const out = new Float32Array(count * sizeOf(source.shape));
    source.draw(seedOf('held out', name), out);
    return out;
  };
  return {
    validation: drawn('validation', VALIDATION),
    validationName: `${VALIDATION} draws`,
    test: drawn('test', TEST),
    testName: `${TEST} other draws`,
  };
}

/**
 * Of a file of real items the first are for the choice of a parameter, the rest for the test.
 * @param name of the file
 */
export function splitHeldOut(file: DatasetSource, name: string): HeldOut | undefined {
  const validation = Math.min(VALIDATION, Math.floor(file.count / 2));
  const tests = Math.min(TEST, file.count - validation);
  if (validation === 0) return undefined;
  return {
    validation: items(file, 0, validation),
    validationName: `items 0 to ${validation - 1} of ${name}`,
    test: items(file, validation, tests),
    testName: `items ${validation} to ${validation + tests - 1} of ${name}`,
  };
}

function items(source: DatasetSource, from: number, count: number): Float32Array {
  const out = new Float32Array(count * sizeOf(source.shape));
  source.read(
    Array.from({ length: count }, (_, i) => from + i),
    out,
  );
  return out;
}

/** The part of the data that samples are compared with. @throws NashError('usage') where there is none of that name */
export async function openSplit(
  source: DataSource,
  data: DataOptions,
  split: 'train' | 'test',
  context: Context,
): Promise<DataSource> {
  if (source.kind === 'distribution') return source;
  const own = 'split' in data ? data.split : 'train';
  if (own === split) return source;
  const other = otherSplit(data, split);
  if (other) return openSource(other, context);
  throw new NashError(
    'usage',
    `--against ${split}: found data.source ${data.source}, which has no ${split} split, expected --against ${own} or a file of real items, --against FILE.npy.`,
  );
}
