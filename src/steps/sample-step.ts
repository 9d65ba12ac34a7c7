// Samples from G at inference: batch norm by running statistics, no dropout.
import { SeedSource } from '../kernels/random.js';
import { unpack } from '../models/network.js';
import { oneHot } from './labels.js';
import { drawLatents } from './latents.js';
import { labelInput, SEED, type StepContext, type StepDefinition, vectorInput } from './step.js';

/**
 * Inputs: `generator`, `seed` and, where G is told them, `labels`, the class that each sample is to be of. Output: `samples` `[batch, ...item]`.
 * `truncation` below 1 draws styles towards their mean (psi of Karras et al. 2019, appendix B).
 */
export function sampleStep(
  context: Pick<StepContext, 'architecture' | 'latentDistribution' | 'batch'> & { truncation?: number },
): StepDefinition {
  const { generator } = context.architecture;
  const { truncation } = context;
  const [classes] = generator.inputs.labels ?? [];
  return {
    inputs: [vectorInput(generator), ...(classes === undefined ? [] : [labelInput(context)]), SEED],
    step: (inputs) => {
      const seeds = new SeedSource(inputs.seed!);
      const g = unpack(inputs.generator!, generator);
      const latents = drawLatents(context, seeds); // [batch, latent]
      const labels = inputs.labels && oneHot(inputs.labels, classes!);
      const given = { latents, ...(labels && { labels }) };
      return { samples: generator.apply(given, { ...g, isTraining: false, seeds, truncation }).output };
    },
  };
}
