// The pixel distance of image to image (Isola et al. 2017, equation 3): G's picture is to be the one that it was to make, and L1 blurs less
// than L2 would.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { assert } from '../errors.js';
import { relu } from '../kernels/activations.js';
import { everySteps, type GeneratorContext, penaltyEntry } from './penalty.js';

export const pixelL1 = penaltyEntry<GeneratorContext>()({
  options: z
    .strictObject({
      name: z.literal('pixel-l1'),
      weight: z.number().positive().default(100).describe('lambda of the paper, section 3.3: 100'),
      everySteps,
    })
    .describe(
      "mean absolute difference of G's pictures from those that they were to be, on [-1, 1], where the data are pairs (pix2pix: Isola et al. 2017, " +
        'equation 3)',
    ),
  make:
    ({ weight }) =>
    ({ pair }) => {
      assert(pair, () => 'pixel-l1 is for data that are pairs');
      return tf.mul(weight, tf.mean(absolute(tf.sub(pair.real, pair.fake)))) as tf.Scalar;
    },
});

/** |x|, whose slope is 0 where x is, as PyTorch has it. */
const absolute = (x: tf.Tensor): tf.Tensor => tf.add(relu(x), relu(tf.neg(x)));
