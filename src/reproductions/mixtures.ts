// Gaussians: the toy in one dimension (Goodfellow et al. 2014, figure 1), the ring and the grid by the protocol of PacGAN (Lin et al. 2018, section 4.1) and VEEGAN (Srivastava et al. 2017).
import type { Published, Reproduction } from './reproduction.js';

const MEASURES = [
  { name: 'modes_captured', title: 'modes' },
  { name: 'high_quality_samples_ratio', title: 'high quality, %', isShare: true },
  { name: 'mode_kl_divergence_nats', title: 'reverse KL, nats' },
] as const;

const VEEGAN = 'Srivastava et al. 2017, table 1';
const PACGAN = 'Lin et al. 2018, table 1';

/** [method, source, modes, its error, high quality in percent, reverse KL] */
type Row = [string, string, number, number | undefined, number, number | undefined];

const published = (rows: readonly Row[]): Published[] =>
  rows.map(([method, source, modes, error, quality, kl]) => ({
    method,
    source,
    measures: {
      modes_captured: { mean: modes, ...(error !== undefined && { standardError: error }) },
      high_quality_samples_ratio: { mean: quality / 100 },
      ...(kl !== undefined && { mode_kl_divergence_nats: { mean: kl } }),
    },
  }));

const DEPARTURES =
  'nets of three layers of 128 (G of the grid: five) where the paper has 400 and maxout of 200 x 5; the rate falls to zero and G is averaged over its steps';

const protocol = (modes: string, steps: string): string[] => [
  `${modes}; 2,500 samples of the averaged G`,
  'of high quality: within three deviations of the nearest mode, Euclidean; captured: modes nearest to at least one such sample',
  'reverse KL: sum of p log(p K) over the nearest modes of all samples; it is 0 for a G that is even',
  `${steps}; ${DEPARTURES}`,
];

export const ring: Reproduction = {
  name: 'ring',
  config: 'ring-packed',
  seeds: 10,
  protocol: protocol(
    '8 modes on a circle of radius 1, deviation 0.01',
    '15,000 steps where the paper takes 400,000',
  ),
  measuredBy: 'evaluator',
  measures: MEASURES,
  published: published([
    ['GAN', VEEGAN, 1, undefined, 99.3, undefined],
    ['unrolled GAN', VEEGAN, 7.6, undefined, 35.6, undefined],
    ['VEEGAN', VEEGAN, 8, undefined, 52.9, undefined],
    ['GAN', PACGAN, 6.3, 0.5, 98.2, 0.45],
    ['PacGAN2', PACGAN, 7.9, 0.1, 95.6, 0.07],
    ['PacGAN4', PACGAN, 7.8, 0.1, 95.9, 0.07],
  ]),
};

export const grid: Reproduction = {
  name: 'grid',
  config: 'grid-packed',
  seeds: 10,
  protocol: protocol('5 x 5 modes, 2 apart, deviation 0.05', '45,000 steps where the paper takes 400,000'),
  measuredBy: 'evaluator',
  measures: MEASURES,
  published: published([
    ['GAN', VEEGAN, 3.3, undefined, 0.5, undefined],
    ['unrolled GAN', VEEGAN, 23.6, undefined, 16, undefined],
    ['VEEGAN', VEEGAN, 24.6, undefined, 40, undefined],
    ['GAN', PACGAN, 17.3, 0.8, 94.8, 0.7],
    ['PacGAN2', PACGAN, 23.8, 0.7, 91.3, 0.13],
    ['PacGAN4', PACGAN, 24.8, 0.2, 93.6, 0.04],
  ]),
};

export const gaussian: Reproduction = {
  name: 'gaussian-1d',
  config: 'paper/gaussian-1d',
  seeds: 5,
  protocol: [
    'data: normal, mean 4, deviation 4; G from six uniform numbers; D alone for 200 steps first',
    '100,000 samples of the averaged G and as many of the data; 40 bins over three deviations on both sides, and one beyond on each',
    'D - 1/2: the largest over these three deviations; D - D*: the mean under the data, D* = p_data / (p_data + p_g)',
  ],
  measuredBy: 'one-dimension',
  measures: [
    { name: 'total_variation_ratio', title: 'total variation' },
    { name: 'js_divergence_nats', title: 'JS, nats' },
    { name: 'discriminator_distance_ratio', title: '|D - 1/2|' },
    { name: 'optimal_discriminator_distance_ratio', title: '|D - D*|' },
    { name: 'value_function_nats', title: 'V(D, G), nats' },
  ],
  published: [
    {
      method: 'the optimum',
      source: 'Goodfellow et al. 2014, theorem 1',
      measures: {
        total_variation_ratio: { mean: 0 },
        js_divergence_nats: { mean: 0 },
        discriminator_distance_ratio: { mean: 0 },
        optimal_discriminator_distance_ratio: { mean: 0 },
        value_function_nats: { mean: -Math.log(4) },
      },
    },
  ],
};
