// How far numbers are from one Gaussian, whose density is known: no real items are drawn for it. By the histogram of one-dimension.ts.

import { measure } from './measure.js';
import { BINS, divergenceOf, gaussianOf, NOT_GAUSSIAN, SUPPORT } from './one-dimension.js';

export const gaussianDivergence = measure({
  name: 'gaussian-divergence',
  metrics: {
    gan_js_divergence_nats: {
      says: 'Jensen-Shannon divergence of samples and the Gaussian that they are to be of, at most log 2',
      better: 'lower',
    },
    gan_total_variation_ratio: {
      says: 'Total variation of samples and the Gaussian that they are to be of',
      better: 'lower',
    },
  },
  appliesTo: ['mixtures'],
  cost: { samples: 2500, growth: 'samples' },
  protocol: () => ({ bins: BINS + 2, 'deviations on both sides': SUPPORT }),
  prepare({ source, size }) {
    const data = gaussianOf(source, size);
    if (!data) return { because: NOT_GAUSSIAN };
    return (samples) => {
      const { js_divergence_nats, total_variation_ratio } = divergenceOf(data, samples);
      return { gan_js_divergence_nats: js_divergence_nats, gan_total_variation_ratio: total_variation_ratio };
    };
  },
});
