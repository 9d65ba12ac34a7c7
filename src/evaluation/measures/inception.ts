// The measures of the Inception network of 2015, on weights that the user has: FID (Heusel et al. 2017), KID (Bińkowski et al. 2018) and the
// Inception Score (Salimans et al. 2016), with the arithmetic that their authors published.
import { assert } from '../../errors.js';
import { frechetTo, momentsOf } from './frechet.js';
import { discrepancyTo, KERNEL } from './kernel-distance.js';
import { measure, type Reference } from './measure.js';

/** Salimans et al. 2016: the score is a mean over so many parts of the samples. */
const SPLITS = 10;

export const inceptionMeasures = measure({
  name: 'inception',
  metrics: {
    gan_frechet_inception_distance: {
      name: 'fid',
      says: 'Fréchet distance of samples and real images in the features of Inception (FID)',
      better: 'lower',
    },
    gan_kernel_inception_distance: {
      name: 'kid',
      says: 'Kernel distance of samples and real images in the features of Inception (KID)',
      better: 'lower',
    },
    gan_inception_score: {
      name: 'inception-score',
      says: 'Inception Score: exp of the mean KL of the classes of a sample against those of all',
      better: 'higher',
    },
    gan_inception_score_deviation: {
      name: 'inception-score-deviation',
      says: 'Standard deviation of the Inception Score over the parts of the samples',
    },
  },
  appliesTo: ['images'],
  needs: ['inception'],
  cost: { samples: 10_000, growth: 'samples and real images, 6 GFLOP each, and features cubed' },
  protocol: ({ real, size, inception }) => ({
    features: `pool_3 of Inception, ${inception!.size} floats`,
    classes: inception!.classes,
    real: real.length / size,
    kernel: KERNEL,
    parts: SPLITS,
    size: 'bilinear in the graph, from values of 0 to 255',
  }),
  prepare({ real, size, inception, distances }: Reference) {
    assert(inception, () => 'the weights of Inception are given');
    if (real.length / size < 2) return { because: 'there is one real image' };
    const { features } = inception.look(real);
    const frechet = frechetTo(momentsOf(features, inception.size));
    const kernel = discrepancyTo(features, inception.size, distances);
    return (samples) => {
      const seen = inception.look(samples);
      const { score, deviation } = inceptionScore(seen.probabilities, inception.classes);
      return {
        gan_frechet_inception_distance: frechet(momentsOf(seen.features, inception.size)),
        gan_kernel_inception_distance: kernel(seen.features),
        gan_inception_score: score,
        gan_inception_score_deviation: deviation,
      };
    };
  },
});

/**
 * exp(mean KL(p(y|x) || p(y))) of each part of the samples: their mean and deviation, as in openai/improved-gan.
 * @param probabilities `[count, classes]`, rows that sum to 1
 */
export function inceptionScore(
  probabilities: Float32Array,
  classes: number,
  splits: number = SPLITS,
): { score: number; deviation: number } {
  const count = probabilities.length / classes;
  const parts = Math.min(splits, count);
  const scores = Array.from({ length: parts }, (_, part) => {
    const [from, to] = [part, part + 1].map((i) => Math.floor((i * count) / parts)) as [number, number];
    return scoreOf(probabilities.subarray(from * classes, to * classes), classes);
  });
  const mean = scores.reduce((a, b) => a + b, 0) / parts;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / parts;
  return { score: mean, deviation: Math.sqrt(variance) };
}

function scoreOf(probabilities: Float32Array, classes: number): number {
  const count = probabilities.length / classes;
  const marginal = new Float64Array(classes);
  probabilities.forEach((p, i) => {
    marginal[i % classes]! += p / count;
  });
  let divergence = 0;
  probabilities.forEach((p, i) => {
    if (p > 0) divergence += (p * Math.log(p / marginal[i % classes]!)) / count;
  });
  return Math.exp(divergence);
}
