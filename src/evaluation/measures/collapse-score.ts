// One number for collapse, defined once for every kind of data. From where on it is one, collapse-rule.ts says.
import { kindOf, measure } from './measure.js';

export const COLLAPSE_SCORE = 'gan_mode_collapse_score_ratio';

export const collapse = measure({
  name: 'collapse-score',
  metrics: {
    [COLLAPSE_SCORE]: {
      says: "Share of the data's variety that samples lack: 1 - exp(-reverse KL over modes, classes or bins); for images at least 1 - diversity, for mixtures at least 1 - 25 times the share of high quality",
      better: 'lower',
    },
  },
  appliesTo: ['mixtures', 'images'],
  isStanding: true,
  cost: {
    samples: 0,
    growth: 'none: it is computed from the divergence, the diversity and the share of high quality',
  },
  protocol: ({ source }): Readonly<Record<string, string | number>> =>
    kindOf(source) === 'mixtures'
      ? { 'high quality, at least': HIGH_QUALITY_LEAST }
      : { diversity: 'at most 1' },
  prepare(_, has) {
    if (!has('gan_mode_kl_divergence_nats'))
      return { because: 'there are no modes or bins that could be lost' };
    return (
      __,
      {
        gan_mode_kl_divergence_nats: reverseKlNats,
        gan_sample_diversity_ratio: diversity = 1,
        gan_high_quality_samples_ratio: highQuality = 1,
      },
    ) => ({ [COLLAPSE_SCORE]: collapseScore({ reverseKlNats: reverseKlNats!, diversity, highQuality }) });
  },
});

/**
 * Share of high quality below which quality itself has collapsed: twice what samples have by chance that lie evenly over the grid's
 * square (25 circles of 0.15 in 10 x 10: 0.018). GANs that are said to work have 0.16 to 0.99 there (VEEGAN's and PacGAN's tables).
 */
const HIGH_QUALITY_LEAST = 0.04;

/**
 * The collapse score: the share of the data's variety that the samples lack, 1 - exp(-KL), in [0, 1].
 *
 * KL is the reverse divergence of the samples' histogram over the data's bins: the modes of a mixture, the classes of a
 * labelled set, k-means bins of real images. Over K bins that the data fill evenly exp(-KL) is the effective number of
 * bins in use, exp(entropy), over K: samples spread over half of them score 0.5, all in one of 8 score 0.875.
 *
 * Every sample has a nearest mode, however far off: samples that lie nowhere fill the histogram as evenly as good ones. So below 4 %
 * of high quality the score is at least 1 - 25 times that share: 0.5 at 2 %, 0.95 at 0.2 %, 1 where no sample is near a mode.
 *
 * Images are also compared by their distances: the score is at least 1 - diversity, where diversity is the samples' mean
 * pairwise distance over that of real images. Samples that look alike may fall into many bins when they look like nothing.
 */
export const collapseScore = ({
  reverseKlNats,
  diversity = 1,
  highQuality = 1,
}: {
  reverseKlNats: number;
  diversity?: number;
  highQuality?: number;
}): number =>
  Math.max(
    1 - Math.exp(-Math.max(0, reverseKlNats)),
    1 - Math.min(1, diversity),
    1 - Math.min(1, highQuality / HIGH_QUALITY_LEAST),
  );
