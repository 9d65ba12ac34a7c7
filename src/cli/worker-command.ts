// `nash worker`: one worker process. It needs an endpoint, or a run folder on this host to read one from.
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { EXIT, messageOf, NashError } from '../errors.js';
import { ENDPOINT } from '../protocol/network-address.js';
import { POOLS, type Pool } from '../protocol/roster.js';
import { moduleCopies } from '../run-folder/modules.js';
import { holdsRun } from '../run-folder/ownership.js';
import { runFile } from '../run-folder/run-files.js';
import { readAddress, type ServerAddress } from '../run-folder/server-address.js';
import type { Log } from '../server/log.js';
import { isLocal } from '../transport/private-folder.js';
import type { Place } from '../transport/reach.js';
import type { Serving } from '../worker/serve-run.js';
import type { Session } from '../worker/session.js';
import { endWithLauncher } from './launcher-link.js';
import { openLog } from './log.js';
import type { CommandMaker } from './main.js';
import { collect, parseSeconds } from './run-arguments.js';
import { onStopSignal } from './signals.js';
import {
  backOff,
  connectTimeoutMs,
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
  connectTimeout?: number;
  name?: string;
  dumpGraph?: string;
  delayMs?: number;
  keys?: string;
  module: string[];
}

export const workerCommand: CommandMaker = (finish) =>
  withSupervision(new Command('worker'))
    .description('compute gradients for a server until it says stop')
    .addOption(new Option('--pool <pool>', 'which steps to compute').choices(POOLS).default('any'))
    .option('--endpoint <address>', "the server's address, such as tcp://10.0.0.1:5555")
    .option('--run-dir <dir>', 'read the address from the run folder of a server on this host')
    .option('--keys <dir>', KEYS_HELP)
    .option(
      '--module <file>',
      'where this host has a module that the config names, if not there; may be repeated',
      collect,
      [],
    )
    .option('--wait', WAIT_HELP)
    .option('--connect-timeout <s>', CONNECT_TIMEOUT_HELP, parseSeconds)
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
    .addHelpText('after', '\nExample:\n  npx nash worker --pool discriminator --run-dir runs/ring')
    .action(async (args: WorkerArguments) => finish(await run(args)));

/** A day: more is a slip of the keyboard. */
const DELAY_MAX_MS = 86_400_000;

function readDelay(text: string): number {
  const ms = Number(text);
  if (text.trim() !== '' && ms >= 0 && ms <= DELAY_MAX_MS) return ms;
  throw new NashError('usage', `--delay-ms ${text}: expected milliseconds, such as 50`);
}

export const KEYS_HELP =
  "folder with worker.key and the server's server.pub, or none (default: the run's own on this host, else ~/.config/nash/keys)";
export const CONNECT_TIMEOUT_HELP =
  'seconds after which a server that does not answer is given up (3); default: none under pm2 and Slurm, else 600';
export const WAIT_HELP = 'with --run-dir: wait for a server to open the folder, where none has yet';

async function run(args: WorkerArguments): Promise<number> {
  endWithLauncher();
  requireGpu(args.requireGpu);
  if (args.wait) await backOff();
  const name = args.name ?? `${hostname()}-${process.pid}`;
  const findServer = await serverFinder(args);
  const { runWorker } = await import('../worker/run-worker.js');
  if (args.delayMs !== undefined)
    process.stdout.write(`${name} computes nothing: noise after ${args.delayMs} ms a shard\n`);
  return logged(args, name, (onSession) =>
    runWorker({
      findServer,
      awaited: awaited(args),
      connectTimeoutMs: connectTimeoutMs(args),
      onSession,
      modules: { copyOf: moduleCopies(args.runDir), files: args.module },
      pool: args.pool,
      name,
      requiresGpu: args.requireGpu ?? false,
      delayMs: args.delayMs,
      ...(args.keys ? { keys: args.keys } : {}),
      ...(args.dumpGraph ? { dumpFolder: args.dumpGraph } : {}),
    }),
  );
}

/**
 * Serves a run; a stop signal takes leave of its server. The start and the end stand in the run's logs, where the folder is on this host;
 * it may be made only by a server that is waited for.
 * @param body serves until the run is over; hands each session over
 */
export async function logged(
  args: { runDir?: string } & SupervisedArguments,
  worker: string,
  body: (onSession: (session: Session) => void, log: Log) => Promise<void>,
): Promise<number> {
  const { runDir } = args;
  let current: Session | undefined;
  let log: Log = () => {};
  const open = (folder: string): Log => {
    const version = () => current?.reads ?? null;
    const opened = openLog({ folder: runFile(folder, 'logs'), worker, run: folder, version });
    opened('started', { devices: process.env.CUDA_VISIBLE_DEVICES });
    return opened;
  };
  // between two servers nothing holds a process that was told to go
  onStopSignal(() => (current?.isOpen ? current.leave() : process.exit(EXIT.done)));
  try {
    await body(
      (session) => {
        if (current === undefined && runDir !== undefined && holdsRun(runDir)) log = open(runDir);
        current = session;
      },
      (message, fields) => log(message, fields),
    );
    log('ended');
    return doneStatus(args);
  } catch (error) {
    log('failed', { message: messageOf(error) });
    throw error;
  }
}

/**
 * The Unix socket for processes of the server's own host, TCP for others that see its run folder.
 * @throws NashError('usage') where there is no TCP for others
 */
function nearest(runDir: string, { endpoint, localEndpoint, host }: ServerAddress): Place {
  if (host === hostname()) return { endpoint: localEndpoint };
  if (!isLocal(endpoint)) return { endpoint };
  throw new NashError(
    'usage',
    `the server of ${runDir} runs on ${host} and listens to processes of that host only; ` +
      'start it with --set server.endpoint=tcp://ADDRESS:PORT, an address of that host which this one reaches',
  );
}

/** What a process without a fixed address waits for. */
export const awaited = ({ runDir }: { runDir?: string }): string => `a server to open ${runDir}`;

const isAddress = (endpoint: string): boolean => /^ipc:\/\/\/\S+$/.test(endpoint) || ENDPOINT.test(endpoint);

/**
 * How to find a run's server, now and whenever it went away: at a fixed address, or wherever the run folder says.
 * @throws NashError('usage') when neither names a server, or the folder has none and `wait` was not asked for
 */
export async function serverFinder({
  endpoint,
  runDir,
  wait = false,
}: {
  endpoint?: string;
  runDir?: string;
  wait?: boolean;
}): Promise<Serving['findServer']> {
  if (endpoint !== undefined) {
    const place = { endpoint, ...(runDir !== undefined && { privateFolder: runFile(runDir, 'private') }) };
    if (isAddress(endpoint)) return async () => place;
    throw new NashError(
      'usage',
      `--endpoint '${endpoint}': expected tcp://address:port, such as tcp://127.0.0.1:5555`,
    );
  }
  if (runDir === undefined)
    throw new NashError(
      'usage',
      'give --endpoint tcp://address:port, or --run-dir DIR of a server on this host',
    );
  if (!wait) readAddress(runDir); // refuses a folder without a server, at the start only
  return async () => {
    const address = await waitForServer(runDir);
    return address && nearest(runDir, address);
  };
}
