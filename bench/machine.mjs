// What the figures were measured on, and whether Python has PyTorch.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

export const CORES = availableParallelism();

/** @typedef {{ command: string, torch: string }} Python */

/**
 * A Python that imports torch: $NASH_BENCH_PYTHON, else python3.
 * @returns {Python | undefined}
 */
export function findPyTorch() {
  const command = process.env.NASH_BENCH_PYTHON ?? 'python3';
  const script = 'import torch; print(torch.__version__)';
  const { status, stdout } = spawnSync(command, ['-c', script], { encoding: 'utf8' });
  return status === 0 ? { command, torch: stdout.trim() } : undefined;
}

/** How long the machine is watched before a bench begins. */
const WATCH_MS = 2000;

/** Cores that are busy while this process does nothing: the load average would count what ended a minute ago. */
async function busyCores() {
  const idle = () => cpus().reduce((sum, { times }) => sum + times.idle, 0);
  const [before, started] = [idle(), performance.now()];
  await wait(WATCH_MS);
  const cores = cpus().length - (idle() - before) / (performance.now() - started);
  return Number(Math.max(0, cores).toFixed(2));
}

/** @param {Python | undefined} python */
export async function describeMachine(python) {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: CORES,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    /** cores that other programs kept busy before the bench began */
    busyCores: await busyCores(),
    pytorch: python?.torch ?? null,
  };
}
