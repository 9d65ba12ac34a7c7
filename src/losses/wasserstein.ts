// Arjovsky et al. 2017, Algorithm 1: D is a critic without sigmoid, kept Lipschitz by clipping its weights after each of its steps.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { lossEntry } from './loss.js';

export const wasserstein = lossEntry({
  options: z
    .strictObject({
      name: z.literal('wasserstein'),
      clip: z.number().positive().default(0.01).describe("bound of D's weights (paper: 0.01)"),
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
  constraint: ({ clip }) => ({ net: 'discriminator', bound: clip }),
});
