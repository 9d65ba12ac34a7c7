// In how many bins of real images samples are too many or too few, and how far the two histograms are apart: NDB and JS (Richardson and
// Weiss 2018, section 3; their ndb.py).
import { assert } from '../../errors.js';
import { countsOf } from './groups.js';
import { measure } from './measure.js';

/** Two-sided 5 % of the standard normal. */
const Z_LIMIT = 1.96;

export const differentBins = measure({
  name: 'ndb',
  metrics: {
    gan_different_bins_ratio: {
      name: 'ndb',
      says: 'Share of k-means bins of real images whose proportion differs among samples (NDB/K, two-proportion z-test at 5 %)',
      better: 'lower',
    },
    gan_bins_js_divergence_nats: {
      name: 'ndb-js',
      says: 'Jensen-Shannon divergence of the histograms of samples and real images over those bins',
      better: 'lower',
    },
  },
  appliesTo: ['images'],
  isStanding: true,
  cost: { samples: 1000, growth: 'samples, times bins' },
  protocol: ({ bins }) => ({
    bins: bins!.realCounts.length,
    real: bins!.realCounts.reduce((sum, count) => sum + count, 0),
    distances: 'of a random projection',
  }),
  prepare({ bins }) {
    assert(bins, () => 'images are measured against bins');
    if (bins.realCounts.length < 2) return { because: 'all real images fall into one bin' };
    return (samples) => {
      const counts = countsOf(bins.assign(samples), bins.realCounts.length);
      return {
        gan_different_bins_ratio: differentRatio(counts, bins.realCounts),
        gan_bins_js_divergence_nats: jensenShannon(counts, bins.realCounts),
      };
    };
  },
});

/** Share of bins whose proportion differs; 0.05 for real images. */
export function differentRatio(counts: readonly number[], realCounts: readonly number[]): number {
  const [n, m] = [counts, realCounts].map((all) => all.reduce((a, b) => a + b, 0)) as [number, number];
  const different = counts.filter((count, i) => Math.abs(zOf(count, n, realCounts[i]!, m)) > Z_LIMIT);
  return different.length / counts.length;
}

/** Jensen-Shannon divergence of two histograms over the same bins, in nats, from 0 to log 2. */
export function jensenShannon(a: readonly number[], b: readonly number[]): number {
  const [p, q] = [a, b].map((counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => count / total);
  }) as [number[], number[]];
  const toMiddle = (x: number, y: number) => (x > 0 ? x * Math.log((2 * x) / (x + y)) : 0);
  return p.reduce((sum, x, i) => sum + toMiddle(x, q[i]!) + toMiddle(q[i]!, x), 0) / 2;
}

/** The statistic of the two-proportion z-test; 0 where both are empty. */
function zOf(a: number, n: number, b: number, m: number): number {
  const pooled = (a + b) / (n + m);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return deviation === 0 ? 0 : (a / n - b / m) / deviation;
}
