// `nash reproduce`: a published experiment, trained with several seeds and measured by its protocol, beside the published rows.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { writeWhole } from '../../src/setup/files.mjs';
import { places } from '../../src/setup/places.mjs';
import { EXIT, NashError } from '../errors.js';
import { figureOf, inWords, type Reproduction, tableOf } from '../reproductions/reproduction.js';
import { REPRODUCTIONS, reproductionOf } from '../reproductions/reproductions.js';
import { holdsRun } from '../run-folder/ownership.js';
import { resultOf } from '../run-folder/run-result.js';
import { runCommand } from './child-command.js';
import type { CommandMaker } from './main.js';
import { duration } from './progress.js';
import { collect } from './run-arguments.js';
import { wholeNumber } from './sample-command.js';

interface ReproduceArguments {
  seeds: number;
  workers: string;
  set: string[];
  runDir?: string;
  json?: boolean;
}

const HELP = `
Each seed is a run of its own, in DIR/seed-N. An experiment that was interrupted goes on where it was, and a seed that is done is not
trained again.

Experiments: ${REPRODUCTIONS.map(({ name, config }) => `${name} (configs/${config}.yaml)`).join(', ')}

Example:
  npx nash reproduce ring --seeds 3`;

export const reproduceCommand: CommandMaker = (finish) =>
  new Command('reproduce')
    .description(
      "train a published experiment with several seeds, and set our row beside the published ones'",
    )
    .argument('<name>', 'of the experiment')
    .option('--seeds <n>', 'how many, from 1 on', wholeNumber(1, 1000), 10)
    .option('--workers <counts>', 'as of `nash train`', 'discriminator=1,generator=1')
    .option(
      '--set <key=value>',
      'change a key of the config, such as stop.generatorSteps=100; may be repeated',
      collect,
      [],
    )
    .option('--run-dir <dir>', 'folder of the runs (default: runs/reproduce/NAME)')
    .option('--json', 'the last line of standard output is the outcome as JSON')
    .addHelpText('after', HELP)
    .action(async (name: string, args: ReproduceArguments) => {
      const experiment = reproductionOf(name);
      const folder = args.runDir ?? join('runs', 'reproduce', name);
      const seeds = Array.from({ length: args.seeds }, (_, i) => i + 1);
      for (const line of experiment.protocol) process.stdout.write(`${line}\n`);
      const results: SeedResult[] = [];
      for (const seed of seeds) results.push(await trained(experiment, { seed, folder, ...args }));
      const { ours, minutes } = outcomeOf(experiment, results);
      const title = `Nash, ${args.seeds} ${args.seeds === 1 ? 'seed' : 'seeds'}`;
      const table = tableOf(experiment, ours, title);
      process.stdout.write(
        `\n${table.join('\n')}\n\n${minutes.toFixed(1)} minutes of training; figures: ${folder}/seed-*/figures\n`,
      );
      const outcome = { name, seeds: args.seeds, ours, published: experiment.published, minutes };
      writeWhole(join(folder, 'reproduction.json'), `${JSON.stringify(outcome, undefined, 2)}\n`);
      if (args.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
      finish(EXIT.done);
    });

interface SeedResult {
  /** by the experiment's names */
  measures: Record<string, number>;
  seconds: number;
}

/** What one seed came to; it is trained where it is not done. */
async function trained(
  { config, measures, measuredBy }: Reproduction,
  {
    seed,
    folder,
    workers,
    set,
  }: { seed: number; folder: string } & Pick<ReproduceArguments, 'workers' | 'set'>,
): Promise<SeedResult> {
  const runDir = join(folder, `seed-${seed}`);
  const sets = [...set, `seed=${seed}`, 'server.http=127.0.0.1:0'].flatMap((one) => ['--set', one]);
  const resume = existsSync(runDir) && holdsRun(runDir) ? ['--resume'] : [];
  const file = join(places().root, 'configs', `${config}.yaml`);
  let told = 0;
  await runCommand(['train', file, '--run-dir', runDir, '--workers', workers, ...sets, ...resume], (line) => {
    if (!line.startsWith('step ') || Date.now() - told < EVERY_MS) return;
    told = Date.now();
    process.stderr.write(`seed ${seed}: ${line}\n`);
  });
  const { seconds, metrics } = resultOf(runDir)!;
  const found = measuredBy === 'evaluator' ? withoutPrefix(metrics) : await measuredOneDimension(runDir);
  const missing = measures.find(({ name }) => found[name] === undefined);
  if (missing)
    throw new NashError('failed', `seed ${seed} has no measure ${missing.name}: see ${join(runDir, 'logs')}`);
  const row = measures.map(
    ({ name, title, isShare }) => `${title} ${inWords({ mean: found[name]! }, isShare)}`,
  );
  process.stderr.write(`seed ${seed}: ${row.join(', ')}, in ${duration(seconds)}\n`);
  return { measures: found, seconds };
}

const withoutPrefix = (metrics: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name.replace(/^gan_/, ''), value]));

const measuredOneDimension = async (runDir: string) =>
  (await import('./one-dimension.js')).measureOneDimension(runDir);

/** From one line of progress to the next. */
const EVERY_MS = 30_000;

function outcomeOf({ measures }: Reproduction, results: readonly SeedResult[]) {
  const ours = Object.fromEntries(
    measures.map(({ name }) => [name, figureOf(results.map((result) => result.measures[name]!))]),
  );
  return { ours, minutes: results.reduce((sum, { seconds }) => sum + seconds, 0) / 60 };
}
