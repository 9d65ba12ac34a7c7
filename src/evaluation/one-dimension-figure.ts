// The figure of a one-dimensional game, after Goodfellow et al. 2014, figure 1: at several steps the densities of data and samples, D's
// decision, and below them where G takes evenly spaced latents.
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart } from './chart.js';

/** One panel: the game at one of G's steps. */
export interface Moment {
  step: number;
  /** over `at`: densities, and D(x) from 0 to 1 */
  at: readonly number[];
  real: readonly number[];
  generated: readonly number[];
  discriminator: readonly number[];
  /** latents that lie evenly, and where G takes each */
  mapping: readonly { z: number; x: number }[];
}

const NAMES = { real: 'p_data', generated: 'p_g', discriminator: 'D(x)' } as const;
const SERIES = ['real', 'generated', 'discriminator'] as const;
const DISCRIMINATOR = '#5b4fa2';

/** PNG bytes: a panel a moment, side by side. */
export function drawOneDimension(moments: readonly Moment[], caption: string): Promise<Buffer> {
  const [low, high] = [moments[0]!.at[0]!, moments[0]!.at.at(-1)!];
  const x = {
    type: 'quantitative',
    title: 'x',
    scale: { domain: [low, high], nice: false },
    axis: { tickCount: 5 },
  };
  const top = 1.6 * Math.max(...moments[0]!.real);
  const colour = {
    field: 'series',
    type: 'nominal',
    scale: {
      domain: SERIES.map((name) => NAMES[name]),
      range: [COLOURS.real, COLOURS.generated, DISCRIMINATOR],
    },
  };
  const curves = (moment: Moment) =>
    SERIES.flatMap((name) =>
      moment[name].map((value, i) => ({ x: moment.at[i], value: Math.min(value, top), series: NAMES[name] })),
    );
  const ways = (moment: Moment) =>
    moment.mapping
      .filter(({ x: to }) => to >= low && to <= high)
      .map(({ z, x: to }) => ({ z: low + ((z + 1) / 2) * (high - low), to, bottom: 0, above: 1 }));
  const spec = {
    title: { text: 'data, samples and D', subtitle: caption },
    spacing: 24,
    hconcat: moments.map((moment) => ({
      spacing: 6,
      vconcat: [
        {
          width: 230,
          height: 230,
          title: { text: `step ${moment.step.toLocaleString('en')}`, fontSize: 14, offset: 6 },
          data: { values: curves(moment) },
          mark: { type: 'line', strokeWidth: 2, clip: true },
          encoding: {
            x: { field: 'x', ...x, title: null },
            y: {
              field: 'value',
              type: 'quantitative',
              title: 'density, and D(x)',
              scale: { domain: [0, top], nice: false },
            },
            color: colour,
            strokeDash: {
              field: 'series',
              type: 'nominal',
              scale: {
                domain: SERIES.map((name) => NAMES[name]),
                range: [
                  [2, 2],
                  [1, 0],
                  [6, 3],
                ],
              },
            },
          },
        },
        {
          width: 230,
          height: 60,
          data: { values: ways(moment) },
          mark: { type: 'rule', color: COLOURS.generated, strokeWidth: 0.8 },
          encoding: {
            x: { field: 'z', ...x, title: 'z (below), G(z) (above)' },
            x2: { field: 'to' },
            y: { field: 'bottom', type: 'quantitative', axis: null, scale: { domain: [0, 1] } },
            y2: { field: 'above' },
          },
        },
      ],
    })),
  };
  return drawChart(spec as unknown as TopLevelSpec);
}
