// The real TensorBoard, from PyPI into Nash's cache: nothing is installed into the user's Python.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { cacheFolder } from '../../src/setup/places.mjs';
import { freePort, until } from './nash.js';

const PYTHON = process.env.NASH_PYTHON ?? 'python3';
const VERSION = '2.21.0';

/** The folder of its packages, for PYTHONPATH, or why it cannot be had here. */
export function tensorboardPackages(): { packages: string } | { missing: string } {
  const home = join(cacheFolder(process.env), 'tools', `tensorboard-${VERSION}`);
  if (existsSync(home)) return { packages: home };
  mkdirSync(join(home, '..'), { recursive: true });
  const partial = mkdtempSync(`${home}.`);
  try {
    const words = ['-m', 'pip', 'install', '--quiet', '--target', partial, `tensorboard==${VERSION}`];
    execFileSync(PYTHON, words, { stdio: 'pipe', timeout: 120_000 });
    if (!existsSync(home)) renameSync(partial, home); // else another process was faster
    return { packages: home };
  } catch (error) {
    const said = (error as { stderr?: Buffer }).stderr?.toString().trim().split('\n').at(-1);
    return { missing: `PyPI's package tensorboard cannot be had: ${said || (error as Error).message}` };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) process.kill(-child.pid!, 'SIGKILL');
});

/** Starts it over a folder of runs. @returns what it answers below /data/plugin/ */
export async function startTensorboard(
  packages: string,
  runs: string,
): Promise<(path: string) => Promise<Response>> {
  const port = await freePort();
  const words = ['-m', 'tensorboard.main', '--logdir', runs, '--host', '127.0.0.1', '--port', String(port)];
  const everything = ['--samples_per_plugin', 'scalars=10000,images=1000']; // by default it shows ten images a tag
  const child = spawn(PYTHON, [...words, ...everything, '--reload_interval', '1'], {
    env: { ...process.env, PYTHONPATH: packages },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // a group of its own: its data server is a process too
  });
  running.add(child);
  let log = '';
  child.stderr.on('data', (text) => {
    log += text;
  });
  await until('TensorBoard to answer', async () => {
    if (child.exitCode !== null) throw new Error(`tensorboard ended with ${child.exitCode}: ${log}`);
    return (await fetch(`http://127.0.0.1:${port}/data/environment`).catch(() => undefined))?.ok || undefined;
  });
  return (path) => fetch(`http://127.0.0.1:${port}/data/plugin/${path}`);
}
