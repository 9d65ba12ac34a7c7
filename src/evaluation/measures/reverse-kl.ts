// How far a histogram of samples is from that of the data.
import { assert } from '../../errors.js';

/**
 * Reverse KL divergence of two histograms over the same bins, in nats: sum p log(p / q). `p` is the samples', `q` the data's.
 * A bin that no real item fell into and a sample did is given half an item, so that the divergence stays finite.
 * Where nothing was counted it is log K of K bins, the worst that an even histogram can have.
 * @param samples counts of samples a bin; @param real counts (or weights) of real items a bin
 */
export function reverseKl(samples: readonly number[], real: readonly number[]): number {
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

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
