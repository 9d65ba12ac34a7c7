// Which processes of a run belong on this host: from a topology, from --workers, or one worker a pool.
import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { RunConfig } from '../config/run-config.js';
import { loadTopology, partOf, type Workers } from '../config/topology.js';
import { NashError } from '../errors.js';
import { POOLS, type Pool } from '../protocol/roster.js';
import { parseWorkers, type RunArguments, type WorkerCounts } from './run-arguments.js';

export interface PlacementArguments {
  workers?: WorkerCounts;
  topology?: string;
}

/** One worker: its name in status, logs and pm2, and the GPU that it alone sees. */
export interface WorkerPlace {
  name: string;
  pool: Pool;
  device?: string;
}

export interface Placement {
  server: boolean;
  evaluator: boolean;
  /** address of a server on another host, and what that server binds */
  endpoint?: string;
  /** tells workers of one name on several hosts apart */
  suffix: string;
  workers: WorkerPlace[];
  needsGpu: boolean;
}

export const withPlacement = (command: Command): Command =>
  command
    .option(
      '--workers <counts>',
      'workers a pool, such as discriminator=2,generator=2 or any=2; a pool may be 0 (default: one each)',
      parseWorkers,
    )
    .option(
      '--topology <file>',
      'YAML file of hosts, workers and GPUs, such as cluster/topologies/laptop.yaml; --workers given too deals its counts over the devices',
    );

/**
 * What this host, NASH_HOST or else by its hostname, has to run.
 * @throws NashError('usage') when the topology is wrong or has no such host
 */
export function placementOf({ workers, topology: file }: PlacementArguments): Placement {
  if (file === undefined) {
    const counts = workers ?? { discriminator: 1, generator: 1, any: 0 };
    return { server: true, evaluator: true, suffix: '', needsGpu: false, workers: placesOf(counts) };
  }
  const topology = loadTopology(file);
  const { host, part } = partOf(topology, { wished: process.env.NASH_HOST, hostname: hostname() });
  const places = placesOf(part, workers);
  return {
    server: part.server,
    evaluator: part.evaluator,
    ...(topology.endpoint ? { endpoint: topology.endpoint } : {}),
    suffix: part.server ? '' : `@${host}`,
    workers: places,
    needsGpu: places.some((place) => place.device !== undefined),
  };
}

/** The topology's address is what the server binds, unless --set says otherwise. */
export const withEndpoint = <A extends RunArguments>(args: A, { endpoint }: Placement): A =>
  endpoint === undefined ? args : { ...args, set: [`server.endpoint=${endpoint}`, ...args.set] };

/** @throws NashError('usage') when GPUs are given to workers that may not use one */
export function requireFitting({ needsGpu }: Placement, config: RunConfig): void {
  if (!needsGpu || config.device.kind !== 'cpu') return;
  throw new NashError(
    'usage',
    'the topology gives GPUs to workers and the config says device.kind: cpu; ' +
      'leave the one or the other out, or give counts instead of devices',
  );
}

/** Workers that a pool cannot use, said for a person; a shard is the least that one computes. */
export function surplusLines({ workers }: Placement, { minibatch: { shards } }: RunConfig): string[] {
  return POOLS.flatMap((pool) => {
    const count = workers.filter((worker) => worker.pool === pool).length;
    if (count <= shards) return [];
    return `warning: ${count} workers of pool ${pool}, and a minibatch has ${shards} shards: of one step no more than ${shards} can compute at once. More minibatch.shards are another run.`;
  });
}

/** `wished` counts take the places of a pool's own, dealt over its devices in turns. */
function placesOf(part: Record<Pool, Workers>, wished?: WorkerCounts): WorkerPlace[] {
  return POOLS.flatMap((pool) => {
    const own = part[pool];
    const devices = typeof own === 'number' ? [] : own;
    const count = wished?.[pool] ?? (typeof own === 'number' ? own : own.length);
    return Array.from({ length: count }, (_, i) => ({
      name: `${pool}-${i}`,
      pool,
      ...(devices.length > 0 ? { device: String(devices[i % devices.length]) } : {}),
    }));
  });
}
