// One shard of a generator step.

import type * as tf from '@tensorflow/tfjs-core';
import { SeedSource } from '../kernels/random.js';
import type { Logits } from '../losses/loss.js';
import { unpack } from '../models/network.js';
import { penaltiesOf } from '../penalties/penalties.js';
import { drawLatents } from './latents.js';
import { differentiate, penalized } from './objective.js';
import { realInput, SEED, type Statistic, type StepEntry, vectorInput } from './step.js';

const STATISTICS: readonly Statistic[] = [{ name: 'loss', metric: 'gan_loss', labels: { net: 'generator' } }];

/**
 * G's loss by D's logits of its samples, and of real items where the loss looks at them. D's slots are left alone: a step writes only
 * the slots of the net that it trains.
 */
export const generatorStep = (isRegularized: boolean): StepEntry => ({
  statistics: () => STATISTICS,
  define(context) {
    const { architecture, loss, group } = context;
    const { generator, discriminator } = architecture;
    const penalties = penaltiesOf('generator', context.penalties, isRegularized);
    const real = loss.generatorSees === 'both' ? [realInput(context)] : [];
    return {
      inputs: [vectorInput(discriminator), vectorInput(generator), ...real, SEED],
      step: (inputs) => {
        const seeds = new SeedSource(inputs.seed!);
        const g = unpack(inputs.generator!, generator);
        const d = unpack(inputs.discriminator!, discriminator);
        const judge = (items: tf.Tensor) =>
          discriminator.apply({ items }, { ...d, isTraining: true, group, seeds }).output; // [batch, 1]
        const latents = drawLatents(generator, context, seeds); // [batch, latent]
        return differentiate(generator, g.parameters, STATISTICS, (parameters) => {
          const synthesize = (codes: tf.Tensor) =>
            generator.apply({ latents: codes }, { ...g, parameters, isTraining: true, group, seeds });
          const fake = synthesize(latents);
          const logits = logitsOf(judge(fake.output), inputs.real && (() => judge(inputs.real!)));
          const { loss: penalizedLoss, slots } = penalized(loss.generator(logits), penalties, {
            ...{ codes: latents, synthesize: (codes: tf.Tensor) => synthesize(codes).output },
            ...{ parameters, seeds, before: g.slots, written: fake.slots },
          });
          return { loss: penalizedLoss, slots, statistics: {} };
        });
      },
    };
  },
});

/** D judges real items only where the loss asks for them. */
const logitsOf = (fake: tf.Tensor, judgeReal: (() => tf.Tensor) | undefined): Logits => ({
  fake,
  get real(): tf.Tensor {
    if (judgeReal) return judgeReal();
    throw new Error("broken invariant: G's loss reads logits of real items, and generatorSees is not 'both'");
  },
});
