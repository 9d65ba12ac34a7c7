import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasToken, withToken } from '../../../src/run-folder/process-token.js';

describe('a process', () => {
  const env = withToken({});
  let child: ChildProcess;
  const token = env.NASH_PROCESS_TOKEN!;
  beforeAll(() => {
    child = spawn('sleep', ['60'], { env: { ...process.env, ...env } });
    return new Promise((started) => child.once('spawn', started));
  });
  afterAll(() => void child.kill('SIGKILL'));

  it('is known by the token that it was started with', () => {
    expect(hasToken(child.pid!, token)).toBe(true);
  });

  it('is not known by another, by part of it, or by none', () => {
    expect(hasToken(child.pid!, withToken({}).NASH_PROCESS_TOKEN)).toBe(false);
    expect(hasToken(child.pid!, token.slice(1))).toBe(false);
    expect(hasToken(child.pid!, '')).toBe(false);
    expect(hasToken(child.pid!, undefined)).toBe(false);
  });

  it('that somebody else named is another one: not this, not the parent, not one that is gone', () => {
    for (const pid of [process.pid, process.ppid, 1, 2 ** 22 - 1]) expect(hasToken(pid, token)).toBe(false);
  });
});
