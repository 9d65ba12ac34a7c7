// Samples from G at inference: batch norm by running statistics, no dropout.
import type * as tf from '@tensorflow/tfjs-core';
import type { InputSpec, StepFunction } from '../compiler/recording.js';
import { SeedSource } from '../kernels/random.js';
import { unpack } from '../models/network.js';
import { sizeOf } from '../numerics/shape.js';
import { oneHot } from './labels.js';
import { drawLatents } from './latents.js';
import {
  conditionInputs,
  labelInput,
  SEED,
  type StepContext,
  type StepDefinition,
  vectorInput,
} from './step.js';

type SampleContext = Pick<StepContext, 'architecture' | 'latentDistribution' | 'batch'> & {
  /** below 1 draws styles towards their mean (psi of Karras et al. 2019, appendix B) */
  truncation?: number;
};

/** Not what a worker feeds. */
interface Definition {
  inputs: readonly InputSpec[];
  step: StepFunction;
}

/**
 * Inputs: `generator`, `seed` and, where G is told them, `labels`, the class that each sample is to be of, and `condition`, what it is to be
 * made from. Output: `samples` `[batch, ...item]`.
 */
export const sampleStep = (context: SampleContext): StepDefinition => ({
  inputs: inputsOf(context),
  step: (inputs) => {
    const seeds = new SeedSource(inputs.seed!);
    const { latents } = context.architecture.generator.inputs;
    const drawn = latents && { latents: drawLatents(context, seeds) };
    return { samples: applied(context, inputs, { ...drawn, seeds }) };
  },
});

/** The latents of those samples. Input: `seed`. Output: `latents` `[batch, latent]`. */
export const latentsStep = (context: SampleContext): StepDefinition => ({
  inputs: [SEED],
  step: ({ seed }) => ({ latents: drawLatents(context, new SeedSource(seed!)) }),
});

/** Samples of latents that are given: `latents` `[batch, latent]` besides the inputs of `sampleStep`, whose `seed` is then only that of noise inside G. */
export const synthesisStep = (context: SampleContext): Definition => ({
  inputs: [
    ...inputsOf(context),
    { name: 'latents', shape: [context.batch, latentSize(context)], dtype: 'float32' },
  ],
  step: (inputs) => ({
    samples: applied(context, inputs, { latents: inputs.latents!, seeds: new SeedSource(inputs.seed!) }),
  }),
});

/** Numbers of one latent; 0 where G takes none. */
export const latentSize = ({ architecture: { generator } }: Pick<StepContext, 'architecture'>): number =>
  generator.inputs.latents ? sizeOf(generator.inputs.latents) : 0;

function inputsOf(context: SampleContext): StepDefinition['inputs'] {
  const { generator } = context.architecture;
  const labels = generator.inputs.labels ? [labelInput(context)] : [];
  return [vectorInput(generator), ...labels, ...conditionInputs(context), SEED];
}

function applied(
  { architecture: { generator }, truncation }: SampleContext,
  inputs: Readonly<Record<string, tf.Tensor>>,
  { latents, seeds }: { latents?: tf.Tensor; seeds: SeedSource },
): tf.Tensor {
  const g = unpack(inputs.generator!, generator);
  const labels = inputs.labels && oneHot(inputs.labels, generator.inputs.labels![0]!);
  const { condition } = inputs;
  const given = { ...(latents && { latents }), ...(labels && { labels }), ...(condition && { condition }) };
  return generator.apply(given, { ...g, isTraining: false, seeds, truncation }).output;
}
