// The order of steps as a dependency graph (design 1.3): which versions a step reads is a pure function of its number.
// Version v of a net is what it is after v steps; step s turns version s into version s + 1. A round is named by G's version at its beginning.
import { z } from 'zod';
import { NETS, type Net } from '../parameters/manifest.js';
import type { StepKind } from './step-kinds.js';

const criticWarmup = z
  .strictObject({
    steps: z.int().min(1).max(1000).default(100).describe('D steps of such a round'),
    rounds: z.int().nonnegative().default(25).describe('rounds at the beginning of the run that are such'),
    every: z.int().positive().default(500).describe('and one of so many after that'),
  })
  .describe(
    'rounds with more D steps, in which a critic comes near its best: those of the code of Arjovsky et al. 2017, where it is given; ' +
      'default: no round has',
  );

export const paceOptions = z
  .strictObject({
    accuracy: z
      .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
      .refine(([low, high]) => low < high, 'the lower bound comes first, such as [0.6, 0.8]')
      .default([0.6, 0.8])
      .describe(
        'share of items, real and generated, that D judges rightly: below it D gets a step more, above it one less',
      ),
    everySteps: z.int().positive().default(100).describe('G steps from one decision to the next'),
    most: z.int().min(1).max(1000).default(10).describe('D steps that a round has at most'),
  })
  .describe('of `discriminatorSteps: auto`');

export const scheduleOptions = z
  .strictObject({
    order: z
      .enum(['alternating', 'simultaneous', 'pipelined'])
      .default('alternating')
      .describe(
        '`alternating`: Algorithm 1 of Goodfellow et al. 2014, k D steps, then the G steps against the newest D; `simultaneous`: the ' +
          "first D step and the G steps of a round read the D of its beginning, as the paper's released code does; `pipelined`: the G steps read " +
          'the D of the beginning of the round before, so that G goes on while D computes the round that has begun',
      ),
    discriminatorSteps: z
      .union([z.int().min(1).max(1000), z.literal('auto')])
      .default(1)
      .describe(
        "k of Algorithm 1: D steps a round; `auto`: begins with 1 and keeps D's accuracy in a band, see `schedule.auto`",
      ),
    auto: paceOptions.optional(),
    generatorSteps: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe(
        'G steps a round. What is counted in them (checkpoints, evaluations, the end) comes with the round that reaches it',
      ),
    criticWarmup: criticWarmup.optional(),
    pretrain: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(
        'D steps before the first round: D knows the first G before that takes a step; default: none',
      ),
    extragradient: z
      .boolean()
      .optional()
      .describe(
        'of two steps of both nets the first looks ahead, and the second starts from where that did, with the gradients of where it led (Gidel ' +
          'et al. 2019, algorithm 4); for `simultaneous` order, one step of each net a round. The average leaves what is ahead out. Default: no',
      ),
    since: z
      .strictObject({ discriminator: z.int().nonnegative(), generator: z.int().nonnegative() })
      .optional()
      .describe(
        'versions at whose boundary the schedule began to count; only an amendment writes it (default: both 0)',
      ),
  })
  .superRefine(
    ({ order, discriminatorSteps, generatorSteps, criticWarmup, pretrain, extragradient }, context) => {
      if (!extragradient) return;
      const isFitting =
        order === 'simultaneous' &&
        discriminatorSteps === 1 &&
        generatorSteps === 1 &&
        !criticWarmup &&
        !pretrain;
      if (isFitting) return;
      const message =
        'both nets look ahead from the same weights, one step each: it goes with schedule.order=simultaneous, discriminatorSteps 1, generatorSteps 1 ' +
        "and no critic's warm-up or pretraining; set them so, or leave it out";
      context.addIssue({ code: 'custom', path: ['extragradient'], message });
    },
  )
  .superRefine(({ order, discriminatorSteps, auto, criticWarmup, extragradient }, context) => {
    const refuse = (message: string) =>
      context.addIssue({ code: 'custom', path: ['discriminatorSteps'], message });
    if (discriminatorSteps !== 'auto') {
      if (auto)
        refuse(
          `schedule.auto is of discriminatorSteps: auto, and it is ${discriminatorSteps}; leave one of them out`,
        );
      return;
    }
    if (order === 'pipelined')
      refuse(
        "'auto' decides between rounds, and those of order pipelined overlap; use alternating or simultaneous",
      );
    if (criticWarmup ?? extragradient)
      refuse(
        "'auto' cannot be had with criticWarmup or extragradient, which say how many D steps a round has",
      );
  })
  .superRefine(({ generatorSteps, criticWarmup }, context) => {
    if (!criticWarmup || generatorSteps === 1) return;
    const message = `the critic's warm-up counts rounds of one G step; leave it out, or generatorSteps, which is ${generatorSteps}`;
    context.addIssue({ code: 'custom', path: ['criticWarmup'], message });
  });
type AllOptions = z.infer<typeof scheduleOptions>;
export type ScheduleOptions = Pick<AllOptions, 'order' | 'discriminatorSteps'> &
  Partial<AllOptions> & {
    /** of `auto`: D steps a round, from a boundary on (pace.ts); absent: 1, from the beginning */
    paced?: { steps: number; since: Versions };
  };

/** The order of a run's steps, and every how many steps each net has its lazy penalties; default: never. */
export type Schedule = ScheduleOptions & { regularizedEvery?: Partial<Record<Net, number | undefined>> };

/** Versions of both nets. */
export type Versions = Readonly<Record<Net, number>>;

const BEGIN: Versions = { discriminator: 0, generator: 0 };

/** One step of one net: what it reads; it writes version `step + 1` of its own net. */
export interface Phase {
  net: Net;
  stepKind: StepKind;
  step: number;
  reads: Versions;
}

/** The phase of a net's step. `reads[net] === step` always. */
export function phaseOf(schedule: Schedule, net: Net, step: number): Phase {
  const every = schedule.regularizedEvery?.[net];
  const stepKind = every !== undefined && step % every === 0 ? (`${net}-regularized` as const) : net;
  const { before, begins, opens, ends } = roundAround(schedule, net, step);
  if (net === 'discriminator')
    return { net, stepKind, step, reads: { discriminator: step, generator: begins.generator } };
  const seen = { alternating: ends, simultaneous: opens, pipelined: before };
  const { discriminator } = seen[schedule.order];
  return { net, stepKind, step, reads: { discriminator, generator: step } };
}

/** The kinds of steps that a run takes. */
export const stepKindsOf = ({ regularizedEvery = {} }: Schedule): StepKind[] =>
  NETS.flatMap((net) => [
    net,
    ...(regularizedEvery[net] === undefined ? [] : [`${net}-regularized` as const]),
  ]);

/**
 * The minibatch of real items that a step sees, should it see any: each D step has its own; the G steps of a round see those of its D
 * steps, from the first on, and again where there are not as many; all see one of them where `auto` says how many there are.
 */
export function minibatchOf(
  schedule: ScheduleOptions,
  { net, step, reads: { discriminator: seen } }: Pick<Phase, 'net' | 'step' | 'reads'>,
): number {
  if (net === 'discriminator') return step;
  if (schedule.discriminatorSteps === 'auto') return schedule.order === 'alternating' ? seen - 1 : seen;
  const { begins, ends } = roundAround(schedule, net, step);
  const k = ends.discriminator - begins.discriminator;
  return begins.discriminator + ((step - begins.generator) % k);
}

/** Versions at the end of the first round at which G has done so many steps: the boundaries on which checkpoints lie. */
export const versionsAfter = (schedule: ScheduleOptions, generatorSteps: number): Versions =>
  boundary(
    schedule,
    Math.ceil((generatorSteps - originOf(schedule).generator) / (schedule.generatorSteps ?? 1)),
  );

/** Whether these versions are those of a boundary. */
export function isWhole(schedule: ScheduleOptions, versions: Versions): boolean {
  const { discriminator, generator } = versionsAfter(schedule, versions.generator);
  return discriminator === versions.discriminator && generator === versions.generator;
}

/** Whether a boundary is the first at which a multiple of so many G steps is done. */
export const isEvery = (
  { generatorSteps = 1 }: Pick<ScheduleOptions, 'generatorSteps'>,
  every: number,
  round: number,
): boolean => round % every < generatorSteps;

/** Whether a step may begin: both versions that it reads exist. */
export const isReady = (phase: Phase, versions: Versions): boolean =>
  phase.reads.discriminator <= versions.discriminator && phase.reads.generator <= versions.generator;

/** The round to which a step belongs, as G's version at its beginning: the step has not begun at that boundary. */
export const roundOf = (schedule: ScheduleOptions, net: Net, step: number): number =>
  roundAround(schedule, net, step).begins.generator;

/** A version of D that is older than a boundary's, and that steps after the boundary read; undefined where there is none. */
export function readBehind(
  schedule: ScheduleOptions,
  { discriminator, generator }: Versions,
): number | undefined {
  const { reads } = phaseOf(schedule, 'generator', generator);
  return reads.discriminator < discriminator ? reads.discriminator : undefined;
}

/**
 * The boundaries before and after a step; with which versions its round and the one before opened, once D was pretrained. The first round has
 * no other before it.
 */
function roundAround(
  schedule: ScheduleOptions,
  net: Net,
  step: number,
): Record<'before' | 'begins' | 'opens' | 'ends', Versions> {
  const count = roundsBefore(schedule, net, step);
  const [before, opens] = [Math.max(0, count - 1), count].map((n) => opening(schedule, n)) as [
    Versions,
    Versions,
  ];
  return { before, opens, begins: boundary(schedule, count), ends: boundary(schedule, count + 1) };
}

/** Versions with which a round opens: those of its boundary, but for the first of the run, before which D was trained alone. */
function opening(schedule: ScheduleOptions, count: number): Versions {
  const { discriminator, generator } = boundary(schedule, count);
  return { discriminator: discriminator + (count === 0 ? pretrained(schedule) : 0), generator };
}

/** D's steps before the first round that is counted. */
const pretrained = (schedule: ScheduleOptions): number =>
  originOf(schedule).generator === 0 ? (schedule.pretrain ?? 0) : 0;

/** The boundary from which rounds are counted. */
const originOf = ({ paced, since = BEGIN }: ScheduleOptions): Versions => paced?.since ?? since;

/** Versions after so many rounds of this schedule. */
function boundary(schedule: ScheduleOptions, count: number): Versions {
  const { discriminatorSteps, paced, generatorSteps: m = 1, criticWarmup } = schedule;
  const k = discriminatorSteps === 'auto' ? (paced?.steps ?? 1) : discriminatorSteps;
  const since = originOf(schedule);
  const long = criticWarmup
    ? longBefore(criticWarmup, since.generator + count) - longBefore(criticWarmup, since.generator)
    : 0;
  return {
    discriminator:
      since.discriminator +
      (count > 0 ? pretrained(schedule) : 0) +
      count * k +
      long * ((criticWarmup?.steps ?? k) - k),
    generator: since.generator + count * m,
  };
}

/** Of the first so many rounds of a run: those of the critic's warm-up. */
function longBefore({ rounds, every }: NonNullable<AllOptions['criticWarmup']>, count: number): number {
  const first = Math.min(count, rounds);
  return first + Math.ceil(count / every) - Math.ceil(first / every);
}

/** Whole rounds of this schedule before a step: found by halving, since every round has a step of each net. */
function roundsBefore(schedule: ScheduleOptions, net: Net, step: number): number {
  let [low, high] = [0, step - originOf(schedule)[net]];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (boundary(schedule, middle)[net] <= step) low = middle;
    else high = middle - 1;
  }
  return low;
}
