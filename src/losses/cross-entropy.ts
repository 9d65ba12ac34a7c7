// The two losses of Goodfellow et al. 2014, on the value function V(D, G) of equation 1, and one-sided label smoothing of D's.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type Logits, lossEntry } from './loss.js';

const mean = (x: tf.Tensor): tf.Scalar => tf.mean(x) as tf.Scalar;
/** -log sigmoid(x) = softplus(-x), stable for every x */
const negativeLogSigmoid = (x: tf.Tensor): tf.Tensor => tf.softplus(tf.neg(x));

const labelSmoothing = z
  .number()
  .min(0)
  .lt(1)
  .optional()
  .describe(
    'D learns that real items are real by 1 less this (Salimans et al. 2016, section 3.4: 0.1); default: 0',
  );

/** -V(D, G): -E log D(x) - E log(1 - D(G(z))); with smoothing s, real items have the label 1 - s: + s E log(D(x) / (1 - D(x))). */
const discriminator =
  (s = 0) =>
  ({ real, fake }: Logits): tf.Scalar => {
    const loss: tf.Scalar = tf.add(mean(negativeLogSigmoid(real)), mean(tf.softplus(fake)));
    return s === 0 ? loss : tf.add(loss, tf.mul(s, mean(real)));
  };

/** Equation 1 for both players: G minimizes E log(1 - D(G(z))), whose gradient vanishes while D is winning. */
export const minimax = lossEntry({
  options: z
    .strictObject({ name: z.literal('minimax'), labelSmoothing })
    .describe('equation 1 of Goodfellow et al. 2014 for both; G learns nothing from a D that always wins'),
  make: ({ labelSmoothing }) => ({
    discriminator: discriminator(labelSmoothing),
    generator: ({ fake }) => tf.neg(mean(tf.softplus(fake))) as tf.Scalar,
    generatorSees: 'fake',
    discriminatorGives: 'logit',
  }),
});

/** Section 3 of the same paper: G maximizes E log D(G(z)) instead. */
export const nonSaturating = lossEntry({
  options: z
    .strictObject({ name: z.literal('non-saturating'), labelSmoothing })
    .describe('G maximizes log D(G(z)) instead (section 3 of the same paper)'),
  make: ({ labelSmoothing }) => ({
    discriminator: discriminator(labelSmoothing),
    generator: ({ fake }) => mean(negativeLogSigmoid(fake)),
    generatorSees: 'fake',
    discriminatorGives: 'logit',
  }),
});
