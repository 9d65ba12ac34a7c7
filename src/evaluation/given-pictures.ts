// What samples of image to image are made from, and what they were to be: pairs of the test split, which G has not seen, where there is one.
import type { DataSource } from '../data/data-source.js';
import { conditionsAt } from '../data/first-items.js';
import type { CacheContext } from '../data/item-cache.js';
import { openSource } from '../data/open-source.js';
import type { DataOptions } from '../data/options.js';
import { messageOf, NashError } from '../errors.js';
import { permutation, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { otherSplit } from './held-out.js';
import type { Pictures } from './side-by-side.js';

/** Pairs that G is tried with: `[count, ...]` each. */
export interface GivenPictures {
  conditions: Pictures;
  targets: Pictures;
}

/**
 * Pairs of a source in an order that the seed decides, pair i the same however many are taken; the first again where there are fewer.
 * @returns undefined where its items are no pairs
 */
export function givenPictures(
  source: DataSource,
  { count, seed }: { count: number; seed: number },
): GivenPictures | undefined {
  if (source.kind !== 'dataset' || !source.conditions) return undefined;
  const order = permutation(source.count, seedOf(seed, 'given pictures'));
  const indices = Array.from({ length: count }, (_, i) => order[i % source.count]!);
  const data = new Float32Array(count * sizeOf(source.shape));
  source.read(indices, data);
  return {
    conditions: conditionsAt(source, indices).conditions!,
    targets: { data, shape: source.shape },
  };
}

/**
 * The test split of data that are pairs, to be closed by the caller.
 * @returns undefined where there is none, or where it cannot be read, which is said
 */
export async function openTestPairs(
  data: DataOptions,
  context: CacheContext,
): Promise<DataSource | undefined> {
  const test = otherSplit(data, 'test');
  if (!test || ('split' in data && data.split === 'test')) return undefined;
  try {
    return await openSource(test, context);
  } catch (error) {
    if (!(error instanceof NashError)) throw error;
    context.log(`no test pictures, those of the training are taken: ${messageOf(error)}`);
    return undefined;
  }
}
