// R1 and R2 (Mescheder, Geiger and Nowozin 2018, equations 9 and 10): weight/2 times the mean squared norm of D's gradient at real items,
// or at generated ones.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { squaredNorms } from './input-gradient.js';
import { type DiscriminatorContext, everySteps, penaltyEntry } from './penalty.js';

const weight = z.number().positive().default(10).describe('gamma of the paper, which took 10');

const term = (slope: tf.Tensor, weight: number): tf.Scalar =>
  tf.mul(weight / 2, tf.mean(squaredNorms(slope))) as tf.Scalar;

export const r1 = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({ name: z.literal('r1'), weight, everySteps })
    .describe("half the mean squared norm of D's gradient at real items (Mescheder et al. 2018, equation 9)"),
  make:
    ({ weight }) =>
    ({ slope }) =>
      term(slope('real'), weight),
  slopeAt: 'real',
  boundsSlope: true,
});

export const r2 = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({ name: z.literal('r2'), weight, everySteps })
    .describe('the same at generated items (equation 10); R3GAN has both'),
  make:
    ({ weight }) =>
    ({ slope }) =>
      term(slope('fake'), weight),
  slopeAt: 'fake',
  boundsSlope: true,
});
