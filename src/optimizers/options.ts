// The `optimizer` and `averaging` keys of the run config: names, ranges and defaults, in one place.
import { z } from 'zod';

/**
 * How the learning rate moves with the number of updates: `constant`; `linear` down to zero at update `steps`; `exponential`,
 * divided by `factor` with every update and never below `minimum` (pylearn2's ExponentialDecay).
 */
export const rateScheduleOptions = z
  .discriminatedUnion('name', [
    z.strictObject({ name: z.literal('constant') }),
    z.strictObject({ name: z.literal('linear'), steps: z.int().positive() }),
    z.strictObject({
      name: z.literal('exponential'),
      factor: z.number().min(1),
      minimum: z.number().nonnegative().default(0),
    }),
  ])
  .prefault({ name: 'constant' });
export type RateScheduleOptions = z.output<typeof rateScheduleOptions>;

/** A share of the past that is kept, below 1: at 1 nothing new would count. */
const share = z.number().min(0).lt(1);

/** A constant momentum, or one that moves in a line from `from` to `to` over the first `steps` updates and stays there. */
const momentumOptions = z.union([
  share,
  z.strictObject({ from: share, to: share, steps: z.int().positive() }),
]);
export type MomentumOptions = z.output<typeof momentumOptions>;

/** Defaults of Adam are DCGAN's (Radford et al. 2016, section 4); epsilon is Kingma and Ba's. */
const adamOptions = z.strictObject({
  name: z.literal('adam'),
  learningRate: z.number().positive().default(2e-4),
  beta1: share.default(0.5),
  beta2: share.default(0.999),
  epsilon: z.number().positive().default(1e-8),
  schedule: rateScheduleOptions,
});

/** Defaults of SGD are those of goodfeli/adversarial's mnist.yaml, without its schedules. */
const sgdOptions = z.strictObject({
  name: z.literal('sgd'),
  learningRate: z.number().positive().default(0.1),
  momentum: momentumOptions.default(0.5),
  schedule: rateScheduleOptions,
});

/** The default rate is that of Arjovsky et al. 2017, algorithm 1; decay and epsilon are PyTorch's, whose RMSprop their code used. */
const rmspropOptions = z.strictObject({
  name: z.literal('rmsprop'),
  learningRate: z.number().positive().default(5e-5),
  decay: share.default(0.99),
  epsilon: z.number().positive().default(1e-8),
  schedule: rateScheduleOptions,
});

export const optimizerOptions = z.discriminatedUnion('name', [adamOptions, sgdOptions, rmspropOptions]);
export type OptimizerOptions = z.output<typeof optimizerOptions>;

/** The moving average of the generator's weights; decay 0 keeps the newest weights alone. */
export const averagingOptions = z.strictObject({ decay: share.default(0.999) });
export type AveragingOptions = z.output<typeof averagingOptions>;
