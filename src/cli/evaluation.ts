// What `nash evaluate` does: opens the samples and the data, makes the measures ready, and measures one checkpoint after another.
import { basename } from 'node:path';
import { loadTensorFlow } from '../compiler/tensorflow.js';
import { loadConfig } from '../config/load-config.js';
import type { DataSource } from '../data/data-source.js';
import { openSource } from '../data/open-source.js';
import { pairsOf } from '../data/options.js';
import { readNpy } from '../data/read-npy.js';
import { NashError } from '../errors.js';
import { givenPictures } from '../evaluation/given-pictures.js';
import { type InceptionGraph, openInception } from '../evaluation/inception-graph.js';
import { kindOf, type Made, type Reference } from '../evaluation/measures/measure.js';
import {
  type MeasureName,
  type Measures,
  measureOf,
  measuresNeed,
  measuresOf,
  nameOf,
  type Prepared,
  prepareMeasures,
  sampleCountOf,
  UNLABELLED,
} from '../evaluation/measures/measures.js';
import { openReference, STANDING_COUNT } from '../evaluation/reference.js';
import { drawnLabels } from '../evaluation/sample-labels.js';
import { runFile } from '../run-folder/run-files.js';
import { draw } from './evaluation-figures.js';
import { context, type Parts, partsOf, requireShape } from './evaluation-parts.js';
import { configFile } from './run-arguments.js';
import { checkpointSteps, openGenerator } from './run-generator.js';

export interface EvaluationOptions {
  /** whether the target is a run's folder; else it is a file of samples */
  isRun: boolean;
  /** default: all that can be had */
  asked: MeasureName[] | undefined;
  count: number | undefined;
  against: 'train' | 'test' | `${string}.npy` | undefined;
  config: string | undefined;
  set: string[];
  features: 'items' | 'classifier' | undefined;
  nearest: number | undefined;
  /** file, and the sum that it must have */
  inception: string | undefined;
  inceptionSha256: string | undefined;
  allCheckpoints: boolean;
  step: string | undefined;
  raw: boolean | undefined;
  seed: number;
  figures: string | undefined;
  log(line: string): void;
}

export interface Evaluated {
  /** one a checkpoint, ascending */
  rows: { step?: number; measures: Measures }[];
  protocol: Record<string, unknown> & { measures: Record<string, object> };
  /** names of values that cannot be had, and why */
  leftOut: Record<string, string>;
  /** files that were drawn */
  figures: string[];
}

export interface Subject extends Made {
  samples: Float32Array;
}

export async function evaluate(target: string, options: EvaluationOptions): Promise<Evaluated> {
  return options.isRun ? evaluateRun(target, options) : evaluateFile(target, options);
}

async function evaluateRun(runDir: string, options: EvaluationOptions): Promise<Evaluated> {
  const steps = options.allCheckpoints ? await checkpointSteps(runDir) : [];
  const choices = steps.length > 0 ? steps.map(String) : [options.step];
  const first = await openGenerator(runDir, { step: choices[0], raw: options.raw });
  const { config, classes } = first;
  const source = await openSource(config.data, context(options));
  const parts = await partsOf(source, config, options);
  const told = { isConditional: classes !== undefined, arePairs: pairsOf(config.data) !== undefined };
  const count =
    options.count ?? sampleCountOf(source, config.evaluation.samples, { ...told, asked: parts.asked });
  const takes = options.count ? 'all' : 'own';
  const nets = { generator: !told.arePairs, discriminator: first.judgesItems };
  const examined = examiner({ parts, count, ...told, takes, nets }, options);
  const { seed } = options;
  const given = givenPictures(parts.isFile ? source : parts.against, { count, seed });
  const labels = classes && drawnLabels(classes.counts, { count, seed });
  const rows: { step: number; measures: Measures }[] = [];
  let last: Subject | undefined;
  for (const [i, step] of choices.entries()) {
    const generator = i === 0 ? first : await openGenerator(runDir, { step, raw: options.raw });
    options.log(`step ${generator.step}: drawing ${count} samples`);
    const samples = generator.draw({ count, seed, labels, conditions: given?.conditions.data });
    last = { labels, targets: given?.targets.data, samples, players: generator };
    rows.push({ step: generator.step, measures: examined.measure(last) });
    generator.dispose();
  }
  const figures = await draw(options.figures ?? runFile(runDir, 'figures'), {
    ...examined,
    rows,
    last: last!,
    options,
  });
  const from = {
    run: basename(runDir),
    step: rows.at(-1)!.step,
    weights: options.raw ? 'of the step' : 'averaged',
    seed,
  };
  return examined.finish({ rows, from, figures });
}

async function evaluateFile(path: string, options: EvaluationOptions): Promise<Evaluated> {
  const file = await readNpy(path);
  const config =
    options.config === undefined ? undefined : loadConfig(configFile(options.config), options.set);
  loadTensorFlow({ kind: 'cpu', threads: config?.device.threads ?? 1 });
  const source = config && (await openSource(config.data, context(options)));
  const parts = await partsOf(source, config, options);
  requireShape(path, file, parts.source, config ? `the data of ${options.config}` : options.against!);
  const count = options.count ?? file.shape[0]!;
  if (count > file.shape[0]!)
    throw new NashError(
      'usage',
      `--count ${count}: ${path} holds ${file.shape[0]} samples. Leave it out, or give fewer.`,
    );
  const subject = { samples: file.data.subarray(0, count * (file.data.length / file.shape[0]!)) };
  const examined = examiner({ parts, count, isConditional: false, arePairs: false, takes: 'all' }, options);
  const rows = [{ measures: examined.measure(subject) }];
  const figures = options.figures
    ? await draw(options.figures, { ...examined, rows, last: subject, options })
    : [];
  return examined.finish({ rows, from: { file: path }, figures });
}

interface ExamineOptions {
  parts: Parts;
  /** samples */
  count: number;
  isConditional: boolean;
  arePairs: boolean;
  /** see `prepareMeasures` */
  takes: 'own' | 'all';
  /** which nets come with samples */
  nets?: Pick<Reference, 'generator' | 'discriminator'>;
}

/** Makes the measures ready that are asked for. Holds tensors and the data until `finish`. */
function examiner(
  { parts, count, isConditional, arePairs, takes, nets }: ExamineOptions,
  options: EvaluationOptions,
) {
  const { source, against, heldOut, asked, sourceName } = parts;
  const isWhole = parts.isFile && options.count === undefined;
  const least = takes === 'own' && source.kind === 'dataset' ? STANDING_COUNT : 0;
  const reference = openReference(
    source,
    {
      realCount: isWhole ? Number.POSITIVE_INFINITY : Math.max(count, least),
      sourceName,
      isConditional,
      arePairs,
      comparesItems: true,
      seesChannels: measuresNeed('channelClassifier', asked),
      features: options.features,
    },
    against,
  );
  options.log(`comparing with ${reference.real.length / reference.size} real items`);
  const { nearest } = options;
  const inception = inceptionFor(source, options);
  const prepared = prepareMeasures(
    {
      ...reference,
      ...(heldOut && { heldOut }),
      ...(nearest && { nearest }),
      ...(inception && { inception }),
      ...nets,
    },
    { asked, takes },
  );
  const leftOut = onlyOf(asked, prepared.leftOut);
  refuseMissing(options.asked, { leftOut, least: prepared.least, count, isConditional });
  const names = Object.keys(prepared.least);
  const tell = (name: string) => options.log(`${name} (${names.indexOf(name) + 1} of ${names.length})`);
  return {
    reference,
    measure: ({ samples, ...made }: Subject): Measures =>
      onlyOf(asked, prepared.measure(samples, made, tell)),
    finish({ rows, from, figures }: { rows: Evaluated['rows']; from: object; figures: string[] }): Evaluated {
      reference.dispose();
      inception?.dispose();
      for (const each of new Set([source, against])) each.close();
      const isWanted = ([name]: [string, object]) =>
        measuresOf(source, { isConditional, arePairs, asked }).some(
          (each) =>
            each.name === name &&
            Object.keys(each.metrics).some((metric) => asked.includes(metric as MeasureName)),
        );
      return {
        rows,
        figures,
        leftOut: Object.fromEntries(
          Object.entries(leftOut).map(([metric, because]) => [nameOf(metric as MeasureName), because]),
        ),
        protocol: {
          ...from,
          samples: count,
          data: sourceName,
          against: parts.againstName,
          ...(inception && { inception: inception.sha256 }),
          measures: Object.fromEntries(Object.entries(prepared.protocol).filter(isWanted)),
        },
      };
    },
  };
}

/** @throws NashError('usage') where the file is another */
function inceptionFor(source: DataSource, options: EvaluationOptions): InceptionGraph | undefined {
  const { inception, inceptionSha256: wanted } = options;
  if (inception === undefined || kindOf(source) !== 'images') return undefined;
  return openInception(inception, { wanted, shape: source.shape });
}

/** The entries of these metrics. */
const onlyOf = <T>(
  asked: readonly MeasureName[],
  entries: Readonly<Partial<Record<string, T>>>,
): Record<string, T> =>
  Object.fromEntries(
    Object.entries(entries).filter(([metric]) => asked.includes(metric as MeasureName)),
  ) as Record<string, T>;

/** What was asked for by name is to be had. @throws NashError('usage') */
function refuseMissing(
  asked: readonly MeasureName[] | undefined,
  {
    leftOut,
    least,
    count,
    isConditional,
  }: {
    leftOut: Record<string, string>;
    least: Prepared['least'];
    count: number;
    isConditional: boolean;
  },
): void {
  for (const metric of asked ?? []) {
    const name = nameOf(metric);
    const measure = measureOf(metric);
    const ofOthers =
      measure.needsLabels && !isConditional ? UNLABELLED : `it is of ${measure.appliesTo.join(' and ')}`;
    const because = leftOut[metric] ?? (measure.name in least ? undefined : ofOthers);
    if (because !== undefined)
      throw new NashError('usage', `--measures ${name}: it cannot be had, since ${because}. Leave it out.`);
    const needed = least[measure.name]!;
    if (count < needed)
      throw new NashError(
        'usage',
        `--measures ${name}: found ${count} samples, expected at least ${needed}. Give more, or fewer --neighbours.`,
      );
  }
}
