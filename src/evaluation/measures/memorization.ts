// Whether samples are training items by heart: how near they lie to the nearest of those, beside items that nobody trained with (Meehan et
// al. 2020 make a test of the two distances; a ratio says the same to a person).
import { nearestSquares, squaredDistances } from './distances.js';
import { measure } from './measure.js';

/** Samples and held-out items whose nearest training item is looked for. */
const ITEMS_MAX = 2000;

export const memorization = measure({
  name: 'memorization',
  metrics: {
    gan_memorization_ratio: {
      name: 'memorization',
      says: 'Median distance of samples to the nearest training item over that of held-out items: far below 1 samples are copies',
    },
  },
  appliesTo: ['images'],
  needs: ['heldOut'],
  cost: { samples: ITEMS_MAX, growth: 'samples times training items, times floats of an item' },
  protocol: ({ heldOut }) => ({
    features: 'items as they are',
    training: heldOut?.training?.count ?? 0,
    heldOut: heldOut!.testName,
    items: `at most ${ITEMS_MAX} samples and ${ITEMS_MAX} held-out items`,
  }),
  prepare({ size, heldOut, distances = squaredDistances }) {
    const training = heldOut?.training;
    if (!training) return { because: 'nobody knows which items G was trained with and which it was not' };
    const medianOf = (items: Float32Array) => {
      const a = items.subarray(0, ITEMS_MAX * size);
      const nearest = new Float64Array(a.length / size).fill(Number.POSITIVE_INFINITY);
      for (const b of training.blocks())
        nearestSquares({ a, b, size, squared: distances }).forEach((square, i) => {
          nearest[i] = Math.min(nearest[i]!, square);
        });
      return Math.sqrt(median(nearest));
    };
    const ofHeldOut = medianOf(heldOut.test);
    if (ofHeldOut === 0) return { because: 'the held-out items stand among the training items' };
    return (samples) => ({ gan_memorization_ratio: medianOf(samples) / ofHeldOut });
  },
});

/** The middle one, the lower of two. */
const median = (values: Float64Array): number => values.toSorted()[(values.length - 1) >> 1]!;
