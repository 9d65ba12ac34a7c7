// How far samples lie from each other, against real items: near 1 for a healthy generator, near 0 for one that makes one thing.
import { assert } from '../../errors.js';
import { measure } from './measure.js';

/** Samples compared pair by pair. */
const PAIRWISE_COUNT = 256;

export const sampleDiversity = measure({
  name: 'diversity',
  metrics: {
    gan_sample_diversity_ratio: {
      says: 'Mean pairwise distance of samples over that of real items',
      better: 'higher',
    },
  },
  appliesTo: ['images'],
  isStanding: true,
  cost: { samples: PAIRWISE_COUNT, growth: 'pairs of 256 images, times their floats' },
  least: () => 2,
  protocol: () => ({ pairs: `all of the first ${PAIRWISE_COUNT} items` }),
  prepare({ real, size }) {
    const distanceOf = (items: Float32Array) =>
      meanPairwiseDistance(items.subarray(0, PAIRWISE_COUNT * size), size);
    if (real.length < 2 * size) return { because: 'there is one real image' };
    const realDistance = distanceOf(real);
    if (realDistance === 0) return { because: 'the real images are all alike' };
    return (samples) => ({ gan_sample_diversity_ratio: distanceOf(samples) / realDistance });
  },
});

/**
 * Mean Euclidean distance over all pairs of items.
 * @param items `[count, size]`, at least two
 */
export function meanPairwiseDistance(items: Float32Array, size: number): number {
  const count = items.length / size;
  assert(Number.isInteger(count) && count >= 2, () => `${items.length} floats are no two items of ${size}`);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) sum += distance(items, i * size, j * size, size);
  }
  return sum / ((count * (count - 1)) / 2);
}

function distance(items: Float32Array, a: number, b: number, size: number): number {
  let squared = 0;
  for (let k = 0; k < size; k++) {
    const difference = items[a + k]! - items[b + k]!;
    squared += difference * difference;
  }
  return Math.sqrt(squared);
}
