// The order of steps as a dependency graph (design 1.3): which versions a step reads is a pure function of its number.
// Version v of a net is what it is after v steps; step s turns version s into version s + 1.
import { z } from 'zod';
import { NETS, type Net } from '../parameters/manifest.js';
import type { StepKind } from './step-kinds.js';

export const scheduleOptions = z.strictObject({
  order: z
    .enum(['alternating', 'simultaneous'])
    .default('alternating')
    .describe(
      '`alternating`: Algorithm 1 of Goodfellow et al. 2014, k D steps, then one G step against the newest D; `simultaneous`: the ' +
        "first D step and the G step of a round read the same weights, as the paper's released code does",
    ),
  discriminatorSteps: z.int().min(1).max(1000).default(1).describe('k of Algorithm 1: D steps a G step'),
  since: z
    .strictObject({ discriminator: z.int().nonnegative(), generator: z.int().nonnegative() })
    .optional()
    .describe(
      'versions at whose boundary order and k began to count; only an amendment writes it (default: both 0)',
    ),
});
export type ScheduleOptions = z.infer<typeof scheduleOptions>;

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
  if (net === 'discriminator') {
    return { net, stepKind, step, reads: { discriminator: step, generator: roundOf(schedule, net, step) } };
  }
  const { discriminator } = versionsAfter(schedule, schedule.order === 'alternating' ? step + 1 : step);
  return { net, stepKind, step, reads: { discriminator, generator: step } };
}

/** The kinds of steps that a run takes. */
export const stepKindsOf = ({ regularizedEvery = {} }: Schedule): StepKind[] =>
  NETS.flatMap((net) => [
    net,
    ...(regularizedEvery[net] === undefined ? [] : [`${net}-regularized` as const]),
  ]);

/** The minibatch of real items that a step sees, should it see any: each D step has its own; a G step sees that of its round's first. */
export const minibatchOf = (schedule: ScheduleOptions, net: Net, step: number): number =>
  net === 'discriminator' ? step : versionsAfter(schedule, step).discriminator;

/** Versions after `rounds` whole rounds: the boundaries on which checkpoints lie. */
export const versionsAfter = (
  { discriminatorSteps: k, since = BEGIN }: ScheduleOptions,
  rounds: number,
): Versions => ({
  discriminator: since.discriminator + (rounds - since.generator) * k,
  generator: rounds,
});

/** Whether these versions are those of a boundary. */
export const isWhole = (schedule: ScheduleOptions, versions: Versions): boolean =>
  versionsAfter(schedule, versions.generator).discriminator === versions.discriminator;

/** Whether a step may begin: both versions that it reads exist. */
export const isReady = (phase: Phase, versions: Versions): boolean =>
  phase.reads.discriminator <= versions.discriminator && phase.reads.generator <= versions.generator;

/** The round to which a step belongs: it has not begun at the boundary of that number. */
export const roundOf = (
  { discriminatorSteps: k, since = BEGIN }: ScheduleOptions,
  net: Net,
  step: number,
): number =>
  net === 'discriminator' ? since.generator + Math.floor((step - since.discriminator) / k) : step;
