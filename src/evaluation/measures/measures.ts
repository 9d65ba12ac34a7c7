// Every measure, once. The catalogue of metrics takes their names and help from here, the evaluator what it computes, and the server what
// an evaluator may report. A new one is a file and an entry.
import { collapse } from './collapse-score.js';
import { differentBins } from './different-bins.js';
import { highQuality } from './high-quality.js';
import type { CannotBeHad, Measure, Reference } from './measure.js';
import { modeCoverage } from './mode-coverage.js';
import { sampleDiversity } from './sample-diversity.js';

/** In the order in which they are computed: one may use the values of those before it. */
export const MEASURES = [modeCoverage, highQuality, sampleDiversity, differentBins, collapse] as const;

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

/** The measures that can be had of a source. */
export const measuresOf = ({ kind }: Reference['source']): readonly Measure[] =>
  all.filter(({ appliesTo }) => appliesTo.includes(kind === 'distribution' ? 'mixtures' : 'images'));

/** Samples that an evaluation of a source needs. @param configured how many of a mixture are wanted */
export const sampleCountOf = (source: Reference['source'], configured: number): number =>
  source.kind === 'distribution'
    ? configured
    : Math.max(...measuresOf(source).map(({ cost }) => cost.samples));

export interface Prepared {
  /** @param samples `[count, size]` @returns the values that are finite: of samples that are not, few are */
  measure(samples: Float32Array): Measures;
  /** names of the values that cannot be had of these data, and why */
  leftOut: Readonly<Record<string, string>>;
}

/** Makes ready all that can be had of a reference. */
export function prepareMeasures(reference: Reference): Prepared {
  const leftOut: Record<string, string> = {};
  const computes: Exclude<ReturnType<Measure['prepare']>, CannotBeHad>[] = [];
  for (const { prepare, metrics } of measuresOf(reference.source)) {
    const prepared = prepare(reference, (name) => !(name in leftOut));
    if (typeof prepared === 'function') computes.push(prepared);
    else for (const name of Object.keys(metrics)) leftOut[name] = prepared.because;
  }
  return {
    leftOut,
    measure(samples) {
      const found: Record<string, number> = {};
      for (const compute of computes) Object.assign(found, compute(samples, found));
      return Object.fromEntries(Object.entries(found).filter(([, value]) => Number.isFinite(value)));
    },
  };
}
