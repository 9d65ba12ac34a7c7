// `nash evaluate`: measures the samples of a run's generator, or of a file, against the data.
import { existsSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { nearest } from '../config/nearest.js';
import { EXIT, NashError } from '../errors.js';
import { type MeasureName, metricsNamed, NAMES, nameOf, VALUES } from '../evaluation/measures/measures.js';
import type { Evaluated, EvaluationOptions } from './evaluation.js';
import type { CommandMaker } from './main.js';
import { collect } from './run-arguments.js';
import { CHECKPOINT, wholeNumber } from './sample-command.js';

const COUNT_MAX = 1_000_000;
const NEAREST_MAX = 1000;

interface EvaluateArguments {
  measures?: string;
  count?: number;
  against?: string;
  config?: string;
  set: string[];
  features?: string;
  neighbours?: number;
  inception?: string;
  inceptionSha256?: string;
  checkpoints?: string;
  step?: string;
  raw?: boolean;
  seed: number;
  figures?: string;
  json?: boolean;
}

const HELP = `
The measures of a run are those of the averaged weights of its newest checkpoint, against the data that it was trained with. A file holds
float32 [N, ...shape] in the range of the training data, as \`nash sample --out FILE.npy\` writes it; --config says which data those are,
or --against names a file of real items.

Every measure, its source, protocol and cost stands in docs/measures.md. Names:
  ${namesInLines()}

Examples:
  npx nash evaluate runs/ring
  npx nash evaluate runs/mnist-gan --measures coverage,parzen --json
  npx nash evaluate runs/mnist-gan --checkpoints all --measures frechet
  npx nash evaluate points.npy --config ring --measures modes
  npx nash evaluate samples.npy --against real.npy --measures prdc --neighbours 5`;

/** All names, a few a line. */
function namesInLines(): string {
  const lines = [''];
  for (const name of NAMES) {
    if (lines.at(-1)!.length + name.length > 110) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${name}`;
  }
  return lines.join('\n  ');
}

export const evaluateCommand: CommandMaker = (finish) =>
  new Command('evaluate')
    .description('measure samples of a run, or of a file, against the data')
    .argument('<run-dir|file.npy>', 'run folder, or samples [N, ...shape]')
    .option('--measures <names>', 'by their names, separated by commas (default: all that can be had)')
    .option(
      '--count <n>',
      'samples that are measured, and real items (default: all of a file; of a run as many as each measure asks for)',
      wholeNumber(2, COUNT_MAX),
    )
    .option(
      '--against <part>',
      'train, test, or FILE.npy with real items (default: what the run was trained with)',
    )
    .option('--config <config>', 'of samples in a file: the config whose data they are to be like')
    .option('--set <key=value>', 'with --config: change a key of it; may be repeated', collect, [])
    .option(
      '--features <space>',
      'where items are compared: classifier (default for pictures with labels) or items, as they are',
    )
    .option(
      '--neighbours <k>',
      'of precision, recall, density and coverage (default: 5; of the improved pair 3)',
      wholeNumber(1, NEAREST_MAX),
    )
    .option(
      '--inception <file>',
      'for fid, kid and inception-score: classify_image_graph_def.pb of inception-2015-12-05.tgz',
    )
    .option(
      '--inception-sha256 <sum>',
      'the sum that this file must have; that which it has stands in the protocol',
    )
    .option(
      '--checkpoints <all>',
      'all: every checkpoint that the run has kept, a row each, and their curves',
    )
    .option('--step <n|best|file>', CHECKPOINT)
    .option('--raw', 'the weights of that step, without averaging')
    .option('--seed <s>', 'another seed draws other samples', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option(
      '--figures <dir>',
      "where figures go: the closest pairs, the curves (default: the run's figures, of a file none)",
    )
    .option('--json', 'the last line is { measures, protocol }')
    .addHelpText('after', HELP)
    .action(async (target: string, args: EvaluateArguments) => {
      const options = optionsOf(target, args);
      const { evaluate } = await import('./evaluation.js');
      const evaluated = await evaluate(target, options);
      process.stdout.write(args.json ? `${jsonOf(evaluated)}\n` : inWords(evaluated));
      finish(EXIT.done);
    });

/** @throws NashError('usage') for what there is not, or does not go together */
function optionsOf(target: string, args: EvaluateArguments): EvaluationOptions {
  const isRun = isFolder(target);
  if (!isRun && !/\.npy$/i.test(target))
    throw new NashError('usage', `${target}: found no folder, expected the folder of a run or FILE.npy.`);
  const ofRun = { '--checkpoints': args.checkpoints, '--step': args.step, '--raw': args.raw };
  const ofFile = { '--config': args.config };
  const stray = Object.entries(isRun ? ofFile : ofRun).find(([, value]) => value !== undefined);
  if (stray)
    throw new NashError(
      'usage',
      `${stray[0]} is for ${isRun ? 'samples in a file, a run has a config of its own' : 'runs, and samples in a file are what they are'}. Leave it out.`,
    );
  if (args.checkpoints !== undefined && args.checkpoints !== 'all')
    throw new NashError('usage', `--checkpoints '${args.checkpoints}': expected all; --step N names one.`);
  if (args.checkpoints !== undefined && args.step !== undefined)
    throw new NashError(
      'usage',
      '--checkpoints all measures every one and --step names one; give one of them.',
    );
  if (!['items', 'classifier', undefined].includes(args.features))
    throw new NashError('usage', `--features '${args.features}': expected items or classifier.`);
  const fileOf = (text: string | undefined) => (text && /\.npy$/i.test(text) ? text : undefined);
  if (!isRun && args.config === undefined && !fileOf(args.against))
    throw new NashError(
      'usage',
      `${target} says not what it is to be like: give --config CONFIG, whose data it is measured against, or --against FILE.npy with real items.`,
    );
  if (args.against !== undefined && !fileOf(args.against) && !['train', 'test'].includes(args.against))
    throw new NashError('usage', `--against '${args.against}': expected train, test or FILE.npy.`);
  return {
    isRun,
    asked: args.measures === undefined ? undefined : namedMetrics(args.measures),
    count: args.count,
    against: args.against as EvaluationOptions['against'],
    config: args.config,
    set: args.set,
    features: args.features as EvaluationOptions['features'],
    nearest: args.neighbours,
    inception: args.inception,
    inceptionSha256: args.inceptionSha256,
    allCheckpoints: args.checkpoints === 'all',
    step: args.step,
    raw: args.raw,
    seed: args.seed,
    figures: args.figures,
    log: (line) => process.stderr.write(`${line}\n`),
  };
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** @throws NashError('usage') naming what is unknown and the nearest name */
function namedMetrics(text: string): MeasureName[] {
  return text.split(',').flatMap((part) => {
    const name = part.trim();
    const metrics = metricsNamed(name);
    if (metrics) return metrics;
    const near = nearest(name, NAMES);
    throw new NashError(
      'usage',
      `--measures: found '${name}', expected names of measures${near ? `; did you mean '${near}'?` : `: ${NAMES.join(', ')}.`}`,
    );
  });
}

function named(measures: Evaluated['rows'][number]['measures']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(measures).map(([metric, value]) => [nameOf(metric as MeasureName), value]),
  );
}

/** The newest row is the answer; where several were asked for, all stand beside it. */
function jsonOf({ rows, protocol }: Evaluated): string {
  const checkpoints = rows.map(({ step, measures }) => ({ step, measures: named(measures) }));
  return JSON.stringify({
    measures: checkpoints.at(-1)!.measures,
    ...(rows.length > 1 && { checkpoints }),
    protocol,
  });
}

const NUMBER = new Intl.NumberFormat('en', { maximumSignificantDigits: 6, useGrouping: true });

function inWords({ rows, protocol, leftOut, figures }: Evaluated): string {
  const values = [...new Set(rows.flatMap(({ measures }) => Object.keys(measures)))] as MeasureName[];
  const table = [
    ['', ...rows.map(({ step }) => (step === undefined ? '' : `step ${NUMBER.format(step)}`)), ''],
    ...values.map((metric) => [
      nameOf(metric),
      ...rows.map(({ measures }) => (measures[metric] === undefined ? '' : NUMBER.format(measures[metric]))),
      VALUES[metric].better ? `${VALUES[metric].better} is better` : '',
    ]),
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column > 0 && column <= rows.length ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  const { measures: constants, ...about } = protocol;
  return [
    ...lines.filter((line) => line !== ''),
    '',
    `protocol: ${told(about)}`,
    ...Object.entries(constants).map(([name, each]) => `  ${name}: ${told(each)}`),
    ...Object.entries(leftOut).map(([name, because]) => `left out: ${name}, since ${because}`),
    ...figures.map((file) => `figure: ${file}`),
    '',
  ].join('\n');
}

const told = (values: object): string =>
  Object.entries(values)
    .map(
      ([key, value]) =>
        `${key} ${Array.isArray(value) ? value.map((each) => NUMBER.format(each)).join(' ') : value}`,
    )
    .join(', ');
