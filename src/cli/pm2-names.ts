// pm2 tells apps apart by name alone, in whatever namespace they are: an app that is started under a name that it knows is the old one,
// started again with other words. So a second run would take the first one's processes over, and both would be reported as online.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { NashError } from '../errors.js';
import { startOf } from '../run-folder/process-stat.js';
import type { Pm2App } from './pm2-apps.js';

const ANSWER_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 2 ** 20; // an app's whole environment is in it

/** As far as Nash asks. */
interface KnownApp {
  name: string;
  pm2_env: { namespace?: string; pm_out_log_path?: string };
}

/** @throws NashError('usage') where the pm2 of this PM2_HOME has an app of such a name that is none of this run */
export function requireFreeNames(
  apps: readonly Pm2App[],
  home = process.env.PM2_HOME ?? join(homedir(), '.pm2'),
): void {
  // where it prints is of the run folder's path, which the namespace is not
  const isOfRun = (app: Pm2App, { pm2_env }: KnownApp) =>
    pm2_env.namespace === app.namespace && pm2_env.pm_out_log_path === app.out_file;
  const all = appsOf(home);
  const taken = apps.flatMap((app) => all.filter((other) => other.name === app.name && !isOfRun(app, other)));
  const [first] = taken;
  if (!first) return;
  const { namespace } = first.pm2_env;
  throw new NashError(
    'usage',
    `pm2 has an app '${first.name}' already, of '${namespace}' (${first.pm2_env.pm_out_log_path}), and would take it for this run's: it tells ` +
      `apps apart by name alone. \`PM2_HOME=~/.pm2-${apps[0]!.namespace}\` before every pm2 command gives this run a pm2 of its own; ` +
      `\`pm2 delete ${namespace}\` forgets the other, where that is over.`,
  );
}

/** Asks only a daemon that lives: the question would start one. */
function appsOf(home: string): KnownApp[] {
  if (!isDaemonAlive(home)) return [];
  const pm2 = createRequire(import.meta.url).resolve('pm2/bin/pm2');
  try {
    const said = execFileSync(process.execPath, [pm2, 'jlist', '--silent'], {
      env: { ...process.env, PM2_HOME: home },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: ANSWER_MS,
      killSignal: 'SIGKILL',
      maxBuffer: ANSWER_BYTES_MAX,
    });
    return JSON.parse(said.trimEnd().split('\n').at(-1)!) as KnownApp[];
  } catch (cause) {
    throw new NashError(
      'environment',
      `the pm2 of ${home} does not say which apps it has; \`pm2 ls\` may say why`,
      { cause },
    );
  }
}

function isDaemonAlive(home: string): boolean {
  try {
    return startOf(Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))) !== undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
