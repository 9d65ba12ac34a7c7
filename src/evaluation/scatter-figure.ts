// The picture of a 2-D experiment: real and generated points, and a ring of three deviations around each mode.
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart } from './chart.js';
import type { Mixture, ModeReport } from './measures/nearest-modes.js';

export interface ScatterFigure {
  /** generated points `[count, 2]`; absent: the picture is of the real ones */
  generated?: Float32Array;
  /** real points `[count, 2]`, where they are to be shown */
  real?: Float32Array;
  mixture?: Mixture;
  report?: ModeReport;
  /** first words of the line below the title, such as `step 5,000` */
  caption: string;
}

interface Point {
  x: number;
  y: number;
  source: 'real' | 'generated';
}
type Range = [number, number];

/** As many points as a reader can tell apart; more only slow the drawing. */
const POINTS_MAX = 2500;
const SIZE = 560;

/** Those that are finite. */
function pointsOf(values: Float32Array, source: Point['source']): Point[] {
  const points = Array.from({ length: values.length / 2 }, (_, i) => ({
    x: values[2 * i]!,
    y: values[2 * i + 1]!,
    source,
  }));
  return points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
}

/** A square that holds the points with a margin of a fifth: the real ones where there are any, so that outliers do not shrink them. */
function squareAround(points: readonly Point[]): { x: Range; y: Range; holds(point: Point): boolean } {
  const middle = (key: 'x' | 'y') => {
    const values = points.map((point) => point[key]);
    return { low: Math.min(...values), high: Math.max(...values) };
  };
  const [x, y] =
    points.length > 0
      ? [middle('x'), middle('y')]
      : [
          { low: -1, high: 1 },
          { low: -1, high: 1 },
        ];
  const half = 0.6 * Math.max(x.high - x.low, y.high - y.low, 1e-6);
  const around = ({ low, high }: { low: number; high: number }): Range => [
    (low + high) / 2 - half,
    (low + high) / 2 + half,
  ];
  const [rangeX, rangeY] = [around(x), around(y)];
  const within = (value: number, [low, high]: Range) => value >= low && value <= high;
  return { x: rangeX, y: rangeY, holds: (point) => within(point.x, rangeX) && within(point.y, rangeY) };
}

const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;

/** The words above the picture. @param hidden points of `count` that lie outside of it */
export function titleOf(
  { report, caption, generated }: Pick<ScatterFigure, 'report' | 'caption' | 'generated'>,
  { hidden, count }: { hidden: number; count: number },
): { text: string; subtitle: string[] } {
  const first = report
    ? `${caption}  ·  high quality ${percent(report.highQualityRatio)}  ·  reverse KL ${report.klDivergence.toFixed(3)} nats`
    : caption;
  const second = report ? ['rings of 3 deviations: green captured, dashed missed'] : [];
  if (hidden > 0) {
    const [outside, all] = [hidden, count].map((points) => points.toLocaleString('en'));
    second.push(`outside of this picture: ${outside} of ${all} points`);
  }
  const text = report
    ? `modes ${report.captured}/${report.expected}`
    : `${generated ? 'generated' : 'real'} points`;
  return { text, subtitle: [first, ...(second.length > 0 ? [second.join('  ·  ')] : [])] };
}

/** Rings are circles in pixels: `size` of a vega point is its area. */
function ringsOf({ mixture, report }: ScatterFigure, unitPixels: number): object[] {
  if (!mixture) return [];
  const size = Math.PI * (3 * mixture.deviation * unitPixels) ** 2;
  const values = mixture.modes.map(([x, y], i) => ({ x, y, captured: report?.isCaptured[i] ?? false }));
  const colour = { condition: { test: 'datum.captured', value: COLOURS.captured }, value: COLOURS.missed };
  const dash = { condition: { test: 'datum.captured', value: [1, 0] }, value: [5, 3] };
  const mark = { type: 'point', shape: 'circle', filled: false, size: size, strokeWidth: 2, opacity: 1 };
  return [{ data: { values }, mark, encoding: { stroke: colour, strokeDash: dash } }];
}

/** PNG bytes: `modes 8/8` as the title; green rings around captured modes, dashed purple ones around those that are missed. */
export function drawScatter(figure: ScatterFigure): Promise<Buffer> {
  const real = figure.real ? pointsOf(figure.real, 'real') : [];
  const all = figure.generated ?? new Float32Array();
  const generated = pointsOf(all, 'generated');
  const square = squareAround(real.length > 0 ? real : generated);
  const seen = generated.filter(square.holds);
  const count = all.length / 2;
  const axis = (domain: Range) => ({ type: 'quantitative', scale: { domain, nice: false, zero: false } });
  const sources = (['real', 'generated'] as const).filter((source) => figure[source] !== undefined);
  const colour = {
    field: 'source',
    type: 'nominal',
    scale: { domain: sources, range: sources.map((s) => COLOURS[s]) },
  };
  const spec = {
    width: SIZE,
    height: SIZE,
    title: titleOf(figure, { hidden: count - seen.length, count }),
    encoding: { x: { field: 'x', ...axis(square.x) }, y: { field: 'y', ...axis(square.y) } },
    layer: [
      {
        data: { values: [...real.slice(0, POINTS_MAX), ...seen.slice(0, POINTS_MAX)] },
        mark: { type: 'circle', size: 14, opacity: 0.45 },
        encoding: { color: colour },
      },
      ...ringsOf(figure, SIZE / (square.x[1] - square.x[0])),
    ],
  };
  return drawChart(spec as unknown as TopLevelSpec);
}
