// What the processes of a run need to live under a service manager such as pm2, which starts them in any order and starts them again.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { hasGpu } from '../../src/setup/machine.mjs';
import { EXIT, NashError } from '../errors.js';
import { resultOf } from '../run-folder/run-result.js';
import { livingAddress, type ServerAddress } from '../run-folder/server-address.js';
import { isLaunched } from './launcher-link.js';

export interface SupervisedArguments {
  doneStatus?: number;
  requireGpu?: boolean;
}

/** Options that server, worker and evaluator share. */
export const withSupervision = (command: Command): Command =>
  command
    .option(
      '--done-status <code>',
      'exit status when the run is over (default: 0); for a manager that cannot tell 0 from a kill',
      parseStatus,
    )
    .option('--require-gpu', 'refuse to start (3) where this host has no GPU');

function parseStatus(text: string): number {
  if (/^\d+$/.test(text) && Number(text) < 256) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 0 to 255.');
}

export const doneStatus = (args: SupervisedArguments): number => args.doneStatus ?? EXIT.done;

/**
 * Asks the driver, before anything is loaded or connected. That TensorFlow can use the GPU is asked once more when it is loaded.
 * @throws NashError('environment') where a GPU was asked for and the host has none
 */
export function requireGpu(isRequired: boolean | undefined): void {
  if (!isRequired || hasGpu()) return;
  throw new NashError(
    'environment',
    "the topology gives this host's workers GPUs, and no NVIDIA driver shows one (/dev/nvidia*). 'npx nash doctor' says more; " +
      'a topology with counts instead of devices, such as cluster/topologies/one-machine.yaml, trains on CPUs.',
  );
}

/** The longest delay stays under pm2's `min_uptime`, so that deaths in a row keep counting against its `max_restarts`. */
const BACK_OFF_MS = { first: 100, factor: 1.5, last: 8000 };

/**
 * Waits before a process that has just died young begins again. pm2 says how often that was; its own back-off would do the same,
 * but shows what rests as `waiting restart`.
 */
export async function backOff(deaths = Number(process.env.unstable_restarts ?? 0)): Promise<void> {
  const { first, factor, last } = BACK_OFF_MS;
  if (deaths > 0) await sleep(Math.min(last, first * factor ** (deaths - 1)));
}

const POLL_MS = 100;
/** A done run may be opened again, with more steps, by a server that starts at the same time. */
const OVER_AFTER_MS = 5000;

/**
 * Waits until a living server of this host has written its address into the run folder.
 * @returns where it listens, or undefined where the run is done and nobody has opened it again: there is no work left
 */
export async function waitForServer(runDir: string): Promise<ServerAddress | undefined> {
  const overAt = performance.now() + OVER_AFTER_MS;
  for (;;) {
    const address = livingAddress(runDir);
    if (address) return address;
    if (performance.now() > overAt && resultOf(runDir)?.status === 'done') return undefined;
    await sleep(POLL_MS);
  }
}

/** By hand: whoever manages processes otherwise has limits of its own, and a queue in which a server may stand for days. */
const CONNECT_TIMEOUT_S = 600;

/** How long a process looks for its server, in milliseconds; undefined: for ever. */
export function connectTimeoutMs({ connectTimeout }: { connectTimeout?: number }): number | undefined {
  const { pm_id: pm2, SLURM_JOB_ID: slurm } = process.env;
  const isManaged = isLaunched() || pm2 !== undefined || slurm !== undefined;
  const seconds = connectTimeout ?? (isManaged ? undefined : CONNECT_TIMEOUT_S);
  return seconds === undefined ? undefined : seconds * 1000;
}
