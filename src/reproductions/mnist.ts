// Digits: MNIST under Parzen windows, by the protocol of Goodfellow et al. 2014, section 5 (their parzen_ll.py); stacked MNIST by that of
// PacGAN (Lin et al. 2018, section 4.2) and VEEGAN (Srivastava et al. 2017, section 5.2).
import type { Published, Reproduction } from './reproduction.js';

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
  config: 'mnist-conditional',
  seeds: 1,
  protocol: [
    'G and D are told the class, which is drawn as often as the data have it; the paper knows no classes, nor does the row without them',
    '10,000 samples, pixels in [0, 1]; a Gaussian window around each',
    'its deviation: of np.logspace(-1, 0, 10) the one that the 1,000 training images from 50,000 on are likeliest under',
    'mean log-likelihood of the 10,000 test images in nats; of one seed its error is the deviation over 100',
    'training images: 10,000 of the first 50,000; k-means: 10,000 centres of these 50,000, five iterations of Lloyd; noise: uniform on [0, 1]',
    "the paper's recipe: configs/paper/mnist-maxout.yaml, 10,000 steps from G's output bias at the logit of each pixel's mean over all 60,000 images; from seed 2 on, since 1 collapses",
  ],
  measuredBy: 'parzen',
  measures: [
    { name: 'parzen_nats', title: 'log-likelihood, nats', error: 'parzen_standard_error_nats' },
    { name: 'parzen_deviation', title: 'sigma' },
  ],
  beside: [
    { method: 'without classes', config: 'mnist-gan' },
    { method: "the paper's recipe", config: 'paper/mnist-maxout' },
  ],
  published: ROWS.map(([method, mean, standardError]) => ({
    method,
    source: GOODFELLOW,
    measures: { parzen_nats: { mean, standardError } },
  })),
};

const VEEGAN = 'Srivastava et al. 2017, table 2';
const PACGAN = 'Lin et al. 2018, table 2';

/** A row of modes and reverse KL. */
const stackedRow = (
  method: string,
  source: string,
  { modes, error, kl }: { modes: number; error?: number; kl: number },
): Published => ({
  method,
  source,
  measures: {
    stacked_modes_captured: { mean: modes, ...(error !== undefined && { standardError: error }) },
    stacked_mode_kl_divergence_nats: { mean: kl },
  },
});

export const stackedMnist: Reproduction = {
  name: 'stacked-mnist',
  config: 'stacked-mnist',
  seeds: 1,
  protocol: [
    '128,000 fixed pictures of three random digits, one a channel; 26,000 samples of the averaged G',
    'each digit is told by a classifier that is trained here with the 60,000 of MNIST: 99.15 % right on the test set',
    'captured: triples that at least one sample is of, of 1,000; reverse KL: sum of p log(1000 p), of an even G .019 by chance',
    "G and D: a quarter of the paper's feature maps and a hidden layer besides, 24,000 steps where it takes 100,000; pictures on [-1, 1], as G makes them, where its code has [0, 1]",
  ],
  measuredBy: 'stacked-modes',
  measures: [
    { name: 'stacked_modes_captured', title: 'modes' },
    { name: 'stacked_mode_kl_divergence_nats', title: 'reverse KL, nats' },
    { name: 'stacked_sure_ratio', title: 'sure digits, %', isShare: true },
  ],
  published: [
    stackedRow('DCGAN', VEEGAN, { modes: 99, kl: 3.4 }),
    stackedRow('unrolled GAN', VEEGAN, { modes: 48.7, kl: 4.32 }),
    stackedRow('VEEGAN', VEEGAN, { modes: 150, kl: 2.95 }),
    stackedRow('DCGAN', PACGAN, { modes: 78.9, error: 6.5, kl: 4.5 }),
    stackedRow('PacDCGAN2', PACGAN, { modes: 1000, error: 0, kl: 0.06 }),
    stackedRow('PacDCGAN4', PACGAN, { modes: 1000, error: 0, kl: 0.07 }),
  ],
};
