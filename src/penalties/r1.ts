// R1 (Mescheder, Geiger and Nowozin 2018, equation 9): weight/2 times the mean squared norm of D's gradient at real items.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { withSecondDerivatives } from '../kernels/second-derivatives.js';
import { type DiscriminatorContext, penaltyEntry } from './penalty.js';

export const r1 = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({
      name: z.literal('r1'),
      weight: z.number().positive().default(10).describe('gamma of the paper, which took 10'),
    })
    .describe("half the mean squared norm of D's gradient at real items (Mescheder et al. 2018, equation 9)"),
  make:
    ({ weight }) =>
    ({ discriminator, real }) =>
      tf.mul(weight / 2, tf.mean(squaredNorms(inputGradient(discriminator, real)))) as tf.Scalar,
});

/** D's slope at each item, `[batch, ...item]`, which can be differentiated by D's weights. */
const inputGradient = (discriminator: (items: tf.Tensor) => tf.Tensor, items: tf.Tensor): tf.Tensor =>
  withSecondDerivatives(() => tf.grad((x) => tf.sum(discriminator(x)))(items));

/** `[batch, ...item]` → `[batch]` */
const squaredNorms = (x: tf.Tensor): tf.Tensor =>
  tf.sum(
    tf.square(x),
    x.shape.slice(1).map((_, i) => i + 1),
  );
