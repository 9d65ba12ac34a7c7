// How a server under a service manager opens its folder: the manager repeats the same words at every start, and which of them is
// the first is for the folder to say.
import { decisiveChanges } from '../config/decisive.js';
import type { RunConfig } from '../config/run-config.js';
import { NashError } from '../errors.js';
import { holdsRun } from '../run-folder/ownership.js';
import { begunConfigOf } from '../run-folder/remembered.js';
import type { Opening } from '../run-folder/run-folder.js';
import { isFinished, resultOf } from '../run-folder/run-result.js';

/**
 * `fresh` where there is no run, `resume` for an unfinished one, and one that a full disk ended, `finished` for one that has all its steps.
 * @throws NashError('usage') when the folder holds another run, or one that failed: it would fail again, and again
 */
export function supervisedOpening(
  runDir: string,
  config: RunConfig,
): Extract<Opening, 'fresh' | 'resume'> | 'finished' {
  if (!holdsRun(runDir)) return 'fresh';
  const changes = decisiveChanges(begunConfigOf(runDir), config);
  if (changes.length > 0) {
    throw new NashError(
      'usage',
      `${runDir} holds a run with other settings: ${changes.join('; ')}. --run-dir DIR takes another folder; remove this one to begin anew.`,
    );
  }
  const result = resultOf(runDir);
  if (result?.status === 'failed' && result.fault !== 'environment') {
    throw new NashError(
      'usage',
      `the run in ${runDir} failed: ${result.error ?? 'see its logs'} It is not begun again by itself; ` +
        '`nash train CONFIG --resume` goes on by hand from its last checkpoint.',
    );
  }
  return isFinished(result, config.stop.generatorSteps) ? 'finished' : 'resume';
}
