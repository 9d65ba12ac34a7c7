// The processes of a run on this host, as whoever starts them needs to know: `nash train`, pm2, and what renders the same for another
// manager. One place for their words; how they are started and watched is each starter's own.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { modulesOf } from '../config/module-references.js';
import type { RunConfig } from '../config/run-config.js';
import type { Pool } from '../protocol/roster.js';
import type { Placement } from './placement.js';
import { type RunArguments, toWords } from './run-arguments.js';

/** What Node runs for any of them. */
export const NASH = fileURLToPath(new URL('../../bin/nash', import.meta.url));

export interface RunProcess {
  /** in status, logs and the manager; one of its kind on this host */
  name: string;
  role: 'server' | 'evaluator' | Pool;
  /** arguments of `nash` */
  words: string[];
  /** beside the starter's own environment */
  env: Record<string, string>;
}

export interface WhichRun {
  placement: Placement;
  configFile: string;
  /** of the server; the topology's endpoint among them, see `withEndpoint` */
  args: RunArguments;
  runDir: string;
  /** files of modules that the config names, on this host */
  modules: readonly string[];
  /**
   * Started by a manager that knows nothing of Nash, in any order and again after each death: the server goes on with its own unfinished
   * run, the others wait for it, and each looks for itself whether there is a GPU.
   */
  isSupervised: boolean;
  /** folder for the compiled steps of the first worker of each pool */
  dumpGraph?: string | undefined;
}

/** The files of modules that a config names, each once. */
export const modulesIn = (config: RunConfig): string[] => [
  ...new Set(modulesOf(config).map(({ module }) => module)),
];

/** What this host has to start, the server first. */
export function processesOf(run: WhichRun): RunProcess[] {
  const { server, evaluator, workers } = run.placement;
  return [
    ...(server ? [serverOf(run)] : []),
    ...(evaluator ? [evaluatorOf(run)] : []),
    ...workersOf(run, workers),
  ];
}

function serverOf({ placement, configFile, args, isSupervised }: WhichRun): RunProcess {
  const words = ['server', ...toWords(configFile, args)];
  if (isSupervised) words.push('--supervised');
  if (placement.evaluator) words.push('--expect-evaluator');
  return {
    name: 'server',
    role: 'server',
    words: [...words, ...gpuWords(placement, isSupervised)],
    env: threadsForFiles(),
  };
}

/** The server decodes pictures, each on a thread of libuv, which has four of them and takes no other number once it runs. */
function threadsForFiles(): Record<string, string> {
  const asked = process.env.UV_THREADPOOL_SIZE;
  return { UV_THREADPOOL_SIZE: asked ?? String(Math.max(4, availableParallelism())) };
}

function evaluatorOf(run: WhichRun): RunProcess {
  const words = ['evaluator', ...addressWords(run), ...gpuWords(run.placement, run.isSupervised)];
  return { name: 'evaluator', role: 'evaluator', words, env: {} };
}

function workersOf(run: WhichRun, workers: Placement['workers']): RunProcess[] {
  return workers.map(({ name, pool, device }, i) => {
    const words = ['worker', '--pool', pool, '--name', name + run.placement.suffix, ...addressWords(run)];
    if (!run.placement.server) for (const file of run.modules) words.push('--module', file);
    const env: Record<string, string> = {};
    if (device !== undefined) {
      words.push('--require-gpu');
      env.CUDA_VISIBLE_DEVICES = device;
    }
    const isFirst = workers.findIndex((other) => other.pool === pool) === i;
    if (isFirst && run.dumpGraph !== undefined) words.push('--dump-graph', run.dumpGraph);
    return { name, role: pool, words, env };
  });
}

/** A process that uses no GPU of its own is not started either where the topology gives GPUs and the host has none. */
const gpuWords = ({ needsGpu }: Placement, isSupervised: boolean): string[] =>
  isSupervised && needsGpu ? ['--require-gpu'] : [];

/** On the server's host through the run folder, where the address may change with every start of the server. */
function addressWords({ placement: { server, endpoint }, runDir, isSupervised }: WhichRun): string[] {
  if (!server && endpoint !== undefined) return ['--endpoint', endpoint];
  return ['--run-dir', runDir, ...(isSupervised ? ['--wait'] : [])];
}
