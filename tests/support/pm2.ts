// The real pm2, with a home and a daemon of this test file's own.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll } from 'vitest';
import { type Finished, scratch } from './nash.js';

const PM2 = resolve('node_modules/pm2/bin/pm2');
export const ECOSYSTEM = resolve('ecosystem.config.js');

/** Daemons, each in a home of its own, as on hosts of their own. */
const hosts = new Set<string>();
afterAll(async () => {
  await Promise.all([...hosts].map((host) => pm2(['kill'], undefined, host)));
}, 60_000);

/** Runs one pm2 command; `args` are the run's, as NASH_ARGS, and `host` is NASH_HOST where one is given. */
export function pm2(words: readonly string[], args?: readonly string[], host = ''): Promise<Finished> {
  hosts.add(host);
  const child = spawn(process.execPath, [PM2, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PM2_HOME: scratch(`pm2-home${host}`),
      ...(host ? { NASH_HOST: host } : {}),
      NASH_CACHE: scratch('cache'),
      ...(args ? { NASH_ARGS: args.map((word) => `'${word}'`).join(' ') } : {}),
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return new Promise((done) => child.once('close', (code) => done({ exitCode: code ?? 1, stdout, stderr })));
}

export interface App {
  name: string;
  pid: number;
  status: string;
  restarts: number;
  exitCode: number | undefined;
}

/** What pm2 knows of its apps. */
export async function appsNow(host = ''): Promise<App[]> {
  const { stdout } = await pm2(['jlist', '--silent'], undefined, host);
  const list = JSON.parse(stdout.slice(stdout.indexOf('['))) as {
    name: string;
    pid: number;
    pm2_env: { status: string; restart_time: number; exit_code?: number };
  }[];
  return list.map(({ name, pid, pm2_env: { status, restart_time, exit_code } }) => ({
    name,
    pid,
    status,
    restarts: restart_time,
    exitCode: exit_code,
  }));
}
