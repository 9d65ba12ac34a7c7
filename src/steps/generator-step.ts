// One shard of a generator step.

import type * as tf from '@tensorflow/tfjs-core';
import { SeedSource } from '../kernels/random.js';
import type { Logits } from '../losses/loss.js';
import { unpack } from '../models/network.js';
import { penaltiesOf } from '../penalties/penalties.js';
import { classLosses, codeLosses, judgementOf, type Labelled, labelled } from './labels.js';
import { draw, generate } from './latents.js';
import { differentiate, penalized, withTerms } from './objective.js';
import { shown, shownGroup } from './shown.js';
import { noiseInputs, realInputs, SEED, type Statistic, type StepEntry, vectorInput } from './step.js';

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
    const arePairs = generator.inputs.condition !== undefined;
    const real = loss.generatorSees === 'both' || arePairs ? realInputs(context) : [];
    return {
      inputs: [vectorInput(discriminator), vectorInput(generator), ...real, ...noiseInputs(context), SEED],
      step: (inputs) => {
        const seeds = new SeedSource(inputs.seed!);
        const g = unpack(inputs.generator!, generator);
        const d = unpack(inputs.discriminator!, discriminator);
        const judge = (items: Labelled) => {
          const application = { ...d, isTraining: true, group: shownGroup(context), seeds };
          return judgementOf(
            discriminator.apply(shown(items, context, { ...d, seeds, noise: inputs.noise }), application)
              .output,
            context,
          );
        };
        const drawn = draw(context, inputs, seeds);
        return differentiate(generator, g.parameters, STATISTICS, (parameters) => {
          const application = { ...g, parameters, isTraining: true, group, seeds };
          const { fake, codes, synthesize, slots: written } = generate(context, drawn, application);
          const onFake = judge(fake);
          const judgeReal = inputs.real && (() => judge(labelled(inputs, context)).logit);
          const adversarial = loss.generator(logitsOf(onFake.logit, judgeReal));
          const { loss: whole, slots } = penalized(
            withTerms(adversarial, [
              ...classLosses(context, [onFake, fake]),
              ...codeLosses(context, onFake, drawn),
            ]),
            penalties,
            {
              ...{ codes: codes!, synthesize, parameters, seeds, before: g.slots, written },
              pair: arePairs ? { fake: fake.items, real: inputs.real! } : undefined,
            },
          );
          return { loss: whole, slots, statistics: {} };
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
