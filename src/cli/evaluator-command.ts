// `nash evaluator`: measures and draws the averaged generator beside training.
import { Command } from 'commander';
import { requireOwnFigures } from '../run-folder/figures.js';
import { moduleCopies } from '../run-folder/modules.js';
import { endWithLauncher, tellLauncher } from './launcher-link.js';
import type { CommandMaker } from './main.js';
import { parseSeconds } from './run-arguments.js';
import {
  backOff,
  connectTimeoutMs,
  requireGpu,
  type SupervisedArguments,
  withSupervision,
} from './supervision.js';
import {
  awaited,
  CONNECT_TIMEOUT_HELP,
  KEYS_HELP,
  logged,
  serverFinder,
  WAIT_HELP,
} from './worker-command.js';

interface EvaluatorArguments extends SupervisedArguments {
  endpoint?: string;
  wait?: boolean;
  connectTimeout?: number;
  runDir: string;
  keys?: string;
}

export const evaluatorCommand: CommandMaker = (finish) =>
  withSupervision(new Command('evaluator'))
    .description('measure the generator and draw its samples while it trains')
    .option('--endpoint <address>', "the server's address (default: from the run folder)")
    .requiredOption('--run-dir <dir>', 'run folder, where figures go')
    .option('--keys <dir>', KEYS_HELP)
    .option('--wait', WAIT_HELP)
    .option('--connect-timeout <s>', CONNECT_TIMEOUT_HELP, parseSeconds)
    .addHelpText('after', '\nExample:\n  npx nash evaluator --run-dir runs/ring')
    .action(async (args: EvaluatorArguments) => finish(await run(args)));

async function run(args: EvaluatorArguments): Promise<number> {
  endWithLauncher();
  requireGpu(args.requireGpu);
  if (args.wait) await backOff();
  requireOwnFigures(args.runDir);
  const findServer = await serverFinder(args);
  const { runEvaluator } = await import('../evaluator/run-evaluator.js');
  const { runDir, keys } = args;
  return logged(args, 'evaluator', (onSession, log) =>
    runEvaluator({
      findServer,
      awaited: awaited(args),
      connectTimeoutMs: connectTimeoutMs(args),
      onSession,
      runDir,
      modules: { copyOf: moduleCopies(runDir) },
      log,
      onEvaluated: () => tellLauncher({ kind: 'evaluated' }),
      ...(keys ? { keys } : {}),
    }),
  );
}
