// Arjovsky et al. 2017, Algorithm 1: D is a critic without sigmoid, kept Lipschitz by clipping its weights after each of its steps.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { lossEntry } from './loss.js';

export const wasserstein = lossEntry({
  /** clip: bound of D's weights (paper: 0.01) */
  options: z.strictObject({ name: z.literal('wasserstein'), clip: z.number().positive().default(0.01) }),
  make: () => ({
    discriminator: ({ real, fake }) => tf.sub(tf.mean(fake), tf.mean(real)) as tf.Scalar,
    generator: ({ fake }) => tf.neg(tf.mean(fake)) as tf.Scalar,
    generatorSees: 'fake',
    discriminatorGives: 'score',
  }),
  constraint: ({ clip }) => ({ net: 'discriminator', bound: clip }),
});
