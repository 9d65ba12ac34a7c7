// Instance noise (Sønderby et al. 2017, section 4; Arjovsky and Bottou 2017, section 3): Gaussian noise on all that D is shown, real and generated
// alike, which dies away, so that the two distributions overlap while G is far from the data.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { randomNormal, type SeedSource } from '../kernels/random.js';

export const instanceNoise = z
  .strictObject({
    deviation: z
      .number()
      .positive()
      .max(1e3)
      .describe('of the noise at first, in units of the data, whose pictures are on [-1, 1]'),
    steps: z.int().positive().describe('of G, in which it falls in a line to 0'),
  })
  .optional()
  .describe(
    'Gaussian noise on whatever D is shown, of generated and real items alike (Sønderby et al. 2017); default: none',
  );
export type InstanceNoise = NonNullable<z.output<typeof instanceNoise>>;

/** The noise's deviation where G has done so many steps: both nets' steps of a moment have the same. */
export const deviationAt = ({ deviation, steps }: InstanceNoise, generatorSteps: number): number =>
  deviation * Math.max(0, 1 - generatorSteps / steps);

/** @param deviation a scalar, or `[1]` @returns items with noise of this deviation on each value */
export const noisy = (items: tf.Tensor, deviation: tf.Tensor, seeds: SeedSource): tf.Tensor =>
  tf.add(items, tf.mul(randomNormal(items.shape, seeds), deviation));
