// The steps of GAN training as pure functions of tensors: what the compiler traces and what the reference trainer runs.
// Knows nothing of shards, workers or versions; a step sees the images of one shard only.

import * as tf from '@tensorflow/tfjs-core';
import { layer } from '../compiler/layer-scope.js';
import type { InputSpec, StepFunction } from '../compiler/recording.js';
import { adopt, outlive } from '../kernels/kernel.js';
import { randomNormal, randomUniform, SeedSource } from '../kernels/random.js';
import type { GanLoss } from '../losses/gan-loss.js';
import type { Architecture } from '../models/architecture.js';
import { applyNetwork, type NamedTensors, type Network, unpack } from '../models/network.js';
import type { Shape } from '../numerics/shape.js';
import type { Manifest } from '../parameters/manifest.js';

export interface StepContext {
  architecture: Architecture;
  loss: GanLoss;
  latentDistribution: 'normal' | 'uniform';
  /** items of one shard */
  batch: number;
}

/** A step and the tensors it takes. */
export interface StepDefinition {
  inputs: readonly InputSpec[];
  step: StepFunction;
}

const vectorLength = ({ size, slotSize }: Manifest): number => size + slotSize;

const vectorInput = (network: Network): InputSpec => ({
  name: network.net,
  shape: [vectorLength(network.manifest)],
  dtype: 'float32',
});

const SEED: InputSpec = { name: 'seed', shape: [2], dtype: 'int32' };

/** Latent vectors `[batch, ...shape]`, zero mean and unit variance; `uniform` is on [-sqrt(3), sqrt(3)]. */
export function drawLatents(
  distribution: StepContext['latentDistribution'],
  batch: number,
  shape: Shape,
  seeds: SeedSource,
): tf.Tensor {
  const full = [batch, ...shape];
  const bound = Math.sqrt(3);
  return layer('latents', () =>
    distribution === 'normal'
      ? randomNormal(full, seeds)
      : tf.sub(tf.mul(randomUniform(full, seeds), 2 * bound), bound),
  );
}

/**
 * One shard of a discriminator step.
 * Inputs: both nets' vectors, `real` `[batch, ...item]` in the data's range, `seed` int32 `[2]`.
 * Outputs: `payload` `[size + slotSize]`, the gradient of D's loss followed by D's new slot values, and
 * `statistics` `[4]`. D sees real and fake items in two passes, so that each pass is normalized by itself
 * (Radford et al. train so; PyTorch's DCGAN example too); its slots take the mean of both.
 */
export function discriminatorStep(context: StepContext): StepDefinition {
  const { architecture, loss, batch } = context;
  const { generator, discriminator } = architecture;
  const step: StepFunction = (inputs) => {
    const seeds = new SeedSource(inputs.seed!);
    const fake = generate(context, unpack(inputs.generator!, generator), seeds);
    const d = unpack(inputs.discriminator!, discriminator);
    const { grads, statistics, slots } = differentiate(d.parameters, (parameters) => {
      const real = applyNetwork(discriminator, inputs.real!, { ...d, parameters, isTraining: true, seeds });
      const judged = applyNetwork(discriminator, fake, { ...d, parameters, isTraining: true, seeds });
      const value = loss.discriminator(real.output, judged.output);
      return {
        loss: value,
        statistics: [value, ...discriminatorStatistics(real.output, judged.output)],
        slots: [...real.slots].map(([name, slot]) => [
          name,
          tf.mul(tf.add(slot, judged.slots.get(name)!), 0.5),
        ]),
      };
    });
    return { payload: flatten(discriminator.manifest, grads, slots), statistics: tf.stack(statistics) };
  };
  const real: InputSpec = { name: 'real', shape: [batch, ...discriminator.inputShape], dtype: 'float32' };
  return { inputs: [vectorInput(discriminator), vectorInput(generator), real, SEED], step };
}

/**
 * One shard of a generator step. Inputs: both nets' vectors and `seed`. Outputs: `payload`, the gradient of G's loss
 * followed by G's new slot values, and `statistics` `[2]`. D's slots are left alone: a step writes only the slots of
 * the net that it trains.
 */
export function generatorStep(context: StepContext): StepDefinition {
  const { architecture, loss } = context;
  const { generator, discriminator } = architecture;
  const step: StepFunction = (inputs) => {
    const seeds = new SeedSource(inputs.seed!);
    const g = unpack(inputs.generator!, generator);
    const d = unpack(inputs.discriminator!, discriminator);
    const latents = drawLatents(context.latentDistribution, context.batch, generator.inputShape, seeds);
    const { grads, statistics, slots } = differentiate(g.parameters, (parameters) => {
      const fake = applyNetwork(generator, latents, { ...g, parameters, isTraining: true, seeds });
      const judged = applyNetwork(discriminator, fake.output, { ...d, isTraining: true, seeds });
      const value = loss.generator(judged.output);
      return { loss: value, statistics: [value, shareBelowZero(judged.output)], slots: [...fake.slots] };
    });
    return { payload: flatten(generator.manifest, grads, slots), statistics: tf.stack(statistics) };
  };
  return { inputs: [vectorInput(discriminator), vectorInput(generator), SEED], step };
}

/**
 * Samples from G at inference: batch norm by running statistics, no dropout.
 * Inputs: `generator` and `seed`. Output: `samples` `[batch, ...item]`.
 */
export function sampleStep(
  context: Pick<StepContext, 'architecture' | 'latentDistribution' | 'batch'>,
): StepDefinition {
  const { generator } = context.architecture;
  const step: StepFunction = (inputs) => {
    const seeds = new SeedSource(inputs.seed!);
    const g = unpack(inputs.generator!, generator);
    const latents = drawLatents(context.latentDistribution, context.batch, generator.inputShape, seeds);
    return { samples: applyNetwork(generator, latents, { ...g, isTraining: false, seeds }).output };
  };
  return { inputs: [vectorInput(generator), SEED], step };
}

function generate(
  context: StepContext,
  g: { parameters: NamedTensors; slots: NamedTensors },
  seeds: SeedSource,
): tf.Tensor {
  const { generator } = context.architecture;
  const latents = drawLatents(context.latentDistribution, context.batch, generator.inputShape, seeds);
  return applyNetwork(generator, latents, { ...g, isTraining: true, seeds }).output; // [batch, ...item]
}

/** What an objective yields beside the loss that is differentiated. */
interface Objective {
  loss: tf.Scalar;
  statistics: tf.Tensor[];
  slots: [name: string, value: tf.Tensor][];
}

/** Gradients of an objective's loss by named tensors, with its statistics and slots. */
function differentiate(
  parameters: NamedTensors,
  objective: (parameters: NamedTensors) => Objective,
): { grads: NamedTensors; statistics: tf.Tensor[]; slots: NamedTensors } {
  const names = [...parameters.keys()];
  let result: Objective | undefined;
  const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
    result = objective(new Map(names.map((name, i) => [name, tensors[i]!])));
    for (const tensor of besides(result)) outlive(tensor); // tfjs clears all but loss and gradients
    return result.loss;
  })([...parameters.values()]);
  const { statistics, slots } = result!;
  return {
    grads: new Map(names.map((name, i) => [name, grads[i]!])),
    statistics: statistics.map((tensor) => (tensor === result!.loss ? value : adopt(tensor))),
    slots: new Map(slots.map(([name, tensor]) => [name, adopt(tensor)])),
  };
}

const besides = ({ loss, statistics, slots }: Objective): tf.Tensor[] =>
  [...statistics, ...slots.map(([, tensor]) => tensor)].filter((tensor) => tensor !== loss);

/** One vector `[size + slotSize]` in the manifest's order. */
function flatten(manifest: Manifest, grads: NamedTensors, slots: NamedTensors): tf.Tensor {
  const parts = [
    ...manifest.entries.map((entry) => grads.get(entry.name)!),
    ...manifest.slots.map((entry) => slots.get(entry.name)!),
  ];
  return layer('payload', () => tf.concat(parts.map((part) => tf.reshape(part, [part.size]))));
}

const shareBelowZero = (logits: tf.Tensor): tf.Tensor => tf.mean(tf.cast(tf.less(logits, 0), 'float32'));

/** D's accuracy on real and fake items at threshold D(x) = 1/2, and V(D, G) of Goodfellow et al. 2014, equation 1. */
function discriminatorStatistics(real: tf.Tensor, fake: tf.Tensor): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const accuracyReal = tf.mean(tf.cast(tf.greater(real, 0), 'float32'));
  const value = tf.neg(tf.add(tf.mean(tf.softplus(tf.neg(real))), tf.mean(tf.softplus(fake))));
  return [accuracyReal, shareBelowZero(fake), value];
}
