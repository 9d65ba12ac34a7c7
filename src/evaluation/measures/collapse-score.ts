// One number for collapse, defined once for every kind of data, and from where on it is one.
import { measure } from './measure.js';

/**
 * Samples that lack more than half of the data's variety have collapsed, once a tenth of the run is behind: an untrained generator
 * lacks variety too. Verdicts and the figure's line are of these two; the alert GanModeCollapse and its panel say them again, and a
 * test compares them.
 */
export const COLLAPSE = { scoreMin: 0.5, runShareMin: 0.1 } as const;

/** @param step G's, of the version that was measured @param goal G's steps at which the run is done */
export const isCollapsed = (score: number, { step, goal }: { step: number; goal: number }): boolean =>
  score > COLLAPSE.scoreMin && step > COLLAPSE.runShareMin * goal;

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
