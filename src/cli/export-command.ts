// `nash export`: a run's generator for other programs, with a card that says what it is.
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { nearest } from '../config/nearest.js';
import { EXIT, NashError } from '../errors.js';
import type { Format } from '../export/files.js';
import type { Taken } from '../export/taken.js';
import type { CommandMaker } from './main.js';
import { openGenerator, type RunGenerator, requireLatents } from './run-generator.js';
import { CHECKPOINT, share } from './sample-command.js';

interface ExportArguments {
  to: string;
  format: string;
  step?: string;
  raw?: boolean;
  truncation?: number;
  force?: boolean;
}

/** Samples in the figure where they are points. */
const FIGURE_POINTS = 2000;

const FORMATS: Readonly<Record<Format, string>> = {
  'saved-model':
    "for TensorFlow in any language: a SavedModel of stock operations, with the signature 'serving_default'",
  tfjs: 'for browsers: a graph model, and index.html, a page that draws samples without server and network',
  onnx: 'for ONNX Runtime and its like',
  safetensors:
    'for PyTorch, by its names and layouts; of mlp, maxout and dcgan with generator.py, which builds the network',
};
const NAMES = Object.keys(FORMATS) as Format[];

const HELP = `
Formats:
${NAMES.map((name) => `  ${name}: ${FORMATS[name]}`).join('\n')}

Beside them: README.md, the model card; latents.npy and samples.npy, 16 samples that the model is to give, the first of \`nash sample\`, of a
conditional run with labels.npy; samples.png; export.json, the sha256 of each file.

The weights are those that \`nash sample\` draws with: G's, averaged over its steps, of the newest checkpoint; --raw takes those of its last step.

Examples:
  npx nash export runs/mnist-gan --to digits --format saved-model,safetensors --step 500`;

export const exportCommand: CommandMaker = (finish) =>
  new Command('export')
    .description("write a run's generator for other programs, with a model card")
    .argument('<run-dir>', 'run folder')
    .requiredOption('--to <dir>', 'folder that is made; an earlier export there is replaced')
    .requiredOption('--format <names>', `${NAMES.join(', ')}; several separated by commas`)
    .option('--step <n|best|file>', CHECKPOINT)
    .option('--raw', 'the weights of that step, without averaging')
    .option('--truncation <psi>', 'from 0 to 1: styles this far from their mean (StyleGAN2)', share)
    .option(
      '--force',
      'also into a folder that holds other files, which stay but for those of the same names',
    )
    .addHelpText('after', HELP)
    .action(async (runDir: string, args: ExportArguments) => {
      await run(runDir, args);
      finish(EXIT.done);
    });

/** @throws NashError('usage') naming what is unknown and the nearest name */
function formatsOf(text: string): Format[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  return names.map((name) => {
    const format = NAMES.find((known) => known === name);
    if (format) return format;
    const near = nearest(name, NAMES);
    throw new NashError(
      'usage',
      `--format: found '${name}', expected ${NAMES.join(', ')}${near ? `; did you mean '${near}'?` : '.'}`,
    );
  });
}

async function run(runDir: string, args: ExportArguments): Promise<void> {
  const formats = formatsOf(args.format);
  const { exportFolder } = await import('../export/folder.js');
  const folder = exportFolder(args.to, { isForced: args.force ?? false });
  const { filesOf } = await import('../export/files.js');
  const opened = await openGenerator(runDir, args);
  requireLatents(
    runDir,
    opened,
    "which no format is exported of yet; its weights are in the run's checkpoints (safetensors), and `nash sample` draws with them",
  );
  const files = await filesOf(await takenOf(runDir, opened, args), formats);
  opened.dispose();
  folder.write(files);
  process.stdout.write(`G of step ${opened.step} written to ${args.to}: ${[...files.keys()].join(', ')}\n`);
}

async function takenOf(runDir: string, opened: RunGenerator, args: ExportArguments): Promise<Taken> {
  const { planOf } = await import('../evaluation/sample-labels.js');
  const { drawSamples } = await import('../evaluation/sample-export.js');
  const { generatorGraph, NOISE_ROWS: count, SEED: seed } = await import('../export/generator-graph.js');
  const { lastEvaluation } = await import('../export/last-evaluation.js');
  const { metricsText } = await import('../run-folder/metrics-text.js');
  const { classes, config, architecture, vector, step, shape } = opened;
  const { labels } = planOf(classes, { count, seed, isGrid: false });
  const generator = {
    ...{ architecture, vector, truncation: args.truncation },
    latentDistribution: config.model.latentDistribution,
  };
  const isPicture = shape.length === 3;
  const plan = planOf(classes, { count: isPicture ? undefined : FIGURE_POINTS, seed, isGrid: isPicture });
  const drawn = { data: opened.draw({ ...plan, seed }), shape, columns: plan.columns };
  return {
    ...{ run: basename(resolve(runDir)), config, step, isRaw: args.raw ?? false, generator, classes },
    graph: generatorGraph(generator),
    samples: {
      ...{ count, shape, labels },
      latents: opened.latents({ count, seed }),
      items: opened.draw({ count, seed, labels }),
    },
    figure: await drawSamples(drawn, plan.count),
    evaluated: lastEvaluation(metricsText(runDir), step, config),
  };
}
