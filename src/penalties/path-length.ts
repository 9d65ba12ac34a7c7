// Path length regularization (Karras et al. 2020a, section 3.2, equation 4): a step of G's codes is to move the picture as far wherever it
// is taken, as far as it does on average.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { randomNormal } from '../kernels/random.js';
import { withSecondDerivatives } from '../kernels/second-derivatives.js';
import { squaredNorms } from './input-gradient.js';
import { everySteps, type GeneratorContext, penaltyEntry } from './penalty.js';

/** The moving average of the lengths, before this step: so the term of a shard depends on no other. */
const MEAN = 'pathLength/mean';
/** Keeps the slope of the root finite where a length is 0. */
const EPSILON = 1e-12;

export const pathLength = penaltyEntry<GeneratorContext>()({
  options: z
    .strictObject({
      name: z.literal('path-length'),
      weight: z.number().positive().default(2).describe("StyleGAN2's pl_weight"),
      decay: z
        .number()
        .min(0)
        .lt(1)
        .default(0.99)
        .describe(
          'share of the mean length, from which lengths are to differ little, that is kept at each step',
        ),
      everySteps,
    })
    .describe(
      'a step of the styles (of the latents, where a network has no styles) is to change the image as much wherever it is taken ' +
        '(StyleGAN2: Karras et al. 2020, equation 4; there every 4 steps)',
    ),
  slots: ({ decay }) => [
    {
      ...{ name: MEAN, shape: [1], merge: 'mean', momentum: decay },
      initializer: { kind: 'constant', value: 0 },
    },
  ],
  make:
    ({ weight }) =>
    ({ codes, synthesize, seeds, slot, writeSlot }) => {
      const lengths = pathLengths(codes, synthesize, (shape) => randomNormal(shape, seeds));
      writeSlot(MEAN, tf.reshape(tf.mean(lengths), [1]));
      return tf.mul(weight, tf.mean(tf.square(tf.sub(lengths, slot(MEAN))))) as tf.Scalar;
    },
});

/** |J^T y| of each sample, y normal with variance 1 / pixels; where each layer has codes of its own, the root of the mean over layers. */
function pathLengths(
  codes: tf.Tensor,
  synthesize: GeneratorContext['synthesize'],
  normal: (shape: number[]) => tf.Tensor,
): tf.Tensor {
  const slope = withSecondDerivatives(() =>
    tf.grad((at) => {
      const items = synthesize(at);
      const pixels = items.rank === 4 ? items.shape[1]! * items.shape[2]! : 1;
      return tf.sum(tf.mul(items, tf.mul(normal(items.shape), 1 / Math.sqrt(pixels))));
    })(codes),
  );
  const layers = codes.rank === 3 ? codes.shape[1]! : 1;
  return tf.sqrt(tf.add(tf.div(squaredNorms(slope), layers), EPSILON));
}
