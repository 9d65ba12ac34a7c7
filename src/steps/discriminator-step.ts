// One shard of a discriminator step.
import * as tf from '@tensorflow/tfjs-core';
import { SeedSource } from '../kernels/random.js';
import type { Logits } from '../losses/loss.js';
import { type NamedTensors, unpack } from '../models/network.js';
import type { Manifest, SlotMerge } from '../parameters/manifest.js';
import { drawLatents } from './latents.js';
import { differentiate, withPenalties } from './objective.js';
import { realInput, SEED, type StepContext, type StepEntry, vectorInput } from './step.js';

/**
 * D sees real and fake items in two passes, so that each pass is normalized by itself (Radford et al. train so; PyTorch's DCGAN
 * example too). G is in training as well: its batch norm uses the shard's statistics, and its slots are left alone, since a step
 * writes only the slots of the net that it trains.
 */
export const discriminatorStep: StepEntry = {
  statistics: [
    { name: 'loss', metric: 'gan_loss', labels: { net: 'discriminator' } },
    { name: 'accuracyReal', metric: 'gan_discriminator_accuracy_ratio', labels: { source: 'real' } },
    { name: 'accuracyFake', metric: 'gan_discriminator_accuracy_ratio', labels: { source: 'fake' } },
    { name: 'valueFunction', metric: 'gan_value_function_nats', labels: {} },
  ],
  define(context) {
    const { architecture, group } = context;
    const { generator, discriminator } = architecture;
    return {
      inputs: [vectorInput(discriminator), vectorInput(generator), realInput(context), SEED],
      step: (inputs) => {
        const seeds = new SeedSource(inputs.seed!);
        const real = inputs.real!; // [batch, ...item]
        const fake = generate(context, inputs.generator!, seeds); // [batch, ...item]
        const d = unpack(inputs.discriminator!, discriminator);
        return differentiate(discriminator, d.parameters, discriminatorStep.statistics, (parameters) => {
          const judge = (items: tf.Tensor) =>
            discriminator.apply({ items }, { ...d, parameters, isTraining: true, group, seeds });
          const [onReal, onFake] = [judge(real), judge(fake)];
          const logits = { real: onReal.output, fake: onFake.output }; // [batch, 1] each
          const terms = context.penalties.discriminator.map((penalty) =>
            penalty({ discriminator: (items) => judge(items).output, real, fake, parameters, seeds }),
          );
          return {
            loss: withPenalties(context.loss.discriminator(logits), terms),
            statistics: discriminatorStatistics(logits),
            slots: mergePasses(discriminator.manifest, onReal.slots, onFake.slots),
          };
        });
      },
    };
  },
};

function generate(context: StepContext, vector: tf.Tensor, seeds: SeedSource): tf.Tensor {
  const { architecture, group } = context;
  const { generator } = architecture;
  const g = unpack(vector, generator);
  const latents = drawLatents(generator, context, seeds); // [batch, latent]
  return generator.apply({ latents }, { ...g, isTraining: true, group, seeds }).output;
}

/** D's accuracy at threshold D(x) = 1/2 (a logit of 0), and V(D, G) of Goodfellow et al. 2014, equation 1. */
const discriminatorStatistics = ({ real, fake }: Logits): Record<string, tf.Tensor> => ({
  accuracyReal: tf.mean(tf.cast(tf.greater(real, 0), 'float32')),
  accuracyFake: tf.mean(tf.cast(tf.less(fake, 0), 'float32')),
  valueFunction: tf.neg(tf.add(tf.mean(tf.softplus(tf.neg(real))), tf.mean(tf.softplus(fake)))),
});

/** The slot values of the real and the fake pass become one as those of two shards would: by each slot's merge rule. */
const mergePasses = ({ slots }: Manifest, real: NamedTensors, fake: NamedTensors): NamedTensors =>
  new Map(slots.map(({ name, merge }) => [name, mergeBy(merge, real.get(name)!, fake.get(name)!)]));

function mergeBy(merge: SlotMerge, first: tf.Tensor, second: tf.Tensor): tf.Tensor {
  switch (merge) {
    case 'mean':
      return tf.mul(tf.add(first, second), 0.5);
    case 'sum':
      return tf.add(first, second);
    case 'first':
      return first;
  }
}
