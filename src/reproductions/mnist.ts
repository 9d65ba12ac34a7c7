// MNIST under Parzen windows, by the protocol of Goodfellow et al. 2014, section 5 (their parzen_ll.py).
import type { Reproduction } from './reproduction.js';

const GOODFELLOW = 'Goodfellow et al. 2014, table 1';

/** [method, mean, its error over test images] */
const ROWS: readonly [string, number, number][] = [
  ['deep belief network', 138, 2],
  ['stacked CAE', 121, 1.6],
  ['deep GSN', 214, 1.1],
  ['adversarial nets', 225, 2],
];

export const mnistParzen: Reproduction = {
  name: 'mnist-parzen',
  config: 'mnist-parzen',
  seeds: 1,
  protocol: [
    '10,000 samples, pixels in [0, 1]; a Gaussian window around each',
    'its deviation: of np.logspace(-1, 0, 10) the one that the 1,000 training images from 50,000 on are likeliest under',
    'mean log-likelihood of the 10,000 test images in nats; of one seed its error is the deviation over 100',
    'training images: 10,000 of the first 50,000; k-means: 10,000 centres of these 50,000, five iterations of Lloyd; noise: uniform on [0, 1]',
    "the paper's recipe: configs/paper/mnist-maxout.yaml with G's output bias the logit of the pixels' means, 10,000 steps",
  ],
  measuredBy: 'parzen',
  measures: [
    { name: 'parzen_nats', title: 'log-likelihood, nats', error: 'parzen_standard_error_nats' },
    { name: 'parzen_deviation', title: 'sigma' },
  ],
  beside: { method: "the paper's recipe", config: 'paper/mnist-maxout', begins: 'pixel-means' },
  published: ROWS.map(([method, mean, standardError]) => ({
    method,
    source: GOODFELLOW,
    measures: { parzen_nats: { mean, standardError } },
  })),
};
