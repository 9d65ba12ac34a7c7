// Latent vectors of a shard, drawn inside the step.
import * as tf from '@tensorflow/tfjs-core';
import { layer } from '../compiler/layer-scope.js';
import { randomNormal, randomUniform, type SeedSource } from '../kernels/random.js';
import type { Network } from '../models/network.js';
import type { StepContext } from './step.js';

/** `[batch, latent]` for a generator: zero mean and unit variance; `uniform` is on [-sqrt(3), sqrt(3)]. */
export function drawLatents(
  generator: Network,
  { latentDistribution, batch }: Pick<StepContext, 'latentDistribution' | 'batch'>,
  seeds: SeedSource,
): tf.Tensor {
  const shape = [batch, ...generator.inputs.latents!];
  const bound = Math.sqrt(3);
  return layer('latents', () =>
    latentDistribution === 'normal'
      ? randomNormal(shape, seeds)
      : tf.sub(tf.mul(randomUniform(shape, seeds), 2 * bound), bound),
  );
}
