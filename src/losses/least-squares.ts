// Least squares (Mao et al. 2017, equation 2, with a = 0 and b = c = 1): D's outputs are drawn to 1 for real and to 0 for generated items.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { lossEntry } from './loss.js';

/** Half the mean squared distance of outputs from a goal. */
const distance = (outputs: tf.Tensor, goal: number): tf.Tensor =>
  tf.mul(0.5, tf.mean(tf.square(tf.sub(outputs, goal))));

export const leastSquares = lossEntry({
  options: z
    .strictObject({ name: z.literal('least-squares') })
    .describe(
      "D's outputs are drawn to 1 for real and to 0 for generated items, G's to 1 (Mao et al. 2017, equation 2)",
    ),
  make: () => ({
    discriminator: ({ real, fake }) => tf.add(distance(real, 1), distance(fake, 0)) as tf.Scalar,
    generator: ({ fake }) => distance(fake, 1) as tf.Scalar,
    generatorSees: 'fake',
    discriminatorGives: 'score',
  }),
});
