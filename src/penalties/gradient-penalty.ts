// Penalties that draw the norm of D's gradient to a target: between real and generated items (Gulrajani et al. 2017), or around real ones
// (Kodali et al. 2017).
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { randomUniform, type SeedSource } from '../kernels/random.js';
import { inputGradient, norms } from './input-gradient.js';
import { type DiscriminatorContext, everySteps, penaltyEntry } from './penalty.js';

const weight = z.number().positive().default(10).describe('lambda of the paper, which took 10');
const target = z.number().nonnegative().default(1).describe('norm that is not punished');

/** weight E[(|gradient| - target)^2]; one-sided: only where it is above. */
function excess(
  gradient: tf.Tensor,
  { weight, target, sides = 2 }: { weight: number; target: number; sides?: 1 | 2 },
): tf.Scalar {
  const difference = tf.sub(norms(gradient), target);
  return tf.mul(weight, tf.mean(tf.square(sides === 1 ? tf.relu(difference) : difference))) as tf.Scalar;
}

/** A share of each item, uniform on [0, 1): `[batch, 1, …]` */
const shares = (items: tf.Tensor, seeds: SeedSource): tf.Tensor =>
  randomUniform([items.shape[0]!, ...items.shape.slice(1).map(() => 1)], seeds);

export const gradientPenalty = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({
      name: z.literal('gradient-penalty'),
      weight,
      target,
      sides: z
        .union([z.literal(1), z.literal(2)])
        .default(2)
        .describe('1: only norms above the target are punished (section 4 of the paper); 2: those below too'),
      everySteps,
    })
    .describe(
      "the norm of D's gradient is drawn to 1 at points between real and generated items (WGAN-GP: Gulrajani et al. 2017, equation 3)",
    ),
  make:
    ({ weight, target, sides }) =>
    ({ discriminator, real, fake, seeds }) => {
      const between = tf.add(fake, tf.mul(shares(real, seeds), tf.sub(real, fake)));
      return excess(
        inputGradient((x) => discriminator(x, 'real'), between),
        { weight, target, sides },
      );
    },
  boundsSlope: true,
});

/** As the authors' code perturbs: by so many standard deviations of the real items. */
const PERTURBATION = 0.5;

export const dragan = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({ name: z.literal('dragan'), weight, target, everySteps })
    .describe(
      "the norm of D's gradient is drawn to 1 around real items: x + 0.5 std(x) u, u uniform, or part of the way there (Kodali et al. 2017, " +
        "equation 1, as the authors' code has it)",
    ),
  make:
    ({ weight, target }) =>
    ({ discriminator, real, seeds }) => {
      const deviation = tf.sqrt(tf.mean(tf.square(tf.sub(real, tf.mean(real)))));
      const away = tf.mul(randomUniform(real.shape, seeds), tf.mul(deviation, PERTURBATION));
      const around = tf.add(real, tf.mul(shares(real, seeds), away));
      return excess(
        inputGradient((x) => discriminator(x, 'real'), around),
        { weight, target },
      );
    },
  boundsSlope: true,
});
