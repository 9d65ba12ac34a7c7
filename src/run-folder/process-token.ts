// How a process that has to be ended is known for sure: a worker names its process itself, and whoever lies could name any. So whoever
// starts a worker puts a token of its own into its environment, which the worker says in its hello; only a process in whose
// environment the token of that hello stands, which /proc shows to its own user alone, is ever signalled.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const VARIABLE = 'NASH_PROCESS_TOKEN';

/** For the environment of a process that is about to be started. */
export const withToken = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  ...env,
  [VARIABLE]: randomBytes(16).toString('hex'),
});

/** This process's own; absent in one that nobody would start again. */
export const ownToken = (): string | undefined => process.env[VARIABLE];

/** Whether a process of this host was started with that token. */
export function hasToken(pid: number, token: string | undefined): boolean {
  if (token === undefined || pid === process.pid) return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${VARIABLE}=${token}`);
  } catch {
    return false; // it has gone by itself, or is not ours to look at
  }
}
