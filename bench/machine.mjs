// What the figures were measured on, and whether Python has PyTorch.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

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

/** @param {Python | undefined} python */
export function describeMachine(python) {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: CORES,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    /** processes that wanted a core in the minute before; not ours */
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    pytorch: python?.torch ?? null,
  };
}
