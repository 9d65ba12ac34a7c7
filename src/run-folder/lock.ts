// The lock that keeps a second server out of a run folder, and a dead one's out of the way.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { NashError } from '../errors.js';
import { processStat } from './process-stat.js';
import { runFile } from './run-files.js';

interface Lock {
  pid: number;
  host: string;
  /** start of the process in kernel ticks, so that a pid that was given again is not mistaken for its holder */
  started: string;
}

/**
 * Takes the lock, over a dead holder's too. A lock from another host is believed.
 * @throws NashError('usage') when another server holds it
 */
export function lockRun(runDir: string): void {
  const file = runFile(runDir, 'lock');
  const mine: Lock = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? '' };
  const holder = holderOf(file);
  if (holder && isAlive(holder)) {
    throw new NashError(
      'usage',
      `another server (process ${holder.pid} on ${holder.host}) works in ${runDir}. ` +
        `\`nash stop ${runDir}\` ends it; if it is on a host that is gone, remove ${file}.`,
    );
  }
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(mine), { flag: 'wx' });
}

export const unlockRun = (runDir: string): void => rmSync(runFile(runDir, 'lock'), { force: true });

/** The process that works in a run folder, if it lives; on another host it is believed to. */
export function livingHolder(runDir: string): { pid: number } | undefined {
  const holder = holderOf(runFile(runDir, 'lock'));
  return holder && isAlive(holder) ? holder : undefined;
}

function holderOf(file: string): Lock | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Lock;
  } catch {
    return undefined; // no lock, or one that was cut off while it was written: nobody holds it
  }
}

function isAlive(holder: Lock): boolean {
  if (holder.host !== hostname()) return true;
  return holder.pid !== process.pid && startOf(holder.pid) === holder.started;
}

/** Undefined when there is no such process, or only what is left of it. */
function startOf(pid: number): string | undefined {
  const stat = processStat(pid);
  return stat?.state === 'Z' ? undefined : stat?.started;
}
