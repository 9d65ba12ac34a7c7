// Which run a command means when it is given no folder.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NashError } from '../errors.js';
import { isOpen } from './server-address.js';

/**
 * The folder that was named, else the only one under runs/ with a living server.
 * @throws NashError('usage') when there is none, or more than one
 */
export function findRun(runDir: string | undefined): string {
  if (runDir !== undefined) return runDir;
  const alive = existsSync('runs')
    ? readdirSync('runs')
        .map((name) => join('runs', name))
        .filter(isOpen)
    : [];
  if (alive.length === 1) return alive[0]!;
  const found =
    alive.length === 0
      ? 'no run under runs/ has a living server'
      : `several runs are alive: ${alive.join(', ')}`;
  throw new NashError('usage', `${found}; name a run folder, such as runs/ring`);
}
