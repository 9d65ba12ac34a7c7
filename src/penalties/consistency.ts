// Consistency regularization (Zhang et al. 2020, equation 2; of generated pictures too: bCR, Zhao et al. 2021, algorithm 1): D is to judge a
// picture and its changed copy alike.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { mirror, translation } from '../augmentation/transforms.js';
import { type DiscriminatorContext, everySteps, penaltyEntry } from './penalty.js';

export const consistency = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({
      name: z.literal('consistency'),
      weight: z.number().positive().default(10).describe('of real pictures; lambda of the papers: 10'),
      fakeWeight: z
        .number()
        .nonnegative()
        .default(0)
        .describe('of generated pictures; 0: CR, 10: bCR (Zhao et al. 2021)'),
      everySteps,
    })
    .describe(
      'D is to judge a picture and its copy, mirrored or not and moved by up to an eighth of its sides, alike (CR: Zhang et al. 2020)',
    ),
  make:
    ({ weight, fakeWeight }) =>
    ({ discriminator, real, fake, logits, seeds }) => {
      const distance = (kind: 'real' | 'fake', items: tf.Tensor) => {
        const changed = translation(mirror(items, seeds), seeds);
        return tf.mean(tf.square(tf.sub(discriminator(changed, kind), logits[kind]))) as tf.Scalar;
      };
      const ofReal: tf.Scalar = tf.mul(weight, distance('real', real));
      return fakeWeight === 0 ? ofReal : tf.add(ofReal, tf.mul(fakeWeight, distance('fake', fake)));
    },
});
