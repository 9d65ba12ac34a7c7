// How many different samples there are, by the birthday paradox: among s draws from n equally likely things two are the same with
// probability 1/2 when s is about 1.18 sqrt(n) (Arora and Zhang 2017). They let a person judge the closest pairs, of which
// `nash evaluate --figures` draws the picture; here two samples are the same when they lie closer than any two real items do.
import { eachRow, type SquaredDistances, squaredDistances } from './distances.js';
import { measure } from './measure.js';

export const birthday = measure({
  name: 'birthday',
  metrics: {
    gan_support_items: {
      name: 'birthday',
      says: 'Different samples that there seem to be by the birthday paradox: pairs over duplicate pairs; absent where there is no duplicate',
      better: 'higher',
    },
    gan_duplicate_pairs: {
      name: 'birthday-duplicates',
      says: 'Pairs of samples that are closer than any two real items',
      better: 'lower',
    },
    gan_birthday_items: {
      name: 'birthday-samples',
      says: 'Samples among which there is a duplicate with probability 1/2; absent where there is no duplicate',
      better: 'higher',
    },
  },
  appliesTo: ['mixtures', 'images', 'points'],
  cost: { samples: 5000, growth: 'pairs of samples, times their floats' },
  least: () => 2,
  protocol: ({ real, size }) => ({
    features: 'items as they are',
    real: real.length / size,
    duplicate: 'closer than the closest two real items that are not equal',
  }),
  prepare({ real, size, distances = squaredDistances }) {
    const [closest] = closestPairs(real, { size, count: 1, squared: distances, least: 0 });
    if (!closest) return { because: 'the real items are all alike' };
    return (samples) => {
      const count = samples.length / size;
      const pairs = (count * (count - 1)) / 2;
      const duplicates = pairsCloser(samples, size, closest.squared, distances);
      const rate = duplicates / pairs;
      return {
        gan_duplicate_pairs: duplicates,
        gan_support_items: 1 / rate,
        gan_birthday_items: samplesToMeet(rate),
      };
    };
  },
});

/** The fewest samples s with 1 - (1 - rate)^(s (s - 1) / 2) at least 1/2. */
export const samplesToMeet = (rate: number): number =>
  rate >= 1 ? 2 : Math.ceil(0.5 + Math.sqrt(0.25 + (2 * Math.log(0.5)) / Math.log1p(-rate)));

function pairsCloser(items: Float32Array, size: number, limit: number, squared: SquaredDistances): number {
  let count = 0;
  eachRow({ a: items, b: items, size, squared }, (row, i) => {
    for (let j = i + 1; j < row.length; j++) count += Number(row[j]! < limit);
  });
  return count;
}

export interface ClosePair {
  i: number;
  j: number;
  squared: number;
}

/**
 * The closest pairs of items, closest first, each item in any number of them.
 * @param items `[n, size]` @param wanted.least squared distances up to it do not count; default: all do
 */
export function closestPairs(
  items: Float32Array,
  wanted: { size: number; count: number; squared: SquaredDistances; least?: number },
): ClosePair[] {
  const { size, count, squared, least = Number.NEGATIVE_INFINITY } = wanted;
  const pairs: ClosePair[] = [];
  eachRow({ a: items, b: items, size, squared }, (row, i) => {
    for (let j = i + 1; j < row.length; j++) {
      const distance = row[j]!;
      if (distance <= least || distance >= (pairs[count - 1]?.squared ?? Number.POSITIVE_INFINITY)) continue;
      const place = pairs.findIndex((pair) => distance < pair.squared);
      pairs.splice(place < 0 ? pairs.length : place, 0, { i, j, squared: distance });
      pairs.length = Math.min(pairs.length, count);
    }
  });
  return pairs;
}
