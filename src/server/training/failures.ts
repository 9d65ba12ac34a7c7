// How a training fails, in words for whoever has to decide what to do about it; all end the run with status 1.
import type { RunConfig } from '../../config/run-config.js';
import { NashError } from '../../errors.js';
import type { Net } from '../../parameters/manifest.js';
import type { Event } from '../../protocol/events.js';
import { brief } from '../brief.js';

type NotApplied = Extract<Event, { kind: 'not-applied' }>;

/** The weights are not worth keeping: whoever goes on does so from an earlier checkpoint. */
export class Diverged extends NashError {
  constructor(message: string) {
    super('failed', message);
  }
}

export const diverged = (because: string): Diverged =>
  new Diverged(
    `the run has diverged: ${because}; the step was not applied. Go on from a checkpoint, the last or an earlier one, with a lower rate, ` +
      'another loss or a penalty: nash train --resume RUN_DIR --amend optimizer.discriminator.learningRate=1e-5; or with ' +
      '--set onDivergence=rollback, which goes back by itself and on with other noise.',
  );

/** @param returns to a checkpoint with other noise, so many of which were tried */
export const givenUp = (because: string, returns: number): Diverged =>
  new Diverged(
    `${because}, after ${returns} returns to a checkpoint with other noise. Go on from an earlier one with a lower learning rate or another loss: nash train CONFIG --resume STEP --amend KEY=VALUE.`,
  );

export const collapsed = (step: number): NashError =>
  new NashError(
    'failed',
    `mode collapse at step ${step} of G, and onCollapse is 'stop': the state is in the last checkpoint, the figures show it. ` +
      'Go on from an earlier one with a smaller rate of G, more steps of D or another loss (nash train CONFIG --resume STEP --amend ' +
      'optimizer.generator.learningRate=1e-4), or let it go on with --set onCollapse=alert.',
  );

/** Why a step was not applied, in words. */
export function notApplied(
  net: Net,
  cause: NotApplied['cause'],
  { statistics, bounds }: { statistics: Readonly<Record<string, number>>; bounds: RunConfig['divergence'] },
): NotApplied {
  const is = {
    loss: `is ${brief(statistics.loss!)}, beyond ${brief(bounds.loss)} (divergence.loss)`,
    gradient: `is not finite, or its norm is beyond ${brief(bounds.gradientNorm)} (divergence.gradientNorm)`,
    update: `is not finite, or beyond ${brief(bounds.weight)} (divergence.weight)`,
  }[cause];
  return { kind: 'not-applied', net, cause, is };
}

/** Workers differ, and nobody is left to tell who computes wrongly. */
export const undecided = (because: string): NashError =>
  new NashError('failed', `${because}. \`nash doctor\` says what each host computes with.`);
