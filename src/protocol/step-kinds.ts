// The kinds of steps that a run is made of, and the net that each moves. A kind is one graph with inputs and statistics of its own
// (src/steps/steps.ts); tasks, statistics, canaries and deadlines go by kind, so that a step that is taken only now and then, with a
// lazy penalty, is a row here, a row of steps.ts and a file.
import type { Net } from '../parameters/manifest.js';

const NET_OF = {
  discriminator: 'discriminator',
  'discriminator-regularized': 'discriminator',
  generator: 'generator',
  'generator-regularized': 'generator',
} as const satisfies Record<string, Net>;

export type StepKind = keyof typeof NET_OF;

export const STEP_KINDS = Object.keys(NET_OF) as [StepKind, ...StepKind[]];

/** The net whose weights a kind of step moves. */
export const netOf = (stepKind: StepKind): Net => NET_OF[stepKind];
