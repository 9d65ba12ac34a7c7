// `nash interpolate` and `nash neighbors`: the two figures by which Goodfellow et al. 2014 argue that G has not learned its data by heart.
import { dirname, extname } from 'node:path';
import { Command, Option } from 'commander';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { dataCacheFolder } from '../data/cache-folder.js';
import { openSource } from '../data/open-source.js';
import { cannotBeWritten, EXIT, NashError } from '../errors.js';
import { givenPictures } from '../evaluation/given-pictures.js';
import { drawImageGrid, type ImageGrid } from '../evaluation/image-grid.js';
import { between, type Path } from '../evaluation/interpolation.js';
import { nearestItems } from '../evaluation/nearest-items.js';
import type { CommandMaker } from './main.js';
import { openGenerator, type RunGenerator, requireLatents } from './run-generator.js';
import { CHECKPOINT, wholeNumber } from './sample-command.js';

interface FigureArguments {
  out: string;
  rows: number;
  step?: string;
  class?: string;
  seed: number;
}

const figureCommand = (name: string): Command =>
  new Command(name)
    .argument('<run-dir>', 'run folder')
    .requiredOption('--out <file>', 'FILE.png')
    .option('--rows <n>', 'rows of the figure', wholeNumber(1, 100), 8)
    .option('--step <n|best|file>', CHECKPOINT)
    .option('--class <name|n>', 'of a conditional run: this class alone')
    .option('--seed <s>', 'another seed draws others', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0);

export const interpolateCommand: CommandMaker = (finish) =>
  figureCommand('interpolate')
    .description('draw what G makes on the way from one latent to another, a row each')
    .option('--steps <n>', 'pictures a row, both ends included', wholeNumber(2, 100), 9)
    .addOption(
      new Option('--path <path>', 'straight, or along the sphere on which normal latents lie')
        .choices(['linear', 'spherical'])
        .default('linear'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  npx nash interpolate runs/mnist-gan --out between.png --rows 8 --steps 9',
    )
    .action(async (runDir: string, args: FigureArguments & { steps: number; path: Path }) => {
      const { rows, steps, path, seed } = args;
      const generator = await openPictures(runDir, args);
      requireLatents(
        runDir,
        generator,
        `and there is no way from one latent to another; \`nash sample ${runDir} --out FILE.png\` draws them`,
      );
      const ends = generator.latents({ count: 2 * rows, seed });
      const size = ends.length / (2 * rows);
      const end = (i: number) => ends.subarray(i * size, (i + 1) * size);
      const latents = Float32Array.from(
        Array.from({ length: rows }, (_, row) => [
          ...between(end(2 * row), end(2 * row + 1), { steps, path }),
        ]).flat(),
      );
      const labels = await labelsOf(generator, args, { count: rows * steps, columns: steps });
      const images = generator.drawAt({ latents, seed, labels });
      write(args.out, { images, shape: generator.shape, columns: steps });
      process.stdout.write(
        `${rows} ${path} ways of ${steps} samples of step ${generator.step} written to ${args.out}\n`,
      );
      generator.dispose();
      finish(EXIT.done);
    });

export const neighborsCommand: CommandMaker = (finish) =>
  figureCommand('neighbors')
    .description("draw samples, and in a frame the training item nearest to each row's last")
    .option('--columns <n>', 'samples a row', wholeNumber(1, 100), 5)
    .addHelpText(
      'after',
      '\nNearest by squared Euclidean distance, of all items that the run is trained with.\n\nExample:\n  npx nash neighbors runs/mnist-gan --out nearest.png --rows 4',
    )
    .action(async (runDir: string, args: FigureArguments & { columns: number }) => {
      const { rows, columns, seed } = args;
      const generator = await openPictures(runDir, args);
      const source = await openSource(generator.config.data, {
        cacheDir: dataCacheFolder(),
        log: (line) => process.stderr.write(`${line}\n`),
      });
      if (source.kind !== 'dataset')
        throw new NashError('usage', 'points of a mixture have no nearest training item');
      const count = rows * columns;
      const labels = await labelsOf(generator, args, { count, columns });
      const conditions = givenPictures(source, { count, seed })?.conditions.data;
      const samples = generator.draw({ count, seed, labels, conditions });
      const size = samples.length / count;
      const last = (row: number) =>
        samples.subarray((row * columns + columns - 1) * size, (row + 1) * columns * size);
      const lasts = Float32Array.from(Array.from({ length: rows }, (_, row) => [...last(row)]).flat());
      const nearest = nearestItems(lasts, source);
      const across = columns + 1;
      const images = new Float32Array(rows * across * size);
      for (let row = 0; row < rows; row++) {
        images.set(samples.subarray(row * columns * size, (row + 1) * columns * size), row * across * size);
        source.read(
          [nearest[row]!.index],
          images.subarray((row * across + columns) * size, (row + 1) * across * size),
        );
      }
      source.close();
      write(args.out, {
        images,
        shape: generator.shape,
        columns: across,
        framed: (i) => i % across === columns,
      });
      for (const [row, { index, squaredDistance }] of nearest.entries())
        process.stdout.write(
          `row ${row + 1}: item ${index}, squared distance ${squaredDistance.toFixed(2)}\n`,
        );
      process.stdout.write(
        `samples of step ${generator.step} and their nearest training items written to ${args.out}\n`,
      );
      generator.dispose();
      finish(EXIT.done);
    });

/** @throws NashError('usage') where the run makes no pictures, or the file is none */
async function openPictures(runDir: string, { out, step }: FigureArguments): Promise<RunGenerator> {
  if (extname(out).toLowerCase() !== '.png')
    throw new NashError('usage', `--out ${out}: the figure is a PNG, FILE.png`);
  const generator = await openGenerator(runDir, { step });
  const { shape } = generator;
  if (shape.length === 3) return generator;
  generator.dispose();
  throw new NashError(
    'usage',
    `${runDir} makes samples of shape [${shape}], which are no pictures; \`nash sample ${runDir} --out FILE.png\` draws those`,
  );
}

/** The class of each picture, one a row unless one was named; undefined in a run without classes. */
async function labelsOf(
  { classes }: RunGenerator,
  { class: named, seed }: FigureArguments,
  { count, columns }: { count: number; columns: number },
): Promise<Int32Array | undefined> {
  const { planOf } = await import('../evaluation/sample-labels.js');
  return planOf(classes, { count, seed, class: named, isGrid: true, columns }).labels;
}

function write(out: string, grid: ImageGrid): void {
  try {
    makeFolder(dirname(out));
    writeWhole(out, drawImageGrid(grid));
  } catch (cause) {
    throw cannotBeWritten(out, cause);
  }
}
