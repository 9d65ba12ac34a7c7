// Weight decay as a term of the loss: weight/2 times the squared norm of all weights, so that its gradient is weight * w (Krogh and
// Hertz 1992, equation 2). With Adam this is L2 regularization, not the decoupled decay of AdamW.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type PenaltyContext, penaltyEntry } from './penalty.js';

export const weightDecay = penaltyEntry<PenaltyContext>()({
  options: z
    .strictObject({
      name: z.literal('weight-decay'),
      weight: z.number().positive().default(1e-4).describe('the gradient has weight times w more'),
    })
    .describe('half the squared norm of all weights (Krogh and Hertz 1992, equation 2)'),
  make:
    ({ weight }) =>
    ({ parameters }) =>
      tf.mul(
        weight / 2,
        tf.addN([...parameters.values()].map((values) => tf.sum(tf.square(values)))),
      ) as tf.Scalar,
});
