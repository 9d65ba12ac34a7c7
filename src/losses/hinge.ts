// The hinge loss of GANs (Lim and Ye 2017; Miyato et al. 2018, equations 16 and 17): D is content once real items score above 1 and
// generated ones below -1.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { lossEntry } from './loss.js';

export const hinge = lossEntry({
  options: z
    .strictObject({ name: z.literal('hinge') })
    .describe(
      'D is content once real items score above 1 and generated ones below -1 (Miyato et al. 2018, equations 16 and 17)',
    ),
  make: () => ({
    discriminator: ({ real, fake }) =>
      tf.add(tf.mean(tf.relu(tf.sub(1, real))), tf.mean(tf.relu(tf.add(1, fake)))) as tf.Scalar,
    generator: ({ fake }) => tf.neg(tf.mean(fake)) as tf.Scalar,
    generatorSees: 'fake',
    discriminatorGives: 'score',
  }),
});
