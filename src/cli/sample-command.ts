// `nash sample`: draws from the generator of a run's checkpoint, the newest unless another is named.
import { Command, InvalidArgumentError } from 'commander';
import type { RunConfig } from '../config/run-config.js';
import { EXIT, NashError } from '../errors.js';
import type { GivenPictures } from '../evaluation/given-pictures.js';
import { exportImages, exportSamples, sampleFormat } from '../evaluation/sample-export.js';
import type { Plan } from '../evaluation/sample-labels.js';
import type { CommandMaker } from './main.js';
import { openGenerator, type RunGenerator } from './run-generator.js';

const COUNT_MAX = 1_000_000;

/** A parser of whole numbers in a range, for commander. */
export const wholeNumber = (from: number, to: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new InvalidArgumentError(`expected a whole number from ${from} to ${to}, got '${text}'.`);
};

/** A parser of shares, for commander. */
export const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(`expected a number from 0 to 1, got '${text}'.`);
};

/** What --step names. */
export const CHECKPOINT =
  "a checkpoint: of G's step N, the best by checkpoint.keepBest, or a file (default: the newest whole one)";

interface SampleArguments {
  count?: number;
  out?: string;
  folder?: string;
  step?: string;
  raw?: boolean;
  grid?: Grid;
  class?: string;
  seed: number;
  truncation?: number;
  from?: string;
}

interface Grid {
  rows: number;
  columns: number;
}

function parseGrid(text: string): Grid {
  const [, rows, columns] = /^([1-9]\d{0,2})x([1-9]\d{0,2})$/.exec(text) ?? [];
  if (columns !== undefined) return { rows: Number(rows), columns: Number(columns) };
  throw new InvalidArgumentError(`expected ROWSxCOLUMNS, such as 4x8, got '${text}'.`);
}

const HELP = `
Samples are float32 in the range of the training data: pictures [N, height, width, channels] from -1 (black) to 1, points [N, 2] and
numbers [N, 1] as they are. They are drawn with the weights of G averaged over its steps, which the evaluator measures; --raw takes
those of its last step. Sample i of a seed is the same however many are drawn.

Samples of a conditional run are of the class that --class names. Without it a PNG of pictures has one class a row, and everything else
classes in the proportions of the data; they are written beside FILE.npy to FILE.labels.npy (int32).

Samples of image to image (data.pairs) are made from pictures of the test split, where there is one, else of those of the training, or of
--from PATH. A PNG has what G was given, what it made of it and what it was to make side by side; FILE.npy has FILE.conditions.npy and
FILE.targets.npy beside it.

Examples:
  npx nash sample runs/ring --count 1000 --out points.npy
  npx nash sample runs/mnist-gan --grid 4x8 --out digits.png
  npx nash sample runs/mnist-gan --step 500 --count 100 --folder digits
  npx nash sample runs/mnist-conditional --class 7 --out sevens.png`;

export const sampleCommand: CommandMaker = (finish) =>
  new Command('sample')
    .description("draw samples from a run's generator")
    .argument('<run-dir>', 'run folder')
    .option(
      '--count <n>',
      'how many (default: those of --grid, else 64, or ten of each class); a PNG of one picture has its size',
      wholeNumber(1, COUNT_MAX),
    )
    .option('--out <file>', 'FILE.npy, FILE.png (a grid, a scatter, a density) or FILE.safetensors')
    .option('--folder <dir>', 'a PNG for each picture, at its own size, instead of --out')
    .option('--step <n|best|file>', CHECKPOINT)
    .option('--raw', 'the weights of that step, without averaging')
    .option('--grid <rowsxcolumns>', 'how pictures stand in FILE.png (default: a square)', parseGrid)
    .option('--class <name|n>', 'of a conditional run: samples of this class alone')
    .option(
      '--truncation <psi>',
      'from 0 to 1: styles this far from their mean (StyleGAN2; 0: one picture, 1: as trained)',
      share,
    )
    .option(
      '--from <path>',
      'of image to image: pictures like those of data.path, of which G is given what the run says (data.pairs)',
    )
    .option('--seed <s>', 'another seed draws others', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .addHelpText('after', HELP)
    .action(async (runDir: string, args: SampleArguments) => {
      await run(runDir, countOf(args), args);
      finish(EXIT.done);
    });

/** How many are asked for, undefined: as many as are usual. Throws NashError('usage') for what does not go together. */
function countOf({ count, out, folder, grid }: SampleArguments): number | undefined {
  if ((out === undefined) === (folder === undefined))
    throw new NashError('usage', 'give one of --out FILE.npy|FILE.png|FILE.safetensors and --folder DIR');
  const isPicture = out !== undefined && sampleFormat(out) === '.png';
  if (!grid) return count;
  if (!isPicture) throw new NashError('usage', '--grid is how pictures stand in --out FILE.png');
  const places = grid.rows * grid.columns;
  if ((count ?? places) <= places) return count ?? places;
  throw new NashError(
    'usage',
    `--grid ${grid.rows}x${grid.columns} has ${places} places, and --count says ${count}`,
  );
}

async function run(runDir: string, asked: number | undefined, args: SampleArguments): Promise<void> {
  const { className, planOf } = await import('../evaluation/sample-labels.js');
  const generator = await openGenerator(runDir, args);
  const { classes, shape, step } = generator;
  const isPicture = shape.length === 3 && args.out !== undefined && sampleFormat(args.out) === '.png';
  const plan = planOf(classes, {
    count: asked,
    seed: args.seed,
    class: args.class,
    isGrid: isPicture,
    columns: args.grid?.columns,
  });
  const { count, labels, columns, rows } = plan;
  const given = await givenOf(generator, plan, args);
  const data = generator.draw({ count, seed: args.seed, labels, conditions: given?.conditions.data });
  const samples = {
    ...{ data, shape, columns, ...given },
    ...(labels && !isPicture && { labels: Array.from(labels) }),
  };
  await (args.out === undefined ? exportImages(args.folder!, samples) : exportSamples(args.out, samples));
  const told =
    classes && rows ? `, one class a row: ${rows.map((row) => className(classes, row)).join(', ')}` : '';
  process.stdout.write(`${count} samples of step ${step} written to ${args.out ?? args.folder}${told}\n`);
}

/** What samples of image to image are made from; undefined of other runs. @throws NashError('usage') */
async function givenOf(
  { config, architecture }: RunGenerator,
  { count }: Pick<Plan, 'count'>,
  { seed, from }: SampleArguments,
): Promise<GivenPictures | undefined> {
  const { condition } = architecture.generator.inputs;
  if (!condition && from === undefined) return undefined;
  if (!condition)
    throw new NashError(
      'usage',
      `--from ${from}: the run's G makes pictures of noise, not of pictures. Leave it out.`,
    );
  const { givenPictures, openTestPairs } = await import('../evaluation/given-pictures.js');
  const { openSource } = await import('../data/open-source.js');
  const { dataCacheFolder } = await import('../data/cache-folder.js');
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const context = { cacheDir: dataCacheFolder(), log };
  const source =
    from === undefined
      ? ((await openTestPairs(config.data, context)) ?? (await openSource(config.data, context)))
      : await openSource({ ...config.data, path: from } as RunConfig['data'], context);
  const given = givenPictures(source, { count, seed })!;
  source.close();
  const { shape } = given.conditions;
  if (`${shape}` === `${condition}`) return given;
  throw new NashError(
    'usage',
    `--from ${from ?? ''}: found pictures of shape [${shape.join(', ')}] for G, expected [${condition.join(', ')}], which it was trained with`,
  );
}
