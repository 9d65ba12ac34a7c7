// `nash train`: server, workers and evaluator of one run on this host, started, watched and ended together.
import { Command } from 'commander';
import { NashError } from '../errors.js';
import { RunFolder } from '../run-folder/run-folder.js';
import { detach } from './detach.js';
import { Launch } from './launch.js';
import type { CommandMaker } from './main.js';
import {
  type Placement,
  type PlacementArguments,
  placementOf,
  requireFitting,
  surplusLines,
  withEndpoint,
  withPlacement,
} from './placement.js';
import { type RunArguments, resolveRun, withRunArguments } from './run-arguments.js';
import { requireGpu } from './supervision.js';

interface TrainArguments extends RunArguments, PlacementArguments {
  dumpGraph?: string;
  json?: boolean;
  detach?: boolean;
}

export const trainCommand: CommandMaker = (finish) =>
  withPlacement(withRunArguments(new Command('train')))
    .description('train on this host: starts the server, its workers and the evaluator')
    .option('--json', 'the last line of standard output is result.json')
    .option('--detach', 'go on in the background once the run listens; `nash attach` shows it again')
    .option(
      '--dump-graph <dir>',
      'leave the compiled steps there as SavedModels, to be looked at with Netron or TensorBoard',
    )
    .addHelpText(
      'after',
      '\nExample:\n  npx nash train configs/ring.yaml --workers discriminator=2,generator=2 --set stop.generatorSteps=2000',
    )
    .action(async (config: string | undefined, args: TrainArguments) => finish(await run(config, args)));

async function run(given: string | undefined, args: TrainArguments): Promise<number> {
  const resolved = resolveRun(given, args);
  const placement = placementOf(args);
  requireServer(placement, args.topology);
  requireFitting(placement, resolved.config);
  for (const line of surplusLines(placement, resolved.config)) process.stderr.write(`nash: ${line}\n`);
  const { configFile, runDir, opening } = resolved;
  RunFolder.check(runDir, opening);
  requireGpu(placement.needsGpu);
  if (args.detach) {
    if (args.json)
      throw new NashError(
        'usage',
        '--json is the end of a run, and --detach does not wait for it: nash status RUN_DIR --json',
      );
    return await detach(process.argv.slice(2), runDir);
  }
  return new Launch({
    configFile,
    args: withEndpoint({ ...args, runDir }, placement),
    resolved,
    placement,
  }).run();
}

function requireServer({ server }: Placement, topology: string | undefined): void {
  if (server) return;
  throw new NashError(
    'usage',
    `${topology}: this host's part has no server, and nash train starts one. Start its workers with pm2, or each with nash worker.`,
  );
}
