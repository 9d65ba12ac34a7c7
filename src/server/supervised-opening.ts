// How a server under a service manager opens its folder: the manager repeats the same words at every start, and which of them is
// the first is for the folder to say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisiveChanges } from '../config/decisive.js';
import { loadConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { NashError } from '../errors.js';
import { type Opening, RunFolder } from './run-folder.js';
import type { RunResult } from './start-server.js';

/**
 * `fresh` where there is no run, `resume` for an unfinished one, `finished` for one that has all its steps.
 * @throws NashError('usage') when the folder holds another run, or one that failed: it would fail again, and again
 */
export function supervisedOpening(
  runDir: string,
  config: RunConfig,
): Extract<Opening, 'fresh' | 'resume'> | 'finished' {
  if (!RunFolder.holdsRun(runDir)) return 'fresh';
  const changes = decisiveChanges(configOf(runDir), config);
  if (changes.length > 0) {
    throw new NashError(
      'usage',
      `${runDir} holds a run with other settings: ${changes.join('; ')}. --run-dir DIR takes another folder; remove this one to begin anew.`,
    );
  }
  const result = resultOf(runDir);
  if (result?.status === 'failed') {
    throw new NashError(
      'usage',
      `the run in ${runDir} failed: ${result.error ?? 'see its logs'} It is not begun again by itself; ` +
        '`nash train CONFIG --resume` goes on by hand from its last checkpoint.',
    );
  }
  const isDone = result?.status === 'done' && result.steps.generator >= config.stop.generatorSteps;
  return isDone ? 'finished' : 'resume';
}

const configOf = (runDir: string): RunConfig => loadConfig(join(runDir, 'config.yaml'));

/** What the run in a folder came to, if it has ended. */
export function resultOf(runDir: string): RunResult | undefined {
  try {
    return JSON.parse(readFileSync(join(runDir, 'result.json'), 'utf8')) as RunResult;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // it has not ended yet
    throw error;
  }
}
