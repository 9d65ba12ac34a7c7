// Losses of the adversarial game, chosen apart from networks and penalties. All work on logits, never on probabilities.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** logits `[batch, 1]` in, a scalar to be minimized out */
export interface GanLoss {
  discriminator(real: tf.Tensor, fake: tf.Tensor): tf.Scalar;
  generator(fake: tf.Tensor): tf.Scalar;
}

const mean = (x: tf.Tensor): tf.Scalar => tf.mean(x) as tf.Scalar;
/** -log sigmoid(x) = softplus(-x), stable for every x */
const negativeLogSigmoid = (x: tf.Tensor): tf.Tensor => tf.softplus(tf.neg(x));

/** -V(D, G) of Goodfellow et al. 2014, equation 1: -E log D(x) - E log(1 - D(G(z))) */
const crossEntropy = (real: tf.Tensor, fake: tf.Tensor): tf.Scalar =>
  tf.add(mean(negativeLogSigmoid(real)), mean(tf.softplus(fake)));

const LOSSES = {
  /** Equation 1 for both players: G minimizes E log(1 - D(G(z))), whose gradient vanishes while D is winning. */
  minimax: {
    discriminator: crossEntropy,
    generator: (fake: tf.Tensor) => tf.neg(mean(tf.softplus(fake))) as tf.Scalar,
  },
  /** Section 3 of the same paper: G maximizes E log D(G(z)) instead. */
  'non-saturating': {
    discriminator: crossEntropy,
    generator: (fake: tf.Tensor) => mean(negativeLogSigmoid(fake)),
  },
  /** Arjovsky et al. 2017, Algorithm 1: D is a critic without sigmoid, kept Lipschitz by clipping its weights. */
  wasserstein: {
    discriminator: (real: tf.Tensor, fake: tf.Tensor) => tf.sub(mean(fake), mean(real)) as tf.Scalar,
    generator: (fake: tf.Tensor) => tf.neg(mean(fake)) as tf.Scalar,
  },
} satisfies Record<string, GanLoss>;

export const lossOptions = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('minimax') }),
  z.strictObject({ name: z.literal('non-saturating') }),
  /** clip: D's weights are clamped to [-clip, clip] after each of its steps (paper: 0.01) */
  z.strictObject({ name: z.literal('wasserstein'), clip: z.number().positive().default(0.01) }),
]);
export type LossOptions = z.infer<typeof lossOptions>;

export const lossOf = (options: LossOptions): GanLoss => LOSSES[options.name];

/** Bound of D's weights after a step, or undefined where the loss asks for none. */
export const clipOf = (options: LossOptions): number | undefined =>
  options.name === 'wasserstein' ? options.clip : undefined;
