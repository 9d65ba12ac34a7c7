// The `optimizer` and `averaging` keys of the run config: names, ranges and defaults, in one place.
import { z } from 'zod';

export const rateScheduleOptions = z
  .discriminatedUnion('name', [
    z.strictObject({ name: z.literal('constant') }),
    z.strictObject({
      name: z.literal('linear'),
      steps: z
        .int()
        .positive()
        .describe('updates that the rate takes to fall in a line to `minimum`, where it stays'),
      after: z.int().nonnegative().default(0).describe('updates with the whole rate, before it falls'),
      minimum: z.number().nonnegative().default(0).describe('the rate that it falls to'),
    }),
    z.strictObject({
      name: z.literal('cosine'),
      steps: z
        .int()
        .positive()
        .describe(
          'updates that the rate takes to fall as half a wave to `minimum`, where it stays (Loshchilov and Hutter 2017, equation 5, ' +
            'without restarts)',
        ),
      minimum: z.number().nonnegative().default(0).describe('the rate that it falls to'),
    }),
    z.strictObject({
      name: z.literal('exponential'),
      factor: z
        .number()
        .min(1)
        .describe("the rate is divided by it with every update (pylearn2's ExponentialDecay)"),
      minimum: z.number().nonnegative().default(0).describe('the rate is never below it'),
    }),
  ])
  .prefault({ name: 'constant' })
  .describe('how the rate moves with the number of updates, from the end of the warm-up on');
export type RateScheduleOptions = z.output<typeof rateScheduleOptions>;

/** A share of the past that is kept, below 1: at 1 nothing new would count. */
const share = z.number().min(0).lt(1);

const momentumOptions = z
  .union([share, z.strictObject({ from: share, to: share, steps: z.int().positive() })])
  .describe('constant, or in a line from `from` to `to` over the first `steps` updates, and then there');
export type MomentumOptions = z.output<typeof momentumOptions>;

const learningRate = z.number().positive().describe('step size');
const warmup = z
  .int()
  .nonnegative()
  .default(0)
  .describe('updates over which the rate rises in a line from 0; the last of them has the whole rate');
const clipNorm = z
  .number()
  .positive()
  .optional()
  .describe(
    "a longer averaged gradient of the whole net is shortened to this Euclidean norm (PyTorch's clip_grad_norm_); default: none is",
  );
const lookahead = z
  .strictObject({
    steps: z.int().positive().default(5).describe('k: updates from one step of the slow weights to the next'),
    rate: z
      .number()
      .positive()
      .max(1)
      .default(0.5)
      .describe('share of the way to the fast weights that the slow ones go'),
  })
  .optional()
  .describe(
    'every k updates the weights go back to slow ones that have followed them part of the way (Zhang et al. 2019); default: never',
  );
export type LookaheadOptions = z.output<typeof lookahead> & object;
const epsilon = z.number().positive().default(1e-8).describe('added to the root that the step is divided by');

/** What all of Adam's kin have. */
const adamKeys = {
  learningRate: learningRate.default(2e-4),
  beta1: share.default(0.5).describe('share of the mean gradient that is kept at each update'),
  beta2: share.default(0.999).describe('share of the mean squared gradient that is kept at each update'),
  epsilon,
  schedule: rateScheduleOptions,
  warmup,
  clipNorm,
  lookahead,
};

const adamOptions = z
  .strictObject({ name: z.literal('adam'), ...adamKeys })
  .describe(
    "Kingma and Ba 2015; the defaults are DCGAN's (Radford et al. 2016, section 4), epsilon is Kingma and Ba's",
  );

const adamwOptions = z
  .strictObject({
    name: z.literal('adamw'),
    ...adamKeys,
    weightDecay: z
      .number()
      .nonnegative()
      .default(0.01)
      .describe('times the rate: the share of each weight that is taken off before its update'),
  })
  .describe(
    "Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2); Adam's defaults, the decay is PyTorch's",
  );

const optimisticAdamOptions = z
  .strictObject({ name: z.literal('optimistic-adam'), ...adamKeys })
  .describe(
    "Daskalakis et al. 2018, algorithm 1, for nets that would circle round each other: twice Adam's step, less the one before; Adam's defaults",
  );

const sgdOptions = z
  .strictObject({
    name: z.literal('sgd'),
    learningRate: learningRate.default(0.1),
    momentum: momentumOptions.default(0.5),
    schedule: rateScheduleOptions,
    warmup,
    clipNorm,
    lookahead,
  })
  .describe(
    "with momentum; the defaults are those of goodfeli/adversarial's mnist.yaml, without its schedules",
  );

const rmspropOptions = z
  .strictObject({
    name: z.literal('rmsprop'),
    learningRate: learningRate.default(5e-5),
    decay: share.default(0.99).describe('share of the mean squared gradient that is kept at each update'),
    epsilon,
    schedule: rateScheduleOptions,
    warmup,
    clipNorm,
    lookahead,
  })
  .describe(
    "Tieleman and Hinton 2012; the default rate is that of Arjovsky et al. 2017, algorithm 1, decay and epsilon are PyTorch's, whose " +
      'RMSprop their code used',
  );

export const optimizerOptions = z.discriminatedUnion('name', [
  adamOptions,
  adamwOptions,
  optimisticAdamOptions,
  sgdOptions,
  rmspropOptions,
]);
export type OptimizerOptions = z.output<typeof optimizerOptions>;

export const averagingOptions = z
  .strictObject({
    decay: share
      .default(0.999)
      .describe(
        'share of the average that is kept at each update; 0: samples are drawn from the newest weights',
      ),
    halfLifeImages: z
      .number()
      .positive()
      .optional()
      .describe(
        'in place of `decay`: samples of G after which what it was counts half as much (a thousand times the `ema_kimg` of StyleGAN2)',
      ),
    ramp: z
      .number()
      .positive()
      .optional()
      .describe(
        'with `halfLifeImages`: share of the samples so far that the half-life is at most (`ema_rampup` of StyleGAN2, 0.05 there); ' +
          'default: it is whole from the first update on',
      ),
    start: z
      .int()
      .nonnegative()
      .default(0)
      .describe("updates of G up to which the average is its newest weights (BigGAN's `ema_start`)"),
  })
  .superRefine(({ halfLifeImages, ramp }, context) => {
    if (ramp === undefined || halfLifeImages !== undefined) return;
    const message =
      'a ramp is that of a half-life: say halfLifeImages too (10000 as in StyleGAN2), or leave ramp out';
    context.addIssue({ code: 'custom', path: ['ramp'], message });
  })
  .describe("the moving average of G's weights, from which samples are drawn");
export type AveragingOptions = z.output<typeof averagingOptions>;
