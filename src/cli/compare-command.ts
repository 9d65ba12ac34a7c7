// `nash compare`: runs side by side in one figure, samples and curves, to see what a changed line of a config did.
import { basename, dirname, extname, resolve } from 'node:path';
import { Command } from 'commander';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { nearest } from '../config/nearest.js';
import { dataCacheFolder } from '../data/cache-folder.js';
import { openSource } from '../data/open-source.js';
import { cannotBeWritten, EXIT, NashError } from '../errors.js';
import { COMPARED_MAX, type Compared, drawComparison } from '../evaluation/comparison-figure.js';
import { drawImageGrid } from '../evaluation/image-grid.js';
import { metricsText } from '../run-folder/metrics-text.js';
import { type Curves, curvesOf } from '../run-folder/recorded-curves.js';
import type { CommandMaker } from './main.js';
import { openGenerator, type RunGenerator } from './run-generator.js';

/** Samples of each run: points, or pictures in a square. */
const POINTS = 1000;
const PICTURES = 36;

export const compareCommand: CommandMaker = (finish) =>
  new Command('compare')
    .description(
      "draw runs side by side: samples of each one's newest checkpoint, and what was recorded of them",
    )
    .argument('<run-dirs...>', `run folders, at most ${COMPARED_MAX}`)
    .requiredOption('--out <file>', 'FILE.png')
    .option(
      '--values <names>',
      'numbers of metrics.jsonl, such as gradientNormGenerator,accuracyReal,gan_modes_captured',
      'gradientNormGenerator,valueFunction,gan_mode_collapse_score_ratio',
    )
    .addHelpText(
      'after',
      '\nAn axis whose numbers span more than two orders of magnitude is logarithmic, but for shares.\n\nExample:\n' +
        '  npx nash compare runs/vanishing-gradient runs/non-saturating --out before-and-after.png',
    )
    .action(async (runDirs: string[], { out, values }: { out: string; values: string }) => {
      if (extname(out).toLowerCase() !== '.png')
        throw new NashError('usage', `--out ${out}: the figure is a PNG, FILE.png`);
      if (runDirs.length > COMPARED_MAX)
        throw new NashError(
          'usage',
          `${runDirs.length} runs: at most ${COMPARED_MAX} are told apart in one figure`,
        );
      const wanted = values.split(',').map((name) => name.trim());
      const recorded = runDirs.map((runDir) => curvesOf(metricsText(runDir)));
      requireKnown(wanted, recorded);
      const names = namesOf(runDirs);
      const generators: RunGenerator[] = [];
      for (const runDir of runDirs) generators.push(await openGenerator(runDir, {}));
      const runs = generators.map(
        (generator, i): Compared => ({
          name: names[i]!,
          samples: samplesOf(generator),
          curves: recorded[i]!,
        }),
      );
      const mixture = await mixtureOf(generators[0]!);
      for (const generator of generators) generator.dispose();
      const png = await drawComparison({ runs, values: wanted, mixture });
      try {
        makeFolder(dirname(resolve(out)));
        writeWhole(out, png);
      } catch (error) {
        throw cannotBeWritten(out, error);
      }
      process.stdout.write(`${runDirs.length} runs drawn to ${out}\n`);
      finish(EXIT.done);
    });

/** @throws NashError('usage') where no run has a value */
function requireKnown(wanted: readonly string[], recorded: readonly Curves[]): void {
  const known = [...new Set(recorded.flatMap((curves) => [...curves.keys()]))].sort();
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new NashError(
      'usage',
      `--values: none of these runs has recorded ${name}${meant ? `; did you mean ${meant}?` : ''}. They have ${known.join(', ') || 'nothing yet'}.`,
    );
  }
}

/** The folders' own names, or their paths where two have one. */
function namesOf(runDirs: readonly string[]): string[] {
  const names = runDirs.map((runDir) => basename(resolve(runDir)));
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : runDirs[i]!));
}

function samplesOf({ shape, draw }: RunGenerator): Compared['samples'] {
  if (shape.length === 1 && shape[0] === 2) return { points: draw({ count: POINTS, seed: 0 }) };
  if (shape.length !== 3) return undefined;
  const png = drawImageGrid({ images: draw({ count: PICTURES, seed: 0 }), shape });
  return { png, width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

/** Of the first run's data. */
async function mixtureOf({ config, shape }: RunGenerator) {
  if (shape.length !== 1) return undefined;
  const source = await openSource(config.data, { cacheDir: dataCacheFolder(), log: () => {} });
  const { kind } = source;
  source.close();
  return kind === 'distribution' && shape[0] === 2
    ? { modes: source.modes, deviation: source.deviation }
    : undefined;
}
