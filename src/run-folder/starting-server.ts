// Which process is about to open a run folder: it may decode data for hours, and until it has them it leaves no trace of itself.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { usersOf } from './process-stat.js';

/** This user's server on this host that was started for that folder, told by its words; undefined where there is none. */
export function startingServer(runDir: string): number | undefined {
  const folder = resolve(runDir);
  const me = process.getuid!();
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .find((pid) => folderOf(pid) === folder && usersOf(pid).every((user) => user === me));
}

/** The run folder that stands among the words of a `nash server`. */
function folderOf(pid: number): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const isServer = words.some((word, i) => basename(word) === 'nash' && words[i + 1] === 'server');
    const at = words.indexOf('--run-dir');
    return isServer && at >= 0 ? resolve(readlinkSync(`/proc/${pid}/cwd`), words[at + 1]!) : undefined;
  } catch {
    return undefined; // it has ended, or is another user's
  }
}
