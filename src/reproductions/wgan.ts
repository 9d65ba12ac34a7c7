// The claim of Arjovsky et al. 2017, section 4.2: a critic's loss falls as samples get better, and that of a discriminator does not.
import type { Reproduction } from './reproduction.js';

export const wganCorrelation: Reproduction = {
  name: 'wgan-correlation',
  config: 'paper/wgan-correlation',
  seeds: 3,
  protocol: [
    '8 modes on a circle of radius 1, deviation 0.01; a checkpoint every 50 of 2,000 steps of G, weights as they are',
    'what the loss says: of WGAN E f(x) - E f(G(z)), of the GAN of 2014 V / 2 + log 2, both of 5,000 items and 5,000 samples that no step saw',
    "how far samples are: sliced Wasserstein distance, 128 lines; the correlation is Pearson's, over the 40 checkpoints",
  ],
  measuredBy: 'loss-correlation',
  measures: [
    { name: 'loss_distance_correlation', title: 'correlation of loss and distance' },
    { name: 'sliced_wasserstein_distance', title: 'last distance' },
  ],
  beside: [{ method: 'GAN of 2014, same nets', config: 'paper/wgan-correlation-js' }],
  published: [
    { method: 'WGAN', source: 'Arjovsky et al. 2017, figure 3: "correlates well", no number', measures: {} },
    { method: 'GAN', source: 'Arjovsky et al. 2017, figure 4: "does not correlate well"', measures: {} },
  ],
};
