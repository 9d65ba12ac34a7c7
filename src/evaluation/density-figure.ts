// The picture of a 1-D experiment: the densities of real and generated numbers over one axis (Goodfellow et al. 2014, figure 1).
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart } from './chart.js';

export interface DensityFigure {
  /** at least one of the two */
  generated?: Float32Array;
  real?: Float32Array;
  /** the line below the title, such as `step 5,000` */
  caption: string;
}

const BINS = 80;

interface Bar {
  from: number;
  to: number;
  density: number;
  source: string;
}

/** A histogram whose area is the share of values inside [low, high]. */
export function densityOf(values: Float32Array, low: number, high: number, bins: number): number[] {
  const width = (high - low) / bins;
  const counts = Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor((value - low) / width);
    if (bin >= 0 && bin < bins) counts[bin]! += 1;
  }
  return counts.map((count) => count / (values.length * width));
}

type Range = [low: number, high: number];

function rangeOf(values: Float32Array): Range {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const high = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  if (finite.length === 0) return [-1, 1];
  const margin = 0.25 * Math.max(high - low, 1e-3);
  return [low - margin, high + margin];
}

/** The line below the title: what was drawn, and the share of the generated numbers that the axis leaves out. */
export function subtitleOf(caption: string, generated: Float32Array, [low, high]: Range): string {
  const outside = generated.filter((value) => !(value >= low && value < high)).length; // NaN too
  if (outside === 0) return caption;
  const percent = ((100 * outside) / generated.length).toFixed(1);
  const [some, all] = [outside, generated.length].map((count) => count.toLocaleString('en'));
  return `${caption}  ·  outside of this picture: ${percent} % (${some} of ${all} generated numbers)`;
}

/** PNG bytes: two overlaid densities; the axis is that of the real data with a margin, where there are any. */
export function drawDensity({ generated, real, caption }: DensityFigure): Promise<Buffer> {
  const range = rangeOf(real ?? generated ?? new Float32Array());
  const [low, high] = range;
  const barsOf = (values: Float32Array, source: string): Bar[] =>
    densityOf(values, low, high, BINS).map((density, i) => {
      const from = low + (i * (high - low)) / BINS;
      return { from, to: from + (high - low) / BINS, density, source };
    });
  const both = { real, generated };
  const sources = (['real', 'generated'] as const).filter((source) => both[source] !== undefined);
  const colour = {
    field: 'source',
    type: 'nominal',
    scale: { domain: sources, range: sources.map((s) => COLOURS[s]) },
  };
  const spec = {
    width: 720,
    height: 360,
    title: {
      text: `${sources.join(' and ')} density`,
      subtitle: generated ? subtitleOf(caption, generated, range) : caption,
    },
    data: { values: sources.flatMap((source) => barsOf(both[source]!, source)) },
    mark: { type: 'bar', opacity: 0.5, binSpacing: 0 },
    encoding: {
      x: { field: 'from', bin: { binned: true }, type: 'quantitative', title: 'x', scale: { nice: false } },
      x2: { field: 'to' },
      y: { field: 'density', type: 'quantitative', stack: null, title: 'density' },
      color: colour,
    },
  };
  return drawChart(spec as unknown as TopLevelSpec);
}
