// One number for collapse, defined once for every kind of data. From where on it is one, collapse-rule.ts says.
import { measure } from './measure.js';

export const COLLAPSE_SCORE = 'gan_mode_collapse_score_ratio';

export const collapse = measure({
  metrics: {
    [COLLAPSE_SCORE]:
      "Share of the data's variety that samples lack: 1 - exp(-reverse KL over modes, classes or bins), for images at least 1 - diversity",
  },
  appliesTo: ['mixtures', 'images'],
  cost: { samples: 0, growth: 'none: it is computed from the divergence and the diversity' },
  prepare:
    () =>
    (_, { gan_mode_kl_divergence_nats: reverseKlNats, gan_sample_diversity_ratio: diversity }) => ({
      [COLLAPSE_SCORE]: collapseScore({
        reverseKlNats: reverseKlNats!,
        ...(diversity !== undefined && { diversity }),
      }),
    }),
});

/**
 * The collapse score: the share of the data's variety that the samples lack, 1 - exp(-KL), in [0, 1).
 *
 * KL is the reverse divergence of the samples' histogram over the data's bins: the modes of a mixture, the classes of a
 * labelled set, k-means bins of real images. Over K bins that the data fill evenly exp(-KL) is the effective number of
 * bins in use, exp(entropy), over K: samples spread over half of them score 0.5, all in one of 8 score 0.875.
 *
 * Images are also compared by their distances: the score is at least 1 - diversity, where diversity is the samples' mean
 * pairwise distance over that of real images. Samples that look alike may fall into many bins when they look like nothing.
 */
export const collapseScore = ({
  reverseKlNats,
  diversity = 1,
}: {
  reverseKlNats: number;
  diversity?: number;
}): number => Math.max(1 - Math.exp(-Math.max(0, reverseKlNats)), 1 - Math.min(1, diversity));
