// How far samples are from real items by their mean in the space of a kernel: the unbiased estimate of the squared maximum mean discrepancy
// (Gretton et al. 2012, lemma 6) with the kernel of KID, (x y / d + 1)^3 (Bińkowski et al. 2018, section 4). It is KID in the features of
// Inception alone. All pairs are taken, not random subsets: the estimate is the subsets' expectation, and needs no seed.
import { eachRow, squaredDistances } from './distances.js';
import { comparable, comparing, measure, type Reference } from './measure.js';

export const kernelDistance = measure({
  name: 'kernel-distance',
  metrics: {
    gan_kernel_distance: {
      name: 'kernel-distance',
      says: 'Squared maximum mean discrepancy of samples and real items, unbiased, cubic kernel, in features that the evaluator names; it is not KID',
      better: 'lower',
    },
  },
  appliesTo: ['mixtures', 'images', 'points'],
  cost: { samples: 5000, growth: 'pairs of samples and real items, times floats of a feature' },
  least: () => 2,
  protocol: (reference) => ({ ...comparing(reference), kernel: KERNEL }),
  prepare(reference) {
    const { real, size, of } = comparable(reference);
    if (real.length / size < 2) return { because: 'there is one real item' };
    const distanceTo = discrepancyTo(real, size, reference.distances);
    return (samples) => ({ gan_kernel_distance: distanceTo(of(samples)) });
  },
});

export const KERNEL = '(x y / d + 1)^3, all pairs, unbiased';

/** @param real `[count, size]`, at least two @returns takes features of samples `[count, size]`, at least two; may be slightly negative */
export function discrepancyTo(
  real: Float32Array,
  size: number,
  squared: Reference['distances'] = squaredDistances,
): (samples: Float32Array) => number {
  const ofReal = meanKernel({ a: real, b: real, size, squared, isOwn: true });
  return (samples) =>
    ofReal +
    meanKernel({ a: samples, b: samples, size, squared, isOwn: true }) -
    2 * meanKernel({ a: real, b: samples, size, squared, isOwn: false });
}

/** Mean of the kernel over all pairs; of a set with itself without those of an item with itself. */
function meanKernel({
  a,
  b,
  size,
  squared,
  isOwn,
}: {
  a: Float32Array;
  b: Float32Array;
  size: number;
  squared: typeof squaredDistances;
  isOwn: boolean;
}): number {
  const [aNorms, bNorms] = [squaredNorms(a, size), squaredNorms(b, size)];
  let sum = 0;
  eachRow({ a, b, size, squared }, (row, i) => {
    for (let j = 0; j < row.length; j++) {
      if (isOwn && i === j) continue;
      const product = (aNorms[i]! + bNorms[j]! - row[j]!) / 2;
      const base = product / size + 1;
      sum += base * base * base; // the power function takes ten times as long
    }
  });
  const [n, m] = [aNorms.length, bNorms.length];
  return sum / (isOwn ? n * (n - 1) : n * m);
}

function squaredNorms(items: Float32Array, size: number): Float64Array {
  return Float64Array.from({ length: items.length / size }, (_, i) => {
    let sum = 0;
    for (let k = i * size; k < (i + 1) * size; k++) sum += items[k]! ** 2;
    return sum;
  });
}
