// The picture of a run's measures over its checkpoints: a small chart for each value, under one another's G's step.
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart, panelTitle } from './chart.js';

export interface Curve {
  /** of the value */
  name: string;
  better?: 'higher' | 'lower' | undefined;
  /** in the order of steps, at least one */
  points: readonly { step: number; value: number }[];
}

/** Charts side by side. */
const COLUMNS = 3;

/** PNG bytes. @param curves at least one */
export function drawCurves(curves: readonly Curve[]): Promise<Buffer> {
  const steps = curves.flatMap(({ points }) => points.map(({ step }) => step));
  const domain = [Math.min(...steps), Math.max(...steps)];
  const chart = ({ name, better, points }: Curve) => ({
    width: 260,
    height: 150,
    title: panelTitle(name, better ? `${better} is better` : ' '),
    data: { values: points },
    mark: { type: 'line', color: COLOURS.generated, strokeWidth: 2, point: { color: COLOURS.generated } },
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        title: "G's step",
        scale: { nice: false, domain },
        axis: { tickCount: 4 },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        title: null,
        scale: { zero: false },
        axis: { tickCount: 5, minExtent: 56 },
      },
    },
  });
  const spec = { concat: curves.map(chart), columns: COLUMNS, spacing: 28 };
  return drawChart(spec as unknown as TopLevelSpec);
}
