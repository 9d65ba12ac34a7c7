// The table of steps: what each kind of the protocol computes, and what a run's steps are made with.
import { augmentationSlots, requirePictures } from '../augmentation/augmentation.js';
import { deviationAt } from '../augmentation/instance-noise.js';
import type { RunConfig } from '../config/run-config.js';
import { pairsOf } from '../data/options.js';
import { conditionShapeOf } from '../data/pairs.js';
import { NashError } from '../errors.js';
import { lossOf } from '../losses/losses.js';
import type { Architecture } from '../models/architecture.js';
import { buildArchitecture } from '../models/models.js';
import { withSlots } from '../models/network.js';
import { seedOf } from '../numerics/random.js';
import type { Shape } from '../numerics/shape.js';
import type { Net } from '../parameters/manifest.js';
import { lazyInterval, penaltySlots } from '../penalties/penalties.js';
import type { Schedule, Versions } from '../protocol/schedule.js';
import type { StepKind } from '../protocol/step-kinds.js';
import { discriminatorStep } from './discriminator-step.js';
import { generatorStep } from './generator-step.js';
import type { StepClasses } from './labels.js';
import type { StepContext, StepEntry } from './step.js';

export const STEPS: Readonly<Record<StepKind, StepEntry>> = {
  discriminator: discriminatorStep(false),
  'discriminator-regularized': discriminatorStep(true),
  generator: generatorStep(false),
  'generator-regularized': generatorStep(true),
};

/** The order of a run's steps, and which of them have lazy penalties. */
export const scheduleOf = ({ schedule, penalties }: Pick<RunConfig, 'schedule' | 'penalties'>): Schedule => ({
  ...schedule,
  regularizedEvery: {
    discriminator: lazyInterval('discriminator', penalties),
    generator: lazyInterval('generator', penalties),
  },
});

/** What decides a run's networks, beside its items. */
export type NetworkConfig = Pick<RunConfig, 'data' | 'model' | 'penalties' | 'augmentation'>;

/**
 * The networks of a run for items of a shape, with the state that its penalties keep.
 * @param classes of the data, in a conditional run
 * @throws NashError('usage') when the networks cannot make such items
 */
export function architectureOf(
  { data, model, penalties, augmentation }: NetworkConfig,
  itemShape: Shape,
  classes?: number,
): Architecture {
  if (augmentation.name !== 'none') requirePictures(`augmentation ${augmentation.name}`, itemShape);
  if (penalties.discriminator.some(({ name }) => name === 'consistency'))
    requirePictures('the penalty consistency', itemShape);
  const pairs = pairsOf(data);
  const condition = pairs && conditionShapeOf(pairs, itemShape);
  const { discriminator, generator, ...rest } = buildArchitecture(model, itemShape, classes, condition);
  if (!generator.inputs.latents && penalties.generator.some(({ name }) => name === 'path-length'))
    throw new NashError(
      'usage',
      "the penalty path-length follows latents, and the run's G takes none: leave it out of penalties.generator",
    );
  return {
    ...rest,
    discriminator: withSlots(discriminator, [
      ...penaltySlots('discriminator', penalties),
      ...augmentationSlots(augmentation),
    ]),
    generator: withSlots(generator, penaltySlots('generator', penalties)),
  };
}

/** What a kind of step tells of itself in this run. */
export const statisticsOf = (
  stepKind: StepKind,
  { loss, model, augmentation }: Pick<RunConfig, 'loss' | 'model' | 'augmentation'>,
): ReturnType<StepEntry['statistics']> =>
  STEPS[stepKind].statistics({
    ...lossOf(loss),
    tellsClasses: model.conditional === 'auxiliary',
    isAdaptive: augmentation.name === 'ada',
  });

/** @throws NashError('usage') where D's accuracy is to decide how many steps it takes, and D has none */
export function requireAccuracy({ loss, schedule }: Pick<RunConfig, 'loss' | 'schedule'>): void {
  if (schedule.discriminatorSteps !== 'auto' || lossOf(loss).discriminatorGives === 'logit') return;
  throw new NashError(
    'usage',
    `schedule.discriminatorSteps: auto follows D's accuracy, and with loss ${loss.name} D gives a score, of which none is right or wrong; ` +
      'expected a number of steps, such as 5',
  );
}

/** Whether D says of one item alone how probably it is real: no critic's score, of no pack or pair, and without being told a class. */
export const judgesItems = (
  { loss, model }: Pick<RunConfig, 'loss' | 'model'>,
  { packing = 1, generator }: Architecture,
): boolean =>
  lossOf(loss).discriminatorGives === 'logit' &&
  model.conditional === 'none' &&
  packing === 1 &&
  generator.inputs.condition === undefined;

/**
 * The context of a run's steps: one shard's worth of items.
 * @param classes of the data, in a conditional run
 */
export const stepContextOf = (
  config: RunConfig,
  architecture: Architecture,
  classes?: Pick<StepClasses, 'counts'>,
): StepContext => ({
  architecture,
  loss: lossOf(config.loss),
  penalties: config.penalties,
  latentDistribution: config.model.latentDistribution,
  augmentation: config.augmentation,
  instanceNoise: config.instanceNoise,
  batch: config.minibatch.size / config.minibatch.shards,
  minibatch: config.minibatch.size,
  group: config.minibatch.group,
  classes: classes && { counts: classes.counts, auxiliaryWeight: auxiliaryWeightOf(config.model) },
});

const auxiliaryWeightOf = (model: RunConfig['model']): number | undefined =>
  model.conditional === 'auxiliary' ? (model.auxiliaryWeight ?? 1) : undefined;

/** The deviation of instance noise in a step that reads these versions; 0 in a run that has none. */
export const noiseAt = (
  { instanceNoise }: Pick<RunConfig, 'instanceNoise'>,
  { generator }: Versions,
): number => (instanceNoise ? deviationAt(instanceNoise, generator) : 0);

/** The seed of a shard's noise and dropout: decided by (seed, branch, net, step, shard) alone. */
export const shardSeed = (
  { seed }: Pick<RunConfig, 'seed'>,
  { branch, net, step, shard }: { branch: number; net: Net; step: number; shard: number },
): [number, number] => seedOf(seed, branch, 'shard', net, step, shard) as [number, number];
