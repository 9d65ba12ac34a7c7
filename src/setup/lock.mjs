// A lock that two set-ups at once wait for. It spares double work; it does not protect the library, since
// that is unpacked aside and renamed into place.

import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf, explainFileError } from './failure.mjs';
import { makeFolder } from './files.mjs';

const pollMs = 200;

/**
 * When a process of this host started, in clock ticks since boot: a pid that was given again has another.
 * @param {number} pid
 * @returns {string | undefined} undefined when there is no such process
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name in brackets may hold spaces
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** @param {string} text @returns {boolean} whether the process that wrote a lock still lives */
function isHeld(text) {
  const [pid, start, host] = text.trim().split(' ');
  if (host !== hostname()) return host !== undefined; // another host's process cannot be asked: believed
  return start !== undefined && startOf(Number(pid)) === start;
}

/** @param {string} path @returns {string | undefined} what stands in the lock, undefined when there is none */
function peek(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Removes a lock that a dead process left. Two that do so at once cannot both win: what was moved away is compared with
 * what was read, and put back where it was another's.
 * @param {string} path @param {string} stale
 */
function breakStale(path, stale) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== stale && !existsSync(path)) linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding the lock at `path`.
 * @template T
 * @param {string} path
 * @param {(holder: number) => void} onWait called once, with the pid that is waited for
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, onWait, work) {
  const mine = `${process.pid} ${startOf(process.pid)} ${hostname()}\n`;
  const draft = `${path}.${randomUUID()}`;
  try {
    makeFolder(dirname(path));
    writeFileSync(draft, mine); // written whole, then linked: a lock is never seen empty
  } catch (error) {
    throw explainFileError(error, dirname(path));
  }
  try {
    for (let said = false; !tryLink(draft, path); ) {
      const held = peek(path);
      if (held === undefined) continue;
      if (!isHeld(held)) {
        breakStale(path, held);
        continue;
      }
      if (!said) onWait(Number.parseInt(held, 10));
      said = true;
      await wait(pollMs);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const release = () => {
    if (peek(path) === mine) rmSync(path, { force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** @param {string} from @param {string} to @returns {boolean} false when `to` exists already */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
