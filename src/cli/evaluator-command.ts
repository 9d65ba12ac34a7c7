// `nash evaluator`: measures and draws the averaged generator beside training.
import { join } from 'node:path';
import { Command } from 'commander';
import { EXIT } from '../errors.js';
import type { Session } from '../worker/session.js';
import { endWithLauncher } from './launcher-link.js';
import type { CommandMaker } from './main.js';
import { onStopSignal } from './signals.js';
import { endpointOf } from './worker-command.js';

interface EvaluatorArguments {
  endpoint?: string;
  runDir: string;
}

export const evaluatorCommand: CommandMaker = (finish) =>
  new Command('evaluator')
    .description('measure the generator and draw its samples while it trains')
    .option('--endpoint <address>', "the server's address (default: from the run folder)")
    .requiredOption('--run-dir <dir>', 'run folder, where figures go')
    .addHelpText('after', '\nExample:\n  npx nash evaluator --run-dir runs/ring')
    .action(async (args: EvaluatorArguments) => finish(await run(args)));

async function run(args: EvaluatorArguments): Promise<number> {
  endWithLauncher();
  const endpoint = endpointOf(args);
  const { runEvaluator } = await import('../evaluator/run-evaluator.js');
  await runEvaluator({
    endpoint,
    figures: join(args.runDir, 'figures'),
    onSession: (session: Session) => onStopSignal(() => void session.leave()),
  });
  return EXIT.done;
}
