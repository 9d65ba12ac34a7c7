// The collapse scores of a run since its beginning: what the server wrote down of earlier lives, and what this evaluator measures.
import { drawCollapse } from '../evaluation/collapse-figure.js';
import {
  type CollapseRule,
  pointsOf,
  type ValuePoint,
  withPoint,
} from '../evaluation/measures/collapse-rule.js';
import { COLLAPSE_SCORE } from '../evaluation/measures/collapse-score.js';
import type { Measures } from '../evaluation/measures/measures.js';
import { writeCollapseFigure } from '../run-folder/figures.js';
import { metricsText } from '../run-folder/metrics-text.js';

export class CollapseHistory {
  private points: readonly ValuePoint[];

  /** @param runDir run folder, whose metrics are read and whose collapse figure is written */
  constructor(
    private readonly runDir: string,
    private readonly rule: CollapseRule,
  ) {
    this.points = pointsOf(metricsText(runDir));
  }

  /** Draws the figure anew with an evaluation's score. */
  async draw(step: number, measures: Measures): Promise<void> {
    const score = measures[COLLAPSE_SCORE];
    if (score === undefined) return;
    this.points = withPoint(this.points, { step, score });
    writeCollapseFigure(this.runDir, await drawCollapse(this.points, this.rule));
  }
}
