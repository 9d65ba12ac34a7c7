// `nash evaluator`: measures and draws the averaged generator beside training.
import { Command } from 'commander';
import { EXIT } from '../errors.js';
import { endWithLauncher } from './launcher-link.js';
import type { CommandMaker } from './main.js';
import { backOff, doneStatus, requireGpu, type SupervisedArguments, withSupervision } from './supervision.js';
import { endpointOf, logged, WAIT_HELP } from './worker-command.js';

interface EvaluatorArguments extends SupervisedArguments {
  endpoint?: string;
  wait?: boolean;
  runDir: string;
}

export const evaluatorCommand: CommandMaker = (finish) =>
  withSupervision(new Command('evaluator'))
    .description('measure the generator and draw its samples while it trains')
    .option('--endpoint <address>', "the server's address (default: from the run folder)")
    .requiredOption('--run-dir <dir>', 'run folder, where figures go')
    .option('--wait', WAIT_HELP)
    .addHelpText('after', '\nExample:\n  npx nash evaluator --run-dir runs/ring')
    .action(async (args: EvaluatorArguments) => finish(await run(args)));

async function run(args: EvaluatorArguments): Promise<number> {
  endWithLauncher();
  requireGpu(args.requireGpu);
  if (args.wait) await backOff();
  const endpoint = await endpointOf(args);
  if (endpoint === undefined) return doneStatus(args);
  const { runEvaluator } = await import('../evaluator/run-evaluator.js');
  return logged(args.runDir, 'evaluator', async (onSession) => {
    const farewell = await runEvaluator({
      endpoint,
      runDir: args.runDir,
      endsWhenLost: args.wait ?? false,
      onSession,
    });
    return farewell === 'over' ? doneStatus(args) : EXIT.resumable;
  });
}
