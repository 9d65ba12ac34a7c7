// The lock that keeps a second server out of a run folder, and a dead one's out of the way.
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { NashError } from '../errors.js';
import { startOf } from './process-stat.js';
import { runFile } from './run-files.js';

interface Lock {
  pid: number;
  host: string;
  /** start of the process in kernel ticks, so that a pid that was given again is not mistaken for its holder */
  started: string;
}

/** Each try that fails is one in which another gave the lock back or took it over just then. */
const TRIES_MAX = 1000;

/**
 * Takes the lock, over a dead holder's too. A lock from another host is believed.
 * @throws NashError('usage') when another server holds it
 */
export function lockRun(runDir: string): void {
  const file = runFile(runDir, 'lock');
  const mine: Lock = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? '' };
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify({ ...mine, id: randomUUID() })); // an id: no two locks are the same text
  try {
    const holder = take(file, draft);
    if (!holder) return;
    throw new NashError(
      'usage',
      `another server (process ${holder.pid} on ${holder.host}) works in ${runDir}. ` +
        `\`nash stop ${runDir}\` ends it; if it is on a host that is gone, remove ${file}.`,
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Takes a lock by linking a draft to its name, which only one can, and which is never seen half written. A dead holder's lock is
 * replaced by whoever holds the lock on replacing it, taken alike: so it is still the dead one's when it is replaced. To move it away
 * and look afterwards would not do: it may by then be the lock of another who was faster, and a third comes while it is away.
 * @returns the living holder when there is one
 */
function take(file: string, draft: string): Lock | undefined {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (tryLink(draft, file)) return undefined;
    const found = read(file);
    if (found === undefined) continue;
    const holder = parse(found);
    if (holder && isAlive(holder)) return holder;
    const replacing = `${file}~`;
    const replacer = take(replacing, draft);
    if (replacer) return replacer;
    const isStill = read(file) === found;
    if (isStill) {
      linkSync(draft, `${draft}~`);
      renameSync(`${draft}~`, file);
    }
    rmSync(replacing);
    if (isStill) return undefined;
  }
  throw new NashError(
    'environment',
    `${file} is taken and given back without end; remove it and start again.`,
  );
}

/** Gives the lock back, if it is still this process's. */
export function unlockRun(runDir: string): void {
  const file = runFile(runDir, 'lock');
  const holder = holderOf(file);
  if (holder?.pid === process.pid && holder.host === hostname()) rmSync(file, { force: true });
}

/** The process that works in a run folder, if it lives; on another host it is believed to. */
export function livingHolder(runDir: string): { pid: number } | undefined {
  const holder = holderOf(runFile(runDir, 'lock'));
  return holder && isAlive(holder) ? holder : undefined;
}

function holderOf(file: string): Lock | undefined {
  const text = read(file);
  return text === undefined ? undefined : parse(text);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Lock | undefined {
  try {
    return JSON.parse(text) as Lock;
  } catch {
    return undefined; // cut off while it was written, by an earlier version: nobody holds it
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(holder: Lock): boolean {
  if (holder.host !== hostname()) return true;
  return holder.pid !== process.pid && startOf(holder.pid) === holder.started;
}
