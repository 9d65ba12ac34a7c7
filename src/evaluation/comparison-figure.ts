// The picture of several runs side by side: what each of them makes, and what was recorded of them as curves of one chart a value.
import type { TopLevelSpec } from 'vega-lite';
import { drawChart, panelTitle } from './chart.js';

/** A run as it is shown. */
export interface Compared {
  /** in the legend and over its samples; no two are the same */
  name: string;
  /** two coordinates each, or a picture of samples as PNG */
  samples: { points: Float32Array } | { png: Buffer; width: number; height: number } | undefined;
  /** curves by value, each in the order of steps */
  curves: ReadonlyMap<string, readonly { step: number; value: number }[]>;
}

export interface ComparisonFigure {
  /** at most as many as there are colours */
  runs: readonly Compared[];
  /** values that are drawn; a run that has none of one has no line there */
  values: readonly string[];
  /** means of a mixture's modes `[x, y]` and their deviation, where the samples are points of one */
  mixture?: { modes: readonly (readonly number[])[]; deviation: number } | undefined;
}

/** Told apart by the colour-blind too (Okabe and Ito 2008). */
const LINES = ['#d55e00', '#0072b2', '#009e73', '#a3195b'] as const;
export const COMPARED_MAX = LINES.length;

/** Of values that are often looked at. */
const TITLES: Readonly<Record<string, string>> = {
  accuracyFake: "D's accuracy on generated items",
  accuracyReal: "D's accuracy on real items",
  criticDifference: "difference of the critic's means",
  gan_high_quality_samples_ratio: 'share of high quality',
  gan_mode_collapse_score_ratio: 'collapse score',
  gan_modes_captured: 'modes captured',
  gradientNormDiscriminator: "norm of D's gradient",
  gradientNormGenerator: "norm of G's gradient",
  lossDiscriminator: "D's loss",
  lossGenerator: "G's loss",
  valueFunction: 'V(D, G), nats',
};

const SIDE = 260;
const GAP = 28;
/** Orders of magnitude within a chart beyond which its axis is logarithmic, unless it is of shares. */
const DECADES = 2;

/** PNG bytes. */
export function drawComparison({ runs, values, mixture }: ComparisonFigure): Promise<Buffer> {
  const colour = {
    field: 'run',
    type: 'nominal',
    scale: { domain: runs.map(({ name }) => name), range: LINES.slice(0, runs.length) },
    legend: { labelLimit: 0 },
  };
  const square = mixture && squareAround(mixture);
  const shown = runs.flatMap(({ name, samples }, i) => {
    const view = {
      width: SIDE,
      height: SIDE,
      title: panelTitle(name),
    };
    if (!samples) return [];
    return 'png' in samples
      ? [{ ...view, ...imageLayer(samples) }]
      : [{ ...view, ...pointLayers(samples.points, { square, mixture, colour: LINES[i]! }) }];
  });
  const charts = values.map((value) => {
    const points = runs.flatMap(({ name, curves }) =>
      (curves.get(value) ?? []).map((point) => ({ ...point, run: name })),
    );
    return {
      width: SIDE,
      height: 170,
      title: panelTitle(TITLES[value] ?? value),
      data: { values: points },
      mark: { type: 'line', strokeWidth: 2 },
      encoding: {
        x: {
          field: 'step',
          type: 'quantitative',
          title: "G's step",
          scale: { nice: false },
          axis: { tickCount: 4 },
        },
        y: {
          field: 'value',
          type: 'quantitative',
          title: null,
          scale: !/ratio|accuracy/i.test(value) && isWide(points) ? { type: 'log' } : { zero: false },
          axis: { tickCount: 5, minExtent: 56 },
        },
        color: colour,
      },
    };
  });
  const rows = [shown, charts].filter((row) => row.length > 0).map((row) => ({ hconcat: row, spacing: GAP }));
  return drawChart({ vconcat: rows, spacing: GAP } as unknown as TopLevelSpec);
}

const isWide = (points: readonly { value: number }[]): boolean => {
  const all = points.map(({ value }) => value);
  return all.length > 0 && Math.min(...all) > 0 && Math.max(...all) / Math.min(...all) > 10 ** DECADES;
};

type Square = Record<'x' | 'y', [number, number]>;

/** With a margin of a fifth. */
function squareAround({ modes }: NonNullable<ComparisonFigure['mixture']>): Square {
  const range = (axis: 0 | 1): [number, number] => {
    const all = modes.map((mode) => mode[axis]!);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const margin = 0.2 * Math.max(high - low, 1);
    return [low - margin, high + margin];
  };
  return { x: range(0), y: range(1) };
}

/** The samples before rings of three deviations about the modes. Samples out of the picture are left out. */
function pointLayers(
  points: Float32Array,
  {
    square,
    mixture,
    colour,
  }: { square: Square | undefined; mixture: ComparisonFigure['mixture']; colour: string },
): object {
  const values = Array.from({ length: points.length / 2 }, (_, i) => ({
    x: points[2 * i]!,
    y: points[2 * i + 1]!,
  }));
  const axis = (key: 'x' | 'y') => ({
    field: key,
    type: 'quantitative',
    title: null,
    scale: square ? { domain: square[key], nice: false } : { zero: false },
    axis: { tickCount: 5, grid: false },
  });
  const encoding = { x: axis('x'), y: axis('y') };
  const within = ({ x, y }: { x: number; y: number }) =>
    !square || (x >= square.x[0] && x <= square.x[1] && y >= square.y[0] && y <= square.y[1]);
  const pixels = square && mixture ? (3 * mixture.deviation * SIDE) / (square.x[1] - square.x[0]) : 0;
  const rings = mixture && {
    data: { values: mixture.modes.map(([x, y]) => ({ x, y })) },
    mark: {
      type: 'point',
      shape: 'circle',
      filled: false,
      color: '#52606d',
      size: Math.PI * Math.max(pixels, 5) ** 2,
    },
    encoding,
  };
  const dots = {
    data: { values: values.filter(within) },
    mark: { type: 'point', filled: true, color: colour, size: 6, opacity: 0.5 },
    encoding,
  };
  return { layer: rings ? [rings, dots] : [dots] };
}

/** A picture, as large as it fits. */
function imageLayer({ png, width, height }: { png: Buffer; width: number; height: number }): object {
  const factor = SIDE / Math.max(width, height);
  return {
    data: { values: [{ url: `data:image/png;base64,${png.toString('base64')}` }] },
    mark: { type: 'image', width: width * factor, height: height * factor },
    encoding: { url: { field: 'url', type: 'nominal' }, x: { value: SIDE / 2 }, y: { value: SIDE / 2 } },
  };
}
