// The figures of a one-dimensional game, after Goodfellow et al. 2014, figure 1: at several moments the densities of data and samples, D's
// decision, and below them where G takes evenly spaced latents; and how far it was from the optimum on the way.
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart, panelTitle } from './chart.js';
import type { OneDimension } from './measures/one-dimension.js';

/** One panel: the game at a moment. */
export interface Moment {
  title: string;
  /** over `at`: densities, and D(x) from 0 to 1 */
  at: readonly number[];
  real: readonly number[];
  generated: readonly number[];
  discriminator: readonly number[];
  /** values of a latent that lie evenly on [-1, 1], and where G takes each */
  mapping: readonly { z: number; x: number }[];
}

/** What was measured after one of G's steps. */
export interface Passed extends OneDimension {
  step: number;
}

const SIDE = 250;
const COLUMNS = 3;
const DISCRIMINATOR = '#5b4fa2';
const DENSITIES = { real: 'p_data', generated: 'p_g' } as const;

/** PNG bytes: a panel a moment. */
export function drawOneDimension(moments: readonly Moment[], caption: string): Promise<Buffer> {
  const spec = {
    title: { text: 'Data, samples and D', subtitle: caption },
    spacing: 30,
    columns: COLUMNS,
    concat: moments.map((moment) => panel(moment, topOf([moment]))),
  };
  return drawChart(spec as unknown as TopLevelSpec);
}

/** PNG bytes of each moment: a panel alone, all of one size and with the same axes, for an animation. */
export async function drawMoments(moments: readonly Moment[]): Promise<Buffer[]> {
  const pictures: Buffer[] = [];
  for (const moment of moments)
    pictures.push(await drawChart(panel(moment, topOf(moments)) as unknown as TopLevelSpec));
  return pictures;
}

/** Of an axis of densities that hold all of them, and not much less than the data's peak. */
const topOf = (moments: readonly Moment[]): number =>
  Math.max(
    ...moments.map(({ real, generated }) => Math.max(1.6 * Math.max(...real), 1.05 * Math.max(...generated))),
  );

const COLOUR_DOMAIN = [DENSITIES.real, DENSITIES.generated, 'D(x)'];
const COLOUR = {
  field: 'series',
  type: 'nominal',
  scale: { domain: COLOUR_DOMAIN, range: [COLOURS.real, COLOURS.generated, DISCRIMINATOR] },
};
const DASH = {
  field: 'series',
  type: 'nominal',
  scale: {
    domain: COLOUR_DOMAIN,
    range: [
      [2, 2],
      [1, 0],
      [6, 3],
    ],
  },
};

function panel(moment: Moment, top: number) {
  const [low, high] = [moment.at[0]!, moment.at.at(-1)!];
  const x = {
    type: 'quantitative',
    scale: { domain: [low, high], nice: false },
    axis: { tickCount: 5 },
  };
  const curves = (['real', 'generated'] as const).flatMap((name) =>
    moment[name].map((value, i) => ({
      x: moment.at[i],
      value,
      series: DENSITIES[name],
    })),
  );
  const decision = moment.discriminator.map((value, i) => ({ x: moment.at[i], value, series: 'D(x)' }));
  const line = (values: object[], title: string, orient: string, domain: readonly number[]) => ({
    data: { values },
    mark: { type: 'line', strokeWidth: 2, clip: true },
    encoding: {
      x: { field: 'x', ...x, title: null },
      y: {
        field: 'value',
        type: 'quantitative',
        title,
        scale: { domain, nice: false },
        axis: { orient, grid: orient === 'left', tickCount: 4, minExtent: 34 },
      },
      color: COLOUR,
      strokeDash: DASH,
    },
  });
  const ways = moment.mapping
    .filter(({ x: to }) => to >= low && to <= high)
    .map(({ z, x: to }) => ({ z: low + ((z + 1) / 2) * (high - low), to, bottom: 0, above: 1 }));
  return {
    spacing: 6,
    vconcat: [
      {
        width: SIDE,
        height: 220,
        title: panelTitle(moment.title),
        resolve: { scale: { y: 'independent' } },
        layer: [line(curves, 'density', 'left', [0, top]), line(decision, 'D(x)', 'right', [0, 1])],
      },
      {
        width: SIDE,
        height: 60,
        data: { values: ways },
        mark: { type: 'rule', color: COLOURS.generated, strokeWidth: 0.8 },
        encoding: {
          x: { field: 'z', ...x, title: 'z (below, on its interval), G(z) (above)' },
          x2: { field: 'to' },
          y: { field: 'bottom', type: 'quantitative', axis: null, scale: { domain: [0, 1] } },
          y2: { field: 'above' },
        },
      },
    ],
  };
}

interface Curve {
  title: string;
  of(passed: Passed): number;
  optimum: number;
}

const LOSSES: readonly Curve[] = [
  { title: "D's loss, nats", of: ({ value_function_nats }) => -value_function_nats, optimum: Math.log(4) },
  { title: "G's loss, nats", of: ({ generator_loss_nats }) => generator_loss_nats, optimum: Math.log(2) },
  { title: 'V(D, G), nats', of: ({ value_function_nats }) => value_function_nats, optimum: -Math.log(4) },
  {
    title: 'V against its best D, -log 4 + 2 JS, nats',
    of: ({ js_divergence_nats }) => 2 * js_divergence_nats - Math.log(4),
    optimum: -Math.log(4),
  },
  {
    title: 'total variation of p_g and p_data',
    of: ({ total_variation_ratio }) => total_variation_ratio,
    optimum: 0,
  },
  {
    title: 'mean |D - D*| under the data',
    of: ({ optimal_discriminator_distance_ratio }) => optimal_discriminator_distance_ratio,
    optimum: 0,
  },
];

/** PNG bytes: losses and distances over G's steps, the optimum as a dotted line. @param passed at least one, ascending */
export function drawHistory(passed: readonly Passed[]): Promise<Buffer> {
  const chart = ({ title, of, optimum }: Curve) => ({
    width: 280,
    height: 150,
    title: panelTitle(title),
    layer: [
      {
        data: { values: [{ optimum }] },
        mark: { type: 'rule', color: COLOURS.real, strokeDash: [2, 2], strokeWidth: 2 },
        encoding: { y: { field: 'optimum', type: 'quantitative' } },
      },
      {
        data: { values: passed.map((one) => ({ step: one.step, value: of(one) })) },
        mark: { type: 'line', color: COLOURS.generated, strokeWidth: 2 },
        encoding: {
          x: {
            field: 'step',
            type: 'quantitative',
            title: "G's step",
            scale: { nice: false },
            axis: { tickCount: 5 },
          },
          y: {
            field: 'value',
            type: 'quantitative',
            title: null,
            scale: { zero: false },
            axis: { tickCount: 5, minExtent: 50 },
          },
        },
      },
    ],
  });
  const spec = {
    title: { text: 'Losses and distances to the optimum', subtitle: 'dotted: at the optimum of theorem 1' },
    concat: LOSSES.map(chart),
    columns: COLUMNS,
    spacing: 28,
  };
  return drawChart(spec as unknown as TopLevelSpec);
}
