// The picture of a run's collapse: its score over G's steps, and the line from which the alert counts it as one.
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart } from './chart.js';
import { COLLAPSE } from './measures/collapse-score.js';

/** The collapse score of the generator after `step` steps. */
export interface CollapsePoint {
  step: number;
  score: number;
}

/** More points than pixels only slow the drawing. */
const POINTS_MAX = 1000;

/**
 * PNG bytes.
 * @param points at least one, in the order of steps
 */
export function drawCollapse(points: readonly CollapsePoint[]): Promise<Buffer> {
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
  const threshold = {
    data: { values: [{ score: COLLAPSE.scoreMin }] },
    encoding: { y: { field: 'score', ...y } },
  };
  const text = { align: 'right', baseline: 'bottom', dx: -4, dy: -4, fontSize: 12 };
  const spec = {
    width: 720,
    height: 360,
    title: {
      text: `collapse score ${last.score.toFixed(2)}`,
      subtitle: `step ${last.step.toLocaleString('en')}  ·  dashed: ${COLLAPSE.scoreMin}, from which the alert GanModeCollapse counts`,
    },
    layer: [
      { ...threshold, mark: { type: 'rule', color: COLOURS.missed, strokeDash: [5, 3], strokeWidth: 1.5 } },
      {
        ...threshold,
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
