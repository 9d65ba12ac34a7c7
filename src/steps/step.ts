// What a kind of step is: a pure function of tensors over one shard, the inputs that it declares, and what it tells of itself. The
// compiler traces it, the reference trainer runs it. Knows nothing of shards, workers or versions.
import type { AugmentationOptions } from '../augmentation/augmentation.js';
import type { InstanceNoise } from '../augmentation/instance-noise.js';
import type { InputSpec, StepFunction } from '../compiler/recording.js';
import type { GanLoss } from '../losses/loss.js';
import type { MetricName } from '../metrics/catalogue.js';
import type { Labels } from '../metrics/metrics.js';
import type { Architecture } from '../models/architecture.js';
import type { Network } from '../models/network.js';
import type { LatentDistribution } from '../models/options.js';
import { vectorLength } from '../parameters/layout.js';
import type { PenaltyOptions } from '../penalties/penalties.js';
import type { StepClasses } from './labels.js';

export interface StepContext {
  architecture: Architecture;
  loss: GanLoss;
  penalties: PenaltyOptions;
  latentDistribution: LatentDistribution;
  /** how items are changed before D sees them; absent: not at all */
  augmentation?: AugmentationOptions | undefined;
  /** noise on items before D sees them; absent: none */
  instanceNoise?: InstanceNoise | undefined;
  /** items of one shard */
  batch: number;
  /** items of all shards; default: those of one */
  minibatch?: number;
  /** items of it that batch norm couples; default: all of them */
  group?: number | undefined;
  /** of the data, in a conditional run */
  classes?: StepClasses | undefined;
}

/** What a worker can feed; a step declares which of it it takes. */
export type InputName = 'discriminator' | 'generator' | 'real' | 'labels' | 'condition' | 'noise' | 'seed';
export type StepInput = InputSpec & { name: InputName };

export interface StepDefinition {
  inputs: readonly StepInput[];
  step: StepFunction;
}

/** Whether a step is shown real items: its worker needs the data. */
export const seesReal = ({ inputs }: Pick<StepDefinition, 'inputs'>): boolean =>
  inputs.some(({ name }) => name === 'real');

/** A mean over the shard, in the metric's unit. */
export interface Statistic {
  name: string;
  metric: MetricName;
  labels: Labels;
}

/** What a run's D gives, which decides what can be told of it. */
export interface WhatDGives extends Pick<GanLoss, 'discriminatorGives'> {
  /** whether D is an auxiliary classifier, which also tells the class */
  tellsClasses: boolean;
  /** whether the share of changed pictures moves */
  isAdaptive: boolean;
}

/** A kind of step. Its outputs are `payload` `[size + slotSize]` and `statistics`, one number a statistic in this order. */
export interface StepEntry {
  statistics(discriminator: WhatDGives): readonly Statistic[];
  define(context: StepContext): StepDefinition;
}

/** A net's weights and state slots, float32 `[size + slotSize]`. */
export const vectorInput = ({ net, manifest }: Network): StepInput => ({
  name: net,
  shape: [vectorLength(manifest)],
  dtype: 'float32',
});

/** Real items of the shard, `[batch, ...item]` in the data's range. */
export const realInput = ({ architecture, batch }: StepContext): StepInput => ({
  name: 'real',
  shape: [batch, ...architecture.generator.outputShape],
  dtype: 'float32',
});

/** Classes `[batch]`. */
export const labelInput = ({ batch }: Pick<StepContext, 'batch'>): StepInput => ({
  name: 'labels',
  shape: [batch],
  dtype: 'int32',
});

/** The pictures that items are to be made from, `[batch, ...condition]` in the data's range, where the data are pairs. */
export const conditionInputs = ({
  architecture,
  batch,
}: Pick<StepContext, 'architecture' | 'batch'>): StepInput[] => {
  const { condition } = architecture.generator.inputs;
  return condition ? [{ name: 'condition', shape: [batch, ...condition], dtype: 'float32' }] : [];
};

/** Real items of the shard with, in a conditional run, their labels and, of pairs, their conditions. */
export const realInputs = (context: StepContext): StepInput[] => [
  realInput(context),
  ...(context.classes ? [labelInput(context)] : []),
  ...conditionInputs(context),
];

/** Deviation of instance noise, which changes from step to step, in a run that has any. */
export const noiseInputs = ({ instanceNoise }: Pick<StepContext, 'instanceNoise'>): StepInput[] =>
  instanceNoise ? [{ name: 'noise', shape: [1], dtype: 'float32' }] : [];

/** int32 `[2]`, from which every draw of the step follows. */
export const SEED: StepInput = { name: 'seed', shape: [2], dtype: 'int32' };
