// How far samples are from real items by moving mass along random lines: the sliced Wasserstein distance of order 1 (Rabin et al. 2011).
// Numbers need no lines: of those it is the Wasserstein distance itself.
import { RandomStream, seedOf } from '../../numerics/random.js';
import { comparable, comparing, measure } from './measure.js';

/** Lines through the origin: the mean of so many distances is known to 3 % and less. */
const LINES = 128;

export const slicedWasserstein = measure({
  name: 'sliced-wasserstein',
  metrics: {
    gan_sliced_wasserstein_distance: {
      name: 'sliced-wasserstein',
      says: 'Wasserstein distance of order 1 of samples and real items, mean over random lines',
      better: 'lower',
    },
  },
  appliesTo: ['mixtures', 'images', 'points'],
  cost: { samples: 5000, growth: 'lines, times samples, times floats of a feature' },
  protocol: (reference) => ({
    ...comparing(reference),
    lines: linesOf(reference.features?.size ?? reference.size),
    order: 1,
  }),
  prepare(reference) {
    const { real, size, of } = comparable(reference);
    const directions = Array.from({ length: linesOf(size) }, (_, i) => direction(i, size));
    const ofReal = directions.map((each) => along(real, each));
    return (samples) => {
      const features = of(samples);
      const sum = directions.reduce(
        (total, each, i) => total + wasserstein(along(features, each), ofReal[i]!),
        0,
      );
      return { gan_sliced_wasserstein_distance: sum / directions.length };
    };
  },
});

const linesOf = (size: number): number => (size === 1 ? 1 : LINES);

/** A unit vector, any direction as likely as another; 1 in one dimension. */
function direction(index: number, size: number): Float64Array {
  if (size === 1) return Float64Array.of(1);
  const random = new RandomStream(seedOf('line', index));
  const vector = Float64Array.from({ length: size }, () => random.normal());
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** Where items lie on a line, ascending. */
function along(items: Float32Array, line: Float64Array): Float64Array {
  const size = line.length;
  const places = new Float64Array(items.length / size);
  for (let i = 0; i < places.length; i++) {
    let place = 0;
    for (let k = 0; k < size; k++) place += items[i * size + k]! * line[k]!;
    places[i] = place;
  }
  return places.sort();
}

/**
 * The Wasserstein distance of order 1 of two sets of numbers: the area between their distribution functions.
 * @param a ascending @param b ascending
 */
export function wasserstein(a: Float64Array, b: Float64Array): number {
  let [i, j, area] = [0, 0, 0];
  let from = Math.min(a[0]!, b[0]!);
  while (i < a.length || j < b.length) {
    const to = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    area += Math.abs(i / a.length - j / b.length) * (to - from);
    while (a[i] === to) i++;
    while (b[j] === to) j++;
    from = to;
  }
  return area;
}
