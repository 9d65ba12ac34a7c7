// The picture of a run's collapse: its score over G's steps, and the line above which it is one.
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart } from './chart.js';
import type { CollapseRule, ValuePoint } from './measures/collapse-rule.js';

/** More points than pixels only slow the drawing. */
const POINTS_MAX = 1000;

/**
 * PNG bytes.
 * @param points at least one, in the order of steps
 */
export function drawCollapse(
  points: readonly ValuePoint[],
  { threshold, patience }: Pick<CollapseRule, 'threshold' | 'patience'>,
): Promise<Buffer> {
  const last = points.at(-1)!;
  const stride = Math.ceil(points.length / POINTS_MAX);
  const shown = points.filter((_, i) => (points.length - 1 - i) % stride === 0); // the last one is always among them
  const y = {
    type: 'quantitative',
    title: 'share of the variety that samples lack',
    scale: { domain: [0, 1] },
  };
  const x = {
    field: 'step',
    type: 'quantitative',
    title: "G's step",
    scale: { nice: false, domain: [0, Math.max(1, last.step)] },
  };
  const line = {
    data: { values: [{ score: threshold }] },
    encoding: { y: { field: 'score', ...y } },
  };
  const text = { align: 'right', baseline: 'bottom', dx: -4, dy: -4, fontSize: 12 };
  const spec = {
    width: 720,
    height: 360,
    title: {
      text: `collapse score ${last.score.toFixed(2)}`,
      subtitle: `step ${last.step.toLocaleString('en')}  ·  ${patience} in a row above ${threshold} are a collapse, once the run was well or ought to be`,
    },
    layer: [
      { ...line, mark: { type: 'rule', color: COLOURS.missed, strokeDash: [5, 3], strokeWidth: 1.5 } },
      {
        ...line,
        mark: { type: 'text', ...text, color: COLOURS.missed, x: 'width', text: 'collapse' },
      },
      {
        data: { values: shown },
        mark: {
          type: 'line',
          color: COLOURS.generated,
          strokeWidth: 2,
          point: shown.length <= 60 && { color: COLOURS.generated },
        },
        encoding: { x, y: { field: 'score', ...y } },
      },
    ],
  };
  return drawChart(spec as unknown as TopLevelSpec);
}
