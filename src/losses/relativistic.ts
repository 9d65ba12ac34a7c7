// Relativistic losses (Jolicoeur-Martineau 2018): D says by how much a real item is more real than a generated one, and G, which sees real
// items too, turns that round. -log sigmoid(x) = softplus(-x).
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { lossEntry } from './loss.js';

/** Mean of -log sigmoid(a - b). */
const above = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.mean(tf.softplus(tf.sub(b, a))) as tf.Scalar;

/** Each real item beside one generated one, in their order in the minibatch. */
export const relativistic = lossEntry({
  options: z
    .strictObject({ name: z.literal('relativistic') })
    .describe(
      'each real item is to score above the generated one beside it (Jolicoeur-Martineau 2018, section 3.2; R3GAN)',
    ),
  make: () => ({
    discriminator: ({ real, fake }) => above(real, fake),
    generator: ({ real, fake }) => above(fake, real),
    generatorSees: 'both',
    discriminatorGives: 'score',
  }),
});

/** Each item beside the mean of the others, which is that of the shard. */
const aboveMean = (winner: tf.Tensor, loser: tf.Tensor): tf.Scalar =>
  tf.add(above(winner, tf.mean(loser)), above(tf.mean(winner), loser)) as tf.Scalar;

export const relativisticAverage = lossEntry({
  options: z
    .strictObject({ name: z.literal('relativistic-average') })
    .describe(
      "each item against the other kind's mean over its shard (Jolicoeur-Martineau 2018, section 4.1; ESRGAN)",
    ),
  make: () => ({
    discriminator: ({ real, fake }) => aboveMean(real, fake),
    generator: ({ real, fake }) => aboveMean(fake, real),
    generatorSees: 'both',
    discriminatorGives: 'score',
  }),
});
