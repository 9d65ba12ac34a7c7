// `nash worker`: one worker process. It needs an endpoint, or a run folder on this host to read one from.
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { EXIT, messageOf, NashError } from '../errors.js';
import type { Pool } from '../protocol/coordinator.js';
import { readAddress, type ServerAddress } from '../server/run-folder.js';
import type { Session } from '../worker/session.js';
import { endWithLauncher } from './launcher-link.js';
import { openLog } from './log.js';
import type { CommandMaker } from './main.js';
import { onStopSignal } from './signals.js';
import {
  backOff,
  doneStatus,
  requireGpu,
  type SupervisedArguments,
  waitForServer,
  withSupervision,
} from './supervision.js';

interface WorkerArguments extends SupervisedArguments {
  pool: Pool;
  endpoint?: string;
  runDir?: string;
  wait?: boolean;
  name?: string;
  dumpGraph?: string;
  delayMs?: number;
}

export const workerCommand: CommandMaker = (finish) =>
  withSupervision(new Command('worker'))
    .description('compute gradients for a server until it says stop')
    .addOption(
      new Option('--pool <pool>', 'which steps to compute')
        .choices(['discriminator', 'generator', 'any'])
        .default('any'),
    )
    .option('--endpoint <address>', "the server's address, such as tcp://10.0.0.1:5555")
    .option('--run-dir <dir>', 'read the address from the run folder of a server on this host')
    .option('--wait', WAIT_HELP)
    .option('--name <name>', 'what status, logs and metrics call this worker (default: host and process)')
    .option(
      '--dump-graph <dir>',
      'leave the compiled steps there as SavedModels, to be looked at with Netron or TensorBoard',
    )
    .addOption(
      new Option(
        '--delay-ms <ms>',
        'compute nothing: sleep this long a shard and answer with noise, to bench server and wire',
      ).argParser(readDelay),
    )
    .addHelpText(
      'after',
      '\nExample:\n  npx nash worker --pool discriminator --endpoint tcp://127.0.0.1:5555',
    )
    .action(async (args: WorkerArguments) => finish(await run(args)));

/** A day: more is a slip of the keyboard. */
const DELAY_MAX_MS = 86_400_000;

function readDelay(text: string): number {
  const ms = Number(text);
  if (text.trim() !== '' && ms >= 0 && ms <= DELAY_MAX_MS) return ms;
  throw new NashError('usage', `--delay-ms ${text}: expected milliseconds, such as 50`);
}

export const WAIT_HELP =
  'with --run-dir: wait for a server to open the folder; end with 75 when it goes away, to be started again';

async function run(args: WorkerArguments): Promise<number> {
  endWithLauncher();
  requireGpu(args.requireGpu);
  if (args.wait) await backOff();
  const name = args.name ?? `${hostname()}-${process.pid}`;
  const endpoint = await endpointOf(args);
  if (endpoint === undefined) return doneStatus(args);
  const { runWorker } = await import('../worker/run-worker.js');
  return logged(args.runDir, name, async (onSession) => {
    if (args.delayMs !== undefined)
      process.stdout.write(`${name} computes nothing: noise after ${args.delayMs} ms a shard\n`);
    const farewell = await runWorker({
      endpoint,
      pool: args.pool,
      name,
      requiresGpu: args.requireGpu ?? false,
      endsWhenLost: args.wait ?? false,
      delayMs: args.delayMs,
      ...(args.dumpGraph ? { dumpFolder: args.dumpGraph } : {}),
      onSession,
    });
    return farewell === 'over' ? doneStatus(args) : EXIT.resumable;
  });
}

/**
 * Serves a run; a stop signal takes leave of its server. The start and the end stand in the run's logs, where the folder is on this host.
 * @param body serves until its session ends; hands the session over once there is one
 */
export async function logged(
  runDir: string | undefined,
  worker: string,
  body: (onSession: (session: Session) => void) => Promise<number>,
): Promise<number> {
  let current: Session | undefined;
  const onSession = (session: Session) => {
    current = session;
    onStopSignal(() => session.leave());
  };
  if (runDir === undefined || !existsSync(runDir)) return body(onSession);
  const version = () => current?.reads ?? null;
  const log = openLog({ folder: join(runDir, 'logs'), worker, run: runDir, version });
  log('started', { devices: process.env.CUDA_VISIBLE_DEVICES });
  try {
    const exitCode = await body(onSession);
    log('ended', { exitCode });
    return exitCode;
  } catch (error) {
    log('failed', { message: messageOf(error) });
    throw error;
  }
}

/** The Unix socket for processes of the server's own host, TCP for others that see its run folder. */
const nearest = ({ endpoint, localEndpoint, host }: ServerAddress): string =>
  host === hostname() ? localEndpoint : endpoint;

/**
 * @returns undefined where the run is done and there is no server to wait for
 * @throws NashError('usage') when neither names a server, or the folder has none and `wait` was not asked for
 */
export async function endpointOf({
  endpoint,
  runDir,
  wait = false,
}: {
  endpoint?: string;
  runDir?: string;
  wait?: boolean;
}): Promise<string | undefined> {
  if (endpoint !== undefined) {
    if (/^tcp:\/\/[^\s/:]+:\d{1,5}$/.test(endpoint)) return endpoint;
    throw new NashError(
      'usage',
      `--endpoint '${endpoint}': expected tcp://address:port, such as tcp://127.0.0.1:5555`,
    );
  }
  if (runDir !== undefined) {
    const address = wait ? await waitForServer(runDir) : readAddress(runDir);
    return address && nearest(address);
  }
  throw new NashError(
    'usage',
    'give --endpoint tcp://address:port, or --run-dir DIR of a server on this host',
  );
}
