// Which of this user's runs listens at a port of loopback, where every user of the host could: its server notes under the port where
// the key of the run lies, and a worker that was given the address alone finds it.
import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { configFolder, KeyFolder } from './keys.js';

const LOOPBACK = /^tcp:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\]):(\d+)$/;

export const isLoopback = (endpoint: string): boolean => LOOPBACK.test(endpoint);

const folder = (): string => join(configFolder(), 'loopback');
/** A home may be shared by hosts, loopback is not. */
const noteOf = (endpoint: string): string => join(folder(), `${hostname()}-${LOOPBACK.exec(endpoint)?.[2]}`);

/** Says where the key to a server of loopback lies; an address of another kind is not noted. A home that cannot be written does without. */
export function noteLoopback(endpoint: string, keys: string): void {
  if (!isLoopback(endpoint)) return;
  try {
    makeFolder(folder(), 0o700);
    writeWhole(noteOf(endpoint), `${keys}\n`, 0o600);
  } catch {
    // a worker is told `--run-dir` or `--keys`
  }
}

/** Nothing of ours listens there, or it takes no key. */
export function forgetLoopback(endpoint: string): void {
  if (isLoopback(endpoint)) rmSync(noteOf(endpoint), { force: true });
}

/** The folder with the key to an address of loopback; undefined where no run of ours listens at that port. */
export const keysAtPort = (endpoint: string): string | undefined =>
  isLoopback(endpoint) ? read(noteOf(endpoint)) : undefined;

/** What a note says; one of a killed server whose run has gone says nothing. */
function read(note: string): string | undefined {
  try {
    const keys = readFileSync(note, 'utf8').trim();
    return new KeyFolder(keys).has('worker') ? keys : undefined;
  } catch {
    return undefined;
  }
}
