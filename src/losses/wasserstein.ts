// Arjovsky et al. 2017, Algorithm 1: D is a critic without sigmoid, kept Lipschitz by clipping its weights after each of its steps, or by a
// penalty on its slope (Gulrajani et al. 2017).
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { lossEntry } from './loss.js';

const PAPER_CLIP = 0.01;

export const wasserstein = lossEntry({
  options: z
    .strictObject({
      name: z.literal('wasserstein'),
      clip: z
        .number()
        .positive()
        .optional()
        .describe(
          "bound of D's weights; default: the paper's 0.01, or none where a penalty bounds D's slope (gradient-penalty, dragan, r1, r2, clip) or the network does (spectral norm)",
        ),
    })
    .describe(
      'D is a critic, whose means of real and of fake items it moves apart (Arjovsky et al. 2017, algorithm 1)',
    ),
  make: () => ({
    discriminator: ({ real, fake }) => tf.sub(tf.mean(fake), tf.mean(real)) as tf.Scalar,
    generator: ({ fake }) => tf.neg(tf.mean(fake)) as tf.Scalar,
    generatorSees: 'fake',
    discriminatorGives: 'score',
  }),
  bounds: ({ clip }, isSlopeBounded) => {
    const weight = clip ?? (isSlopeBounded ? undefined : PAPER_CLIP);
    return weight === undefined ? {} : { weight };
  },
});
