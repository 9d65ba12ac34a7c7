// How far the mean and the covariance of samples are from those of real items: the Fréchet distance of two Gaussians (Dowson and Landau
// 1982; Heusel et al. 2017, equation 6), in whatever features it is given. It is FID in those of Inception alone.
import { assert } from '../../errors.js';
import { choleskyRoot, congruent, eigenvalues } from '../../numerics/symmetric-matrices.js';
import { comparable, comparing, measure } from './measure.js';

/** Beyond it a covariance takes minutes: FID's features have 2048. */
const FLOATS_MAX = 2048;

export const frechet = measure({
  name: 'frechet',
  metrics: {
    gan_frechet_distance: {
      name: 'frechet',
      says: 'Squared Fréchet distance of Gaussians fitted to samples and real items, in features that the evaluator names; it is not FID',
      better: 'lower',
    },
  },
  appliesTo: ['mixtures', 'images', 'points'],
  cost: { samples: 5000, growth: 'samples times squared floats of a feature, and those cubed' },
  least: () => 2,
  protocol: comparing,
  prepare(reference) {
    const { real, size, of } = comparable(reference);
    if (size > FLOATS_MAX)
      return {
        because: `items have ${size} floats, and a covariance of more than ${FLOATS_MAX} takes minutes`,
      };
    if (real.length / size < 2) return { because: 'one real item has no covariance' };
    const distanceTo = frechetTo(momentsOf(real, size));
    return (samples) => ({ gan_frechet_distance: distanceTo(momentsOf(of(samples), size)) });
  },
});

/** Mean `[size]` and covariance `[size, size]` of items. */
export interface Moments {
  mean: Float64Array;
  covariance: Float64Array;
}

/** @param items `[count, size]`, at least two; the covariance is the unbiased one, over count - 1, as in np.cov */
export function momentsOf(items: Float32Array, size: number): Moments {
  const count = items.length / size;
  const mean = new Float64Array(size);
  for (let at = 0; at < items.length; at += size)
    for (let j = 0; j < size; j++) mean[j]! += items[at + j]! / count;
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let at = 0; at < items.length; at += size) {
    for (let j = 0; j < size; j++) centred[j] = items[at + j]! - mean[j]!;
    for (let i = 0; i < size; i++) {
      const factor = centred[i]! / (count - 1);
      if (factor === 0) continue;
      for (let j = i; j < size; j++) covariance[i * size + j]! += factor * centred[j]!;
    }
  }
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) covariance[i * size + j] = covariance[j * size + i]!;
  return { mean, covariance };
}

/**
 * |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)). With C1 = L L^T the eigenvalues of C1 C2 are those of L^T C2 L, which is symmetric.
 * @returns takes the other moments
 */
export function frechetTo(real: Moments): (moments: Moments) => number {
  const size = real.mean.length;
  const root = choleskyRoot(real.covariance, size);
  const trace = (matrix: Float64Array) =>
    Array.from({ length: size }, (_, i) => matrix[i * size + i]!).reduce((a, b) => a + b, 0);
  return ({ mean, covariance }) => {
    assert(mean.length === size, () => `features of ${mean.length} floats against ${size}`);
    const between = mean.reduce((sum, value, i) => sum + (value - real.mean[i]!) ** 2, 0);
    const roots = eigenvalues(congruent(root, covariance, size), size).reduce(
      (sum, value) => sum + Math.sqrt(Math.max(0, value)), // rounding may make one negative
      0,
    );
    return between + trace(real.covariance) + trace(covariance) - 2 * roots;
  };
}
