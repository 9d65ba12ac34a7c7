// `nash worker`: one worker process. It needs an endpoint, or a run folder on this host to read one from.
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { EXIT, NashError } from '../errors.js';
import type { Pool } from '../protocol/coordinator.js';
import { readAddress } from '../server/run-folder.js';
import type { Session } from '../worker/session.js';
import { endWithLauncher } from './launcher-link.js';
import type { CommandMaker } from './main.js';
import { onStopSignal } from './signals.js';

interface WorkerArguments {
  pool: Pool;
  endpoint?: string;
  runDir?: string;
  name?: string;
  dumpGraph?: string;
}

export const workerCommand: CommandMaker = (finish) =>
  new Command('worker')
    .description('compute gradients for a server until it says stop')
    .addOption(
      new Option('--pool <pool>', 'which steps to compute')
        .choices(['discriminator', 'generator', 'any'])
        .default('any'),
    )
    .option('--endpoint <address>', "the server's address, such as tcp://10.0.0.1:5555")
    .option('--run-dir <dir>', 'read the address from the run folder of a server on this host')
    .option('--name <name>', 'what status, logs and metrics call this worker (default: host and process)')
    .option(
      '--dump-graph <dir>',
      'leave the compiled steps there as SavedModels, to be looked at with Netron or TensorBoard',
    )
    .addHelpText(
      'after',
      '\nExample:\n  npx nash worker --pool discriminator --endpoint tcp://127.0.0.1:5555',
    )
    .action(async (args: WorkerArguments) => finish(await run(args)));

async function run(args: WorkerArguments): Promise<number> {
  endWithLauncher();
  const endpoint = endpointOf(args);
  const { runWorker } = await import('../worker/run-worker.js');
  await runWorker({
    endpoint,
    pool: args.pool,
    name: args.name ?? `${hostname()}-${process.pid}`,
    ...(args.dumpGraph ? { dumpFolder: args.dumpGraph } : {}),
    onSession: (session: Session) => onStopSignal(() => void session.leave()),
  });
  return EXIT.done;
}

/** @throws NashError('usage') when neither names a server */
export function endpointOf({ endpoint, runDir }: { endpoint?: string; runDir?: string }): string {
  if (endpoint !== undefined) {
    if (/^tcp:\/\/[^\s/:]+:\d{1,5}$/.test(endpoint)) return endpoint;
    throw new NashError(
      'usage',
      `--endpoint '${endpoint}': expected tcp://address:port, such as tcp://127.0.0.1:5555`,
    );
  }
  if (runDir !== undefined) return readAddress(runDir).endpoint;
  throw new NashError(
    'usage',
    'give --endpoint tcp://address:port, or --run-dir DIR of a server on this host',
  );
}
