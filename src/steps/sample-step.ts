// Samples from G at inference: batch norm by running statistics, no dropout.
import { SeedSource } from '../kernels/random.js';
import { unpack } from '../models/network.js';
import { drawLatents } from './latents.js';
import { SEED, type StepContext, type StepDefinition, vectorInput } from './step.js';

/** Inputs: `generator` and `seed`. Output: `samples` `[batch, ...item]`. */
export function sampleStep(
  context: Pick<StepContext, 'architecture' | 'latentDistribution' | 'batch'>,
): StepDefinition {
  const { generator } = context.architecture;
  return {
    inputs: [vectorInput(generator), SEED],
    step: (inputs) => {
      const seeds = new SeedSource(inputs.seed!);
      const g = unpack(inputs.generator!, generator);
      const latents = drawLatents(generator, context, seeds); // [batch, latent]
      return { samples: generator.apply({ latents }, { ...g, isTraining: false, seeds }).output };
    },
  };
}
