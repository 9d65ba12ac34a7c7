// The real Prometheus and Alertmanager, as Debian packages them: the installed ones, else unpacked into Nash's cache without installing
// anything.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';
import { cacheFolder } from '../../src/setup/places.mjs';
import { freePort, scratch, until } from './nash.js';

/** What Nash gives to Prometheus, Alertmanager and Grafana. */
export const OBSERVABILITY = resolve('cluster/observability');

export interface PrometheusTools {
  prometheus: string;
  promtool: string;
}

/** The two programs, or why they cannot be had here. */
export const prometheusTools = (): PrometheusTools | { missing: string } =>
  tools('prometheus', ['prometheus', 'promtool']);

/** What checks Alertmanager's config, or why it cannot be had here. */
export const alertmanagerTools = (): { amtool: string } | { missing: string } =>
  tools('prometheus-alertmanager', ['amtool']);

/** Programs of a package, by name. */
function tools<Name extends string>(
  packageName: string,
  names: readonly Name[],
): Record<Name, string> | { missing: string } {
  try {
    const found = names.map((name) => [name, inPath(name) ?? join(unpacked(packageName), 'usr/bin', name)]);
    return Object.fromEntries(found) as Record<Name, string>;
  } catch (error) {
    const said = (error as { stderr?: Buffer }).stderr?.toString().trim().split('\n').at(-1);
    return { missing: `Debian's package ${packageName} cannot be had: ${said || (error as Error).message}` };
  }
}

function inPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.map((folder) => join(folder, name)).find(existsSync);
}

/** Downloads a package once and unpacks it; nothing is installed, and root is not needed. @returns its root */
function unpacked(packageName: string): string {
  const home = join(cacheFolder(process.env), 'tools', packageName);
  if (!existsSync(home)) {
    mkdirSync(join(home, '..'), { recursive: true });
    const partial = mkdtempSync(`${home}.`);
    try {
      download(packageName, partial);
      const archive = readdirSync(partial).find((name) => name.endsWith('.deb'))!;
      execFileSync('dpkg', ['-x', join(partial, archive), partial], { stdio: 'pipe' });
      rmSync(join(partial, archive));
      if (existsSync(home))
        rmSync(partial, { recursive: true }); // another process was faster
      else renameSync(partial, home);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      throw error;
    }
  }
  return home;
}

/** A new machine has no package lists yet: they are fetched when the first try fails. */
function download(packageName: string, folder: string): void {
  const options = { cwd: folder, stdio: 'pipe', timeout: 120_000 } as const;
  try {
    execFileSync('apt-get', ['download', packageName], options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['download', packageName], options);
  }
}

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

export interface PrometheusServer {
  /** An instant query. Throws with Prometheus' own words when it is refused. */
  query(expr: string): Promise<Sample[]>;
  get(path: string): Promise<unknown>;
}

/** Starts a server with a config file and waits until it answers. */
export async function startPrometheus(program: string, config: string): Promise<PrometheusServer> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const storage = scratch(`tsdb-${port}`);
  const child = spawn(
    program,
    [`--config.file=${config}`, `--storage.tsdb.path=${storage}`, `--web.listen-address=${address}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  running.add(child);
  let log = '';
  child.stderr.on('data', (text) => {
    log += text;
  });
  const get = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(`http://${address}/api/v1/${path}`)).json()) as {
      status: string;
      data: unknown;
      error?: string;
    };
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  };
  await until('Prometheus to be ready', async () => {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}: ${log}`);
    const response = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    return response?.ok || undefined;
  });
  return {
    get,
    async query(expr) {
      const data = (await get(`query?query=${encodeURIComponent(expr)}`)) as { result: Sample[] };
      return data.result;
    },
  };
}

/**
 * The committed config over the runs of a test file, its rules in place, and one second for five.
 * @param name of the file that is written
 * @param where other rules for alerts, and an Alertmanager's address
 */
export function committedConfig(
  name: string,
  {
    alerts = join(OBSERVABILITY, 'rules/alerts.yml'),
    alertmanager = '127.0.0.1:9093',
  }: { alerts?: string; alertmanager?: string } = {},
): string {
  const text = readFileSync(join(OBSERVABILITY, 'prometheus.yml'), 'utf8')
    .replace('../../runs', scratch(''))
    .replaceAll('interval: 5s', 'interval: 1s')
    .replace('- rules/alerts.yml', `- ${alerts}`)
    .replace('- rules/', `- ${OBSERVABILITY}/rules/`)
    .replace('127.0.0.1:9093', alertmanager);
  const file = scratch(`prometheus-${name}.yml`);
  writeFileSync(file, text);
  return file;
}
