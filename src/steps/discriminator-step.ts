// One shard of a discriminator step.
import * as tf from '@tensorflow/tfjs-core';
import { nextAugmentation, PROBABILITY } from '../augmentation/augmentation.js';
import { SeedSource } from '../kernels/random.js';
import { withSecondDerivatives } from '../kernels/second-derivatives.js';
import type { GanLoss, Logits } from '../losses/loss.js';
import { type NamedTensors, unpack } from '../models/network.js';
import type { Manifest, SlotMerge } from '../parameters/manifest.js';
import { inputGradient } from '../penalties/input-gradient.js';
import { penaltiesOf, slopesOf } from '../penalties/penalties.js';
import { classAccuracy, classLosses, codeLosses, judgementOf, type Labelled, labelled } from './labels.js';
import { draw, generate } from './latents.js';
import { differentiate, penalized, withTerms } from './objective.js';
import { shown, shownGroup } from './shown.js';
import {
  noiseInputs,
  realInputs,
  SEED,
  type Statistic,
  type StepContext,
  type StepEntry,
  vectorInput,
  type WhatDGives,
} from './step.js';

const LOSS: Statistic = { name: 'loss', metric: 'gan_loss', labels: { net: 'discriminator' } };

const STATISTICS: Readonly<Record<GanLoss['discriminatorGives'], readonly Statistic[]>> = {
  logit: [
    LOSS,
    { name: 'accuracyReal', metric: 'gan_discriminator_accuracy_ratio', labels: { source: 'real' } },
    { name: 'accuracyFake', metric: 'gan_discriminator_accuracy_ratio', labels: { source: 'fake' } },
    { name: 'valueFunction', metric: 'gan_value_function_nats', labels: {} },
  ],
  score: [
    LOSS,
    { name: 'criticReal', metric: 'gan_critic_mean', labels: { source: 'real' } },
    { name: 'criticFake', metric: 'gan_critic_mean', labels: { source: 'fake' } },
    { name: 'criticDifference', metric: 'gan_critic_difference', labels: {} },
  ],
};

/** Of an auxiliary classifier. */
const CLASS_STATISTICS: readonly Statistic[] = [
  { name: 'classAccuracyReal', metric: 'gan_class_accuracy_ratio', labels: { source: 'real' } },
  { name: 'classAccuracyFake', metric: 'gan_class_accuracy_ratio', labels: { source: 'fake' } },
];

const ADAPTIVE: Statistic = {
  name: 'augmentationProbability',
  metric: 'gan_augmentation_probability_ratio',
  labels: {},
};

const statisticsOf = ({ discriminatorGives, tellsClasses, isAdaptive }: WhatDGives): readonly Statistic[] => [
  ...STATISTICS[discriminatorGives],
  ...(tellsClasses ? CLASS_STATISTICS : []),
  ...(isAdaptive ? [ADAPTIVE] : []),
];

/**
 * D sees real and fake items in two passes, so that each pass is normalized by itself (Radford et al. train so; PyTorch's DCGAN
 * example too). G is in training as well: its batch norm uses the shard's statistics, and its slots are left alone, since a step
 * writes only the slots of the net that it trains.
 */
export const discriminatorStep = (isRegularized: boolean): StepEntry => ({
  statistics: statisticsOf,
  define(context) {
    const { architecture, group } = context;
    const { generator, discriminator } = architecture;
    const penalties = penaltiesOf('discriminator', context.penalties, isRegularized);
    const slopes = slopesOf(context.penalties, isRegularized);
    return {
      inputs: [
        vectorInput(discriminator),
        vectorInput(generator),
        ...realInputs(context),
        ...noiseInputs(context),
        SEED,
      ],
      step: (inputs) => {
        const seeds = new SeedSource(inputs.seed!);
        const g = unpack(inputs.generator!, generator);
        const drawn = draw(context, inputs, seeds);
        const generated = generate(context, drawn, { ...g, isTraining: true, group, seeds });
        const d = unpack(inputs.discriminator!, discriminator);
        const state = { ...d, seeds, noise: inputs.noise };
        const real = shown(labelled(inputs, context), context, state);
        const fake = shown(generated.fake, context, state);
        const { discriminatorGives } = context.loss;
        const tellsClasses = context.classes?.auxiliaryWeight !== undefined;
        const isAdaptive = context.augmentation?.name === 'ada';
        const told = statisticsOf({ discriminatorGives, tellsClasses, isAdaptive });
        return differentiate(discriminator, d.parameters, told, (parameters) => {
          const judge = (items: Labelled) => {
            const application = { ...d, parameters, isTraining: true, group: shownGroup(context), seeds };
            const { output, slots } = discriminator.apply(items, application);
            return { ...judgementOf(output, context), slots };
          };
          const shownOnes = { real, fake };
          const judged = (kind: 'real' | 'fake') =>
            slopes.has(kind) ? withSecondDerivatives(() => judge(shownOnes[kind])) : judge(shownOnes[kind]);
          const [onReal, onFake] = [judged('real'), judged('fake')];
          const logits = { real: onReal.logit, fake: onFake.logit }; // [batch, 1] each, or one a patch
          const again = (items: tf.Tensor, like: 'real' | 'fake') =>
            judge({ ...shownOnes[like], items }).logit;
          const { loss, slots } = penalized(
            withTerms(context.loss.discriminator(logits), [
              ...classLosses(context, [onReal, real], [onFake, fake]),
              ...codeLosses(context, onFake, drawn),
            ]),
            penalties,
            {
              discriminator: again,
              slope: (at: 'real' | 'fake') =>
                inputGradient(
                  slopes.has(at) ? () => logits[at] : (items) => again(items, at),
                  shownOnes[at].items,
                ),
              ...{ real: real.items, fake: fake.items, logits, parameters, seeds, before: d.slots },
              written: new Map([
                ...mergePasses(discriminator.manifest, onReal.slots, onFake.slots),
                ...nextAugmentationOf(context, d.slots, onReal.logit),
              ]),
            },
          );
          const statistics = {
            ...JUDGEMENT[discriminatorGives](logits),
            ...(tellsClasses && {
              classAccuracyReal: classAccuracy([onReal, real]),
              classAccuracyFake: classAccuracy([onFake, fake]),
            }),
            ...(isAdaptive && { augmentationProbability: tf.reshape(d.slots.get(PROBABILITY)!, []) }),
          };
          return { loss, slots, statistics };
        });
      },
    };
  },
});

const nextAugmentationOf = (
  { augmentation, batch, minibatch = batch }: StepContext,
  slots: NamedTensors,
  real: tf.Tensor,
): ReadonlyMap<string, tf.Tensor> =>
  augmentation
    ? nextAugmentation(augmentation, { slot: (name) => slots.get(name)! }, real, minibatch)
    : new Map();

/** How D judges. */
const JUDGEMENT: Readonly<
  Record<GanLoss['discriminatorGives'], (logits: Logits) => Record<string, tf.Tensor>>
> = {
  /** its accuracy at threshold D(x) = 1/2 (a logit of 0), and V(D, G) of Goodfellow et al. 2014, equation 1 */
  logit: ({ real, fake }) => ({
    accuracyReal: tf.mean(tf.cast(tf.greater(real, 0), 'float32')),
    accuracyFake: tf.mean(tf.cast(tf.less(fake, 0), 'float32')),
    valueFunction: tf.neg(tf.add(tf.mean(tf.softplus(tf.neg(real))), tf.mean(tf.softplus(fake)))),
  }),
  /** its means; for a Lipschitz critic their difference estimates the Wasserstein distance (Arjovsky et al. 2017, equation 2), but for a factor */
  score: ({ real, fake }) => ({
    criticReal: tf.mean(real),
    criticFake: tf.mean(fake),
    criticDifference: tf.sub(tf.mean(real), tf.mean(fake)),
  }),
};

/** The slot values of the real and the fake pass become one as those of two shards would: by each slot's merge rule. */
const mergePasses = ({ slots }: Manifest, real: NamedTensors, fake: NamedTensors): NamedTensors =>
  new Map(
    slots
      .filter(({ name }) => real.has(name))
      .map(({ name, merge }) => [name, mergeBy(merge, real.get(name)!, fake.get(name)!)]),
  );

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
