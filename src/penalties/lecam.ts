// LeCam regularization (Tseng et al. 2021, section 3): D's outputs for real items are kept near what it lately gave for generated ones,
// and the other way round, which keeps D from being sure of few data.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { SlotSpec } from '../parameters/manifest.js';
import { type DiscriminatorContext, everySteps, penaltyEntry } from './penalty.js';

/** Both anchors are moving averages of D's mean outputs. */
const anchor = (name: string, decay: number): SlotSpec => ({
  name,
  shape: [1],
  initializer: { kind: 'constant', value: 0 },
  merge: 'mean',
  momentum: decay,
});

const meanOf = (logits: tf.Tensor): tf.Tensor => tf.reshape(tf.mean(logits), [1]);

export const lecam = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({
      name: z.literal('lecam'),
      weight: z.number().positive().default(0.3).describe("lambda of the paper's BigGAN runs: 0.3"),
      decay: z
        .number()
        .min(0)
        .lt(1)
        .default(0.99)
        .describe("share of the anchors, moving averages of D's means, that is kept at each step"),
      everySteps,
    })
    .describe(
      "D's outputs for real items are kept near what it lately gave for generated ones, and the other way round (Tseng et al. 2021, section 3)",
    ),
  slots: ({ decay }) => [anchor('lecam/real', decay), anchor('lecam/fake', decay)],
  make:
    ({ weight }) =>
    ({ logits: { real, fake }, slot, writeSlot }) => {
      writeSlot('lecam/real', meanOf(real));
      writeSlot('lecam/fake', meanOf(fake));
      const distance = (logits: tf.Tensor, from: string) => tf.mean(tf.square(tf.sub(logits, slot(from))));
      return tf.mul(weight, tf.add(distance(real, 'lecam/fake'), distance(fake, 'lecam/real'))) as tf.Scalar;
    },
});
