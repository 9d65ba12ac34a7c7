// One number for collapse, defined once for every kind of data.
import { assert } from '../errors.js';

/** Samples that lack more than half of the data's variety have collapsed: the alert's threshold too (rules/alerts.yml). */
export const COLLAPSE_THRESHOLD = 0.5;

/**
 * Reverse KL divergence of two histograms over the same bins, in nats: sum p log(p / q). `p` is the samples', `q` the data's.
 * A bin that no real item fell into and a sample did is given half an item, so that the divergence stays finite.
 * @param samples counts of samples a bin; @param real counts (or weights) of real items a bin
 */
export function reverseKlBetween(samples: readonly number[], real: readonly number[]): number {
  assert(samples.length === real.length, () => `${samples.length} bins against ${real.length}`);
  const q = real.map((count) => (count > 0 ? count : 0.5));
  const [sampleTotal, realTotal] = [sum(samples), sum(q)];
  if (sampleTotal === 0) return Math.log(samples.length);
  return sum(
    samples.map((count, i) => {
      const p = count / sampleTotal;
      return p > 0 ? p * Math.log((p * realTotal) / q[i]!) : 0;
    }),
  );
}

/**
 * The collapse score: the share of the data's variety that the samples lack, 1 - exp(-KL), in [0, 1).
 *
 * KL is the reverse divergence of the samples' histogram over the data's bins: the modes of a mixture, the classes of a
 * labelled set, k-means bins of real images. Over K bins that the data fill evenly exp(-KL) is the effective number of
 * bins in use, exp(entropy), over K: samples spread over half of them score 0.5, all in one of 8 score 0.875.
 *
 * Images are also compared by their distances: the score is at least 1 - diversity, where diversity is the samples' mean
 * pairwise distance over that of real images. Samples that look alike may fall into many bins when they look like nothing.
 */
export const collapseScore = ({
  reverseKlNats,
  diversity = 1,
}: {
  reverseKlNats: number;
  diversity?: number;
}): number => Math.max(1 - Math.exp(-Math.max(0, reverseKlNats)), 1 - Math.min(1, diversity));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
