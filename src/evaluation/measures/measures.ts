// Every measure, once. The catalogue of metrics takes their names and help from here, the evaluator and `nash evaluate` what they compute,
// the server what an evaluator may report, and the config what it may ask for. A new one is a file and an entry.
import { birthday } from './birthday.js';
import { classAgreement } from './class-agreement.js';
import { classificationAccuracy } from './classification-accuracy.js';
import { collapse } from './collapse-score.js';
import { differentBins } from './different-bins.js';
import { frechet } from './frechet.js';
import { gaussianDivergence } from './gaussian-divergence.js';
import { highQuality } from './high-quality.js';
import { inceptionMeasures } from './inception.js';
import { kernelDistance } from './kernel-distance.js';
import { latentSensitivity } from './latent-sensitivity.js';
import { type Compute, kindOf, type Made, type Measure, type Reference, type Value } from './measure.js';
import { memorization } from './memorization.js';
import { kindOfSource, modeCoverage } from './mode-coverage.js';
import { msSsim } from './ms-ssim.js';
import { optimalDiscriminator } from './optimal-discriminator.js';
import { parzen } from './parzen.js';
import { pixelDistance } from './pixel-distance.js';
import { improvedPrecisionRecall, precisionRecall } from './precision-recall.js';
import { sampleDiversity } from './sample-diversity.js';
import { slicedWasserstein } from './sliced-wasserstein.js';
import { stackedModes } from './stacked-modes.js';

/** In the order in which they are computed: one may use the values of those before it. */
export const MEASURES = [
  modeCoverage,
  highQuality,
  sampleDiversity,
  differentBins,
  classAgreement,
  pixelDistance,
  collapse,
  precisionRecall,
  improvedPrecisionRecall,
  frechet,
  kernelDistance,
  slicedWasserstein,
  gaussianDivergence,
  optimalDiscriminator,
  latentSensitivity,
  classificationAccuracy,
  birthday,
  msSsim,
  memorization,
  parzen,
  stackedModes,
  inceptionMeasures,
] as const;

type NamesOf<M> = M extends Measure<infer Name> ? Name : never;
/** A value's name, which is that of its metric. */
export type MeasureName = NamesOf<(typeof MEASURES)[number]>;
export type Measures = Partial<Record<MeasureName, number>>;

const all: readonly Measure[] = MEASURES;

/** Every value, by its metric's name. */
export const VALUES = Object.assign({}, ...all.map(({ metrics }) => metrics)) as Readonly<
  Record<MeasureName, Value>
>;

export const isMeasure = (name: string): name is MeasureName => Object.hasOwn(VALUES, name);

/** What `nash evaluate` and configs call a value. */
export const nameOf = (metric: MeasureName): string => VALUES[metric].name ?? metric.replace(/^gan_/, '');

const metricsOf = ({ metrics }: Measure) => Object.keys(metrics) as MeasureName[];

/**
 * The metrics that a name asks for: those of a measure, or one value, by its own name or its metric's, with `gan_` or without.
 * @returns undefined where there is none of that name
 */
export function metricsNamed(name: string): readonly MeasureName[] | undefined {
  const measure = all.find((each) => each.name === name);
  if (measure) return metricsOf(measure);
  const metric = valueNamed(name);
  return metric && [metric];
}

/** The value that a name means, by its own name or its metric's. */
export function valueNamed(name: string): MeasureName | undefined {
  const isMeant = (metric: MeasureName) =>
    [nameOf(metric), metric, metric.replace(/^gan_/, '')].includes(name);
  return (Object.keys(VALUES) as MeasureName[]).find(isMeant);
}

/**
 * Why a run on a data source cannot compute what a name asks for at its evaluations.
 * @returns undefined where it can
 */
export function whyNotInTraining(
  name: string,
  { sourceName, isConditional }: { sourceName: string; isConditional: boolean },
): string | undefined {
  const metric = metricsNamed(name)?.[0];
  if (metric === undefined) return 'there is no measure of that name';
  const { appliesTo, needs = [], needsLabels } = measureOf(metric);
  if (needs.includes('inception'))
    return 'it needs the weights of Inception: nash evaluate --inception FILE computes it';
  if (needs.includes('channelClassifier'))
    return 'it needs a classifier that is a minute and a half in training: nash evaluate computes it';
  if (appliesTo.includes(kindOfSource(sourceName)))
    return needsLabels && !isConditional ? UNLABELLED : undefined;
  return `it is of ${appliesTo.join(' and ')}, and data.source is ${sourceName}`;
}

/** Whether measures of these names need a part of the reference. */
export const measuresNeed = (
  part: NonNullable<Measure['needs']>[number],
  names: readonly string[],
): boolean =>
  names.some((name) => metricsNamed(name)!.some((metric) => measureOf(metric).needs?.includes(part)));

export const UNLABELLED = 'it is of conditional runs, whose samples have labels';

/** The measure that a metric is a value of. */
export const measureOf = (metric: MeasureName): Measure =>
  all.find(({ metrics }) => Object.hasOwn(metrics, metric))!;

/** Everything that may be asked for, measures before their values. */
export const NAMES: readonly string[] = [
  ...new Set(all.flatMap((each) => [each.name, ...metricsOf(each).map(nameOf)])),
];

export interface Wanted {
  /** whether samples have labels; default: they have none */
  isConditional?: boolean;
  /** whether samples have targets; default: they have none */
  arePairs?: boolean;
  /** metrics that are asked for beside the standing ones; whole measures are computed */
  asked?: readonly MeasureName[];
}

/** The measures that can be had of a source and are wanted. */
export function measuresOf(
  source: Reference['source'],
  { isConditional = false, arePairs = false, asked = [] }: Wanted = {},
): readonly Measure[] {
  return all.filter(
    (each) =>
      each.appliesTo.includes(kindOf(source)) &&
      (isConditional || !each.needsLabels) &&
      (arePairs || !each.needsTargets) &&
      (each.isStanding || metricsOf(each).some((metric) => asked.includes(metric))),
  );
}

/** Samples that an evaluation of a source needs. @param configured how many of a mixture are wanted */
export const sampleCountOf = (source: Reference['source'], configured: number, wanted?: Wanted): number =>
  source.kind === 'distribution'
    ? configured
    : Math.max(...measuresOf(source, wanted).map(({ cost }) => cost.samples));

export interface Prepared {
  /**
   * @param samples `[count, size]`
   * @returns the values that are finite: of samples that are not, few are
   */
  measure(samples: Float32Array, made?: Made, onMeasure?: (name: string) => void): Measures;
  /** names of the values that cannot be had of these data, and why */
  leftOut: Readonly<Record<string, string>>;
  /** of each measure that can be had, by its name, the fewest samples of which it says anything */
  least: Readonly<Record<string, number>>;
  /** the constants by which each measure is computed, by its name */
  protocol: Readonly<Record<string, ReturnType<Measure['protocol']>>>;
}

const MISSING = {
  discriminator: 'there is no D that says of one number alone how probably it is real',
  generator:
    'samples of a file come without the generator that made them, and that of image to image has no latents',
  heldOut: 'there are no items that G was not trained with',
  inception: "Inception's weights are not given (--inception FILE)",
  channelClassifier: 'the data are not stacked of others that have labels',
} as const;

/**
 * Makes ready all that can be had of a reference.
 * @param wanted.takes `own`: of images a measure takes the first of the samples and of the real ones, as many as it needs, so that what else is asked for changes
 * none of its values; `all`: what there is
 */
export function prepareMeasures(
  reference: Reference,
  { asked = [], takes = 'own' }: { asked?: readonly MeasureName[]; takes?: 'own' | 'all' } = {},
): Prepared {
  const leftOut: Record<string, string> = {};
  const protocol: Record<string, ReturnType<Measure['protocol']>> = {};
  const least: Record<string, number> = {};
  const computes: { measure: Measure; compute: Compute; countOf(items: Float32Array): number }[] = [];
  const { source, size, isConditional = false, arePairs = false } = reference;
  const takesOwn = takes === 'own' && kindOf(source) === 'images';
  for (const each of measuresOf(source, { isConditional, arePairs, asked })) {
    const most = takesOwn && each.cost.samples > 0 ? each.cost.samples : Number.POSITIVE_INFINITY;
    const countOf = (items: Float32Array) => Math.min(most, items.length / size);
    const own = { ...reference, real: reference.real.subarray(0, countOf(reference.real) * size) };
    const missing = each.needs?.find((part) => !reference[part]);
    const prepared = missing
      ? { because: MISSING[missing] }
      : each.prepare(own, (name) => !(name in leftOut));
    if (typeof prepared === 'function') {
      computes.push({ measure: each, compute: prepared, countOf });
      least[each.name] = each.least?.(own) ?? 1;
      protocol[each.name] = { ...(Number.isFinite(most) && { samples: most }), ...each.protocol(own) };
    } else for (const name of metricsOf(each)) leftOut[name] = prepared.because;
  }
  return {
    leftOut,
    least,
    protocol,
    measure(samples, made = {}, onMeasure = () => {}) {
      const found: Record<string, number> = {};
      const areFinite = samples.every(Number.isFinite);
      for (const { measure, compute, countOf } of computes) {
        const count = countOf(samples);
        if (!areFinite && !measure.isStanding) continue; // no distance to what is no place
        if (count < least[measure.name]!) continue;
        onMeasure(measure.name);
        const own = {
          ...made,
          labels: made.labels?.subarray(0, count),
          targets: made.targets?.subarray(0, count * size),
        };
        Object.assign(found, compute(samples.subarray(0, count * size), found, own));
      }
      return Object.fromEntries(Object.entries(found).filter(([, value]) => Number.isFinite(value)));
    },
  };
}
