// Every measure, once. The catalogue of metrics takes their names and help from here, the evaluator what it computes, and the server what
// an evaluator may report. A new one is a file and an entry.
import { collapse } from './collapse-score.js';
import { differentBins } from './different-bins.js';
import { highQuality } from './high-quality.js';
import type { Measure, Reference } from './measure.js';
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

/** Makes ready all that can be had of a reference. @returns takes samples `[count, size]` */
export function prepareMeasures(reference: Reference): (samples: Float32Array) => Measures {
  const prepared = measuresOf(reference.source).map((each) => each.prepare(reference));
  return (samples) => {
    const found: Record<string, number> = {};
    for (const compute of prepared) Object.assign(found, compute(samples, found));
    return found;
  };
}
