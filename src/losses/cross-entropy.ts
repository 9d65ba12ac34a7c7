// The two losses of Goodfellow et al. 2014, on the value function V(D, G) of equation 1.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type Logits, lossEntry } from './loss.js';

const mean = (x: tf.Tensor): tf.Scalar => tf.mean(x) as tf.Scalar;
/** -log sigmoid(x) = softplus(-x), stable for every x */
const negativeLogSigmoid = (x: tf.Tensor): tf.Tensor => tf.softplus(tf.neg(x));

/** -V(D, G): -E log D(x) - E log(1 - D(G(z))) */
const discriminator = ({ real, fake }: Logits): tf.Scalar =>
  tf.add(mean(negativeLogSigmoid(real)), mean(tf.softplus(fake)));

/** Equation 1 for both players: G minimizes E log(1 - D(G(z))), whose gradient vanishes while D is winning. */
export const minimax = lossEntry({
  options: z
    .strictObject({ name: z.literal('minimax') })
    .describe('equation 1 of Goodfellow et al. 2014 for both; G learns nothing from a D that always wins'),
  make: () => ({
    discriminator,
    generator: ({ fake }) => tf.neg(mean(tf.softplus(fake))) as tf.Scalar,
    generatorSees: 'fake',
    discriminatorGives: 'logit',
  }),
});

/** Section 3 of the same paper: G maximizes E log D(G(z)) instead. */
export const nonSaturating = lossEntry({
  options: z
    .strictObject({ name: z.literal('non-saturating') })
    .describe('G maximizes log D(G(z)) instead (section 3 of the same paper)'),
  make: () => ({
    discriminator,
    generator: ({ fake }) => mean(negativeLogSigmoid(fake)),
    generatorSees: 'fake',
    discriminatorGives: 'logit',
  }),
});
