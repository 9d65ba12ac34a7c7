// In how many bins of real images samples are too many or too few: NDB (Richardson and Weiss 2018).
import { assert } from '../../errors.js';
import { countsOf } from './groups.js';
import { measure } from './measure.js';

/** Two-sided 5 % of the standard normal. */
const Z_LIMIT = 1.96;

export const differentBins = measure({
  metrics: {
    gan_different_bins_ratio:
      'Share of k-means bins of real images whose proportion differs among samples (NDB/K, two-proportion z-test at 5 %)',
  },
  appliesTo: ['images'],
  cost: { samples: 1000, growth: 'samples, times bins' },
  prepare({ bins }) {
    assert(bins, () => 'images are measured against bins');
    if (bins.realCounts.length < 2) return { because: 'all real images fall into one bin' };
    return (samples) => ({
      gan_different_bins_ratio: differentRatio(
        countsOf(bins.assign(samples), bins.realCounts.length),
        bins.realCounts,
      ),
    });
  },
});

/** Share of bins whose proportion differs; 0.05 for real images. */
export function differentRatio(counts: readonly number[], realCounts: readonly number[]): number {
  const [n, m] = [counts, realCounts].map((all) => all.reduce((a, b) => a + b, 0)) as [number, number];
  const different = counts.filter((count, i) => Math.abs(zOf(count, n, realCounts[i]!, m)) > Z_LIMIT);
  return different.length / counts.length;
}

/** The statistic of the two-proportion z-test; 0 where both are empty. */
function zOf(a: number, n: number, b: number, m: number): number {
  const pooled = (a + b) / (n + m);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return deviation === 0 ? 0 : (a / n - b / m) / deviation;
}
