// How a training fails, in words for whoever has to decide what to do about it; all end the run with status 1.
import { NashError } from '../../errors.js';

/** The weights are not worth keeping: whoever goes on does so from an earlier checkpoint. */
export class Diverged extends NashError {
  constructor(message: string) {
    super('failed', message);
  }
}

export const diverged = (because: string): Diverged =>
  new Diverged(
    `the run has diverged: ${because}; the step was not applied. Begin anew with a lower learning rate or another loss, or ` +
      'resume with --set onDivergence=rollback: it then goes back by itself and on with other noise.',
  );

/** @param returns to a checkpoint with other noise, so many of which were tried */
export const givenUp = (because: string, returns: number): Diverged =>
  new Diverged(
    `${because}, after ${returns} returns to a checkpoint with other noise. Lower the learning rate or choose another loss.`,
  );

export const collapsed = (step: number): NashError =>
  new NashError(
    'failed',
    `mode collapse at step ${step} of G, and onCollapse is 'stop': the state is in the last checkpoint, the figures show it. ` +
      'Begin anew with a smaller learning rate of G, more steps of D or another loss, or let it go on with --set onCollapse=alert.',
  );
