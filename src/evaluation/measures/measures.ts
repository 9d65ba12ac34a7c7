// Every measure, once. The catalogue of metrics takes their names and help from here, the evaluator what it computes, and the server what
// an evaluator may report. A new one is a file and an entry.
import { classAgreement } from './class-agreement.js';
import { collapse } from './collapse-score.js';
import { differentBins } from './different-bins.js';
import { highQuality } from './high-quality.js';
import type { CannotBeHad, Measure, Reference } from './measure.js';
import { modeCoverage } from './mode-coverage.js';
import { sampleDiversity } from './sample-diversity.js';

/** In the order in which they are computed: one may use the values of those before it. */
export const MEASURES = [
  modeCoverage,
  highQuality,
  sampleDiversity,
  differentBins,
  classAgreement,
  collapse,
] as const;

type NamesOf<M> = M extends Measure<infer Name> ? Name : never;
/** A value's name, which is that of its metric. */
export type MeasureName = NamesOf<(typeof MEASURES)[number]>;
export type Measures = Partial<Record<MeasureName, number>>;

const all: readonly Measure[] = MEASURES;

/** What each value says, by its name. */
export const MEASURE_HELP = Object.assign({}, ...all.map(({ metrics }) => metrics)) as Readonly<
  Record<MeasureName, string>
>;

export const isMeasure = (name: string): name is MeasureName => Object.hasOwn(MEASURE_HELP, name);

/** The measures that can be had of a source. @param isConditional whether samples have labels */
export const measuresOf = ({ kind }: Reference['source'], isConditional = false): readonly Measure[] =>
  all.filter(
    ({ appliesTo, needsLabels = false }) =>
      appliesTo.includes(kind === 'distribution' ? 'mixtures' : 'images') && (isConditional || !needsLabels),
  );

/** Samples that an evaluation of a source needs. @param configured how many of a mixture are wanted */
export const sampleCountOf = (source: Reference['source'], configured: number): number =>
  source.kind === 'distribution'
    ? configured
    : Math.max(...measuresOf(source).map(({ cost }) => cost.samples));

export interface Prepared {
  /**
   * @param samples `[count, size]` @param labels the classes that those of a conditional run were to be of
   * @returns the values that are finite: of samples that are not, few are
   */
  measure(samples: Float32Array, labels?: Int32Array): Measures;
  /** names of the values that cannot be had of these data, and why */
  leftOut: Readonly<Record<string, string>>;
}

/** Makes ready all that can be had of a reference. */
export function prepareMeasures(reference: Reference): Prepared {
  const leftOut: Record<string, string> = {};
  const computes: Exclude<ReturnType<Measure['prepare']>, CannotBeHad>[] = [];
  for (const { prepare, metrics } of measuresOf(reference.source, reference.isConditional)) {
    const prepared = prepare(reference, (name) => !(name in leftOut));
    if (typeof prepared === 'function') computes.push(prepared);
    else for (const name of Object.keys(metrics)) leftOut[name] = prepared.because;
  }
  return {
    leftOut,
    measure(samples, labels) {
      const found: Record<string, number> = {};
      for (const compute of computes) Object.assign(found, compute(samples, found, labels));
      return Object.fromEntries(Object.entries(found).filter(([, value]) => Number.isFinite(value)));
    },
  };
}
