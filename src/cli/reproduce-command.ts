// `nash reproduce`: a published experiment, trained with several seeds and measured by its protocol, beside the published rows.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { writeWhole } from '../../src/setup/files.mjs';
import { places } from '../../src/setup/places.mjs';
import { loadConfig } from '../config/load-config.js';
import { EXIT, NashError } from '../errors.js';
import {
  type Beside,
  figuresOf,
  inWords,
  type Published,
  type Reproduction,
  tableOf,
} from '../reproductions/reproduction.js';
import { REPRODUCTIONS, reproductionOf } from '../reproductions/reproductions.js';
import { holdsRun } from '../run-folder/ownership.js';
import { resultOf } from '../run-folder/run-result.js';
import { runCommand } from './child-command.js';
import { evaluated } from './evaluated.js';
import type { CommandMaker } from './main.js';
import { duration } from './progress.js';
import { collect } from './run-arguments.js';
import { wholeNumber } from './sample-command.js';

interface ReproduceArguments {
  seeds?: number;
  atOnce?: number;
  workers?: string;
  set: string[];
  runDir?: string;
  json?: boolean;
}

const HELP = `
Each seed is a run of its own, in DIR/seed-N. An experiment that was interrupted goes on where it was, and a seed that is done is not
trained again.

Experiments, with what they train and their seeds:
${REPRODUCTIONS.map(({ name, config, seeds }) => `  ${name.padEnd(18)}configs/${config}.yaml, ${seeds}`).join('\n')}

Examples:
  npx nash reproduce ring --seeds 3
  npx nash reproduce mnist-parzen --set data.path=data/mnist`;

export const reproduceCommand: CommandMaker = (finish) =>
  new Command('reproduce')
    .description(
      "train a published experiment with several seeds, and set our row beside the published ones'",
    )
    .argument('<name>', 'of the experiment')
    .option(
      '--seeds <n>',
      "how many, from the config's own on (default: the experiment's, see below)",
      wholeNumber(1, 1000),
    )
    .option(
      '--at-once <n>',
      'seeds that are trained side by side (default: one a core)',
      wholeNumber(1, 1000),
    )
    .option(
      '--workers <counts>',
      'of each seed, as of `nash train`; they decide no figure, only minutes (default: any=1, or any=2 for a seed with two cores)',
    )
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
      const count = args.seeds ?? experiment.seeds;
      const cores = availableParallelism();
      const { atOnce = Math.min(count, cores), set } = args;
      const { workers = `any=${atOnce < cores ? WORKERS_MAX : 1}` } = args;
      for (const line of experiment.protocol) process.stdout.write(`${line}\n`);
      const began = Date.now();
      const asked = { count, atOnce, workers, set, folder };
      const ours = await trainedSeeds(experiment, asked);
      const others = await besides(experiment, asked);
      const figures = figuresOf(experiment, ours.measures);
      const beside = others.rows;
      const minutes = (ours.seconds + others.seconds) / 60;
      const title = `Nash, ${count} ${count === 1 ? 'seed' : 'seeds'}`;
      const table = tableOf(experiment, figures, title, beside);
      process.stdout.write(
        `\n${table.join('\n')}\n\n${minutes.toFixed(1)} minutes of training, ${atOnce > 1 ? `${atOnce} seeds at once, ` : ''}` +
          `${((Date.now() - began) / 60_000).toFixed(1)} by the clock this time; figures: ${folder}/seed-*/figures\n`,
      );
      const outcome = {
        name,
        seeds: count,
        ours: figures,
        ...(beside.length > 0 && { beside }),
        published: experiment.published,
        minutes,
      };
      writeWhole(join(folder, 'reproduction.json'), `${JSON.stringify(outcome, undefined, 2)}\n`);
      if (args.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
      finish(EXIT.done);
    });

interface Asked {
  /** of seeds */
  count: number;
  atOnce: number;
  workers: string;
  set: readonly string[];
  /** in which each seed has one */
  folder: string;
}

const configFileOf = (config: string): string => join(places().root, 'configs', `${config}.yaml`);

/** From that of the config on, which is 1 where it says none. */
function seedsOf(config: string, { count, set }: Pick<Asked, 'count' | 'set'>): number[] {
  const { seed } = loadConfig(configFileOf(config), set);
  return Array.from({ length: count }, (_, i) => seed + i);
}

async function trainedSeeds(experiment: Reproduction, { atOnce, ...asked }: Asked) {
  const results = await sideBySide(seedsOf(experiment.config, asked), atOnce, (seed) =>
    trained(experiment, { seed, ...asked }),
  );
  return {
    measures: results.map(({ measures }) => measures),
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** What `work` makes of each item, so many at once. Once one has failed none is begun, and those under way end before it is thrown. */
async function sideBySide<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  let failure: { cause: unknown } | undefined;
  const one = async () => {
    for (const [i, item] of left) {
      if (failure) return;
      try {
        results[i] = await work(item);
      } catch (cause) {
        failure ??= { cause };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  if (failure) throw failure.cause;
  return results;
}

/** Rows that are computed here beside ours. */
async function besides(
  experiment: Reproduction,
  asked: Asked,
): Promise<{ rows: Published[]; seconds: number }> {
  const { beside = [], measuredBy } = experiment;
  const rows: Published[] = [];
  let seconds = 0;
  for (const one of beside) {
    const found = await besideRow(experiment, one, asked);
    rows.push(found.row);
    seconds += found.seconds;
  }
  if (measuredBy === 'parzen') {
    const { parzenReferences } = await import('./parzen.js');
    const log = (line: string) => process.stderr.write(`${line}\n`);
    const config = configFileOf(experiment.config);
    rows.push(...(await parzenReferences({ config, set: dataSets(asked), folder: asked.folder, log })));
  }
  return { rows, seconds };
}

const dataSets = ({ set }: Asked): string[] => set.filter((one) => one.startsWith('data.'));

async function besideRow(experiment: Reproduction, { method, config }: Beside, asked: Asked) {
  const folder = join(asked.folder, basename(config));
  const { seconds, measures } = await trainedSeeds({ ...experiment, config }, { ...asked, folder });
  if (experiment.measuredBy === 'loss-correlation') {
    const { drawLossCorrelation } = await import('./loss-correlation.js');
    const others = seedsOf(config, asked);
    for (const [i, seed] of seedsOf(experiment.config, asked).entries())
      await drawLossCorrelation([join(asked.folder, `seed-${seed}`), join(folder, `seed-${others[i]}`)]);
  }
  const minutes = seconds / 60 / asked.count;
  const source = `configs/${config}.yaml, ${minutes.toFixed(1)} min a seed`;
  return { row: { method, source, measures: figuresOf(experiment, measures) }, seconds };
}

interface SeedResult {
  /** by the experiment's names */
  measures: Record<string, number>;
  seconds: number;
}

/** What one seed came to; it is trained where it is not done. */
async function trained(
  { config, measures, measuredBy }: Reproduction,
  { seed, folder, workers, set }: Pick<Asked, 'folder' | 'workers' | 'set'> & { seed: number },
): Promise<SeedResult> {
  const runDir = join(folder, `seed-${seed}`);
  const sets = [...set, `seed=${seed}`, 'server.http=127.0.0.1:0'].flatMap((one) => ['--set', one]);
  const resume = existsSync(runDir) && holdsRun(runDir) ? ['--resume'] : [];
  let told = 0;
  await runCommand(
    ['train', configFileOf(config), '--run-dir', runDir, '--workers', workers, ...sets, ...resume],
    (line) => {
      if (!line.startsWith('step ') || Date.now() - told < EVERY_MS) return;
      told = Date.now();
      process.stderr.write(`${config}, seed ${seed}: ${line}\n`);
    },
  );
  const { seconds, metrics } = resultOf(runDir)!;
  const found = await MEASURED[measuredBy](runDir, metrics);
  const missing = measures.find(({ name }) => found[name] === undefined);
  if (missing)
    throw new NashError('failed', `seed ${seed} has no measure ${missing.name}: see ${join(runDir, 'logs')}`);
  const row = measures.map(
    ({ name, title, isShare }) => `${title} ${inWords({ mean: found[name]! }, isShare)}`,
  );
  process.stderr.write(`${config}, seed ${seed}: ${row.join(', ')}, in ${duration(seconds)}\n`);
  return { measures: found, seconds };
}

const withoutPrefix = (metrics: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name.replace(/^gan_/, ''), value]));

/** What a finished run came to, by what measures it. */
const MEASURED: Record<
  Reproduction['measuredBy'],
  (runDir: string, metrics: Readonly<Record<string, number>>) => Promise<Record<string, number>>
> = {
  evaluator: async (_, metrics) => withoutPrefix(metrics),
  'one-dimension': async (runDir) => (await import('./one-dimension.js')).measureOneDimension(runDir),
  'loss-correlation': async (runDir) =>
    (await import('./loss-correlation.js')).measureLossCorrelation(runDir),
  parzen: (runDir) => evaluated([runDir], 'parzen'),
  'stacked-modes': (runDir) => evaluated([runDir], 'stacked-modes'),
};

/** Of a seed that has cores of its own: the configs deal a minibatch to two. */
const WORKERS_MAX = 2;
/** From one line of progress to the next. */
const EVERY_MS = 30_000;
