// The collapse scores of a run since its beginning: what the server wrote down of earlier lives, and what this evaluator measures.
import { existsSync, readFileSync } from 'node:fs';
import { type CollapsePoint, drawCollapse } from '../evaluation/collapse-figure.js';
import { COLLAPSE_SCORE } from '../evaluation/measures/collapse-score.js';
import type { Measures } from '../evaluation/measures/measures.js';
import { writeCollapseFigure } from '../run-folder/figures.js';
import { runFile } from '../run-folder/run-files.js';

export class CollapseHistory {
  private points: readonly CollapsePoint[];

  /** @param runDir run folder, whose metrics are read and whose collapse figure is written */
  constructor(private readonly runDir: string) {
    const file = runFile(runDir, 'metrics');
    this.points = existsSync(file) ? pointsOf(readFileSync(file, 'utf8')) : [];
  }

  /** Draws the figure anew with an evaluation's score. */
  async draw(step: number, measures: Measures): Promise<void> {
    const score = measures[COLLAPSE_SCORE];
    if (score === undefined) return;
    this.points = withPoint(this.points, { step, score });
    writeCollapseFigure(this.runDir, await drawCollapse(this.points));
  }
}

/** The scores in metrics.jsonl. A last line that a killed server left unfinished is no line. */
export function pointsOf(metrics: string): readonly CollapsePoint[] {
  const lines = metrics.slice(0, metrics.lastIndexOf('\n') + 1).split('\n');
  return lines
    .filter((line) => line.includes(COLLAPSE_SCORE))
    .map((line) => JSON.parse(line) as { step: number; [COLLAPSE_SCORE]: number })
    .reduce<readonly CollapsePoint[]>(
      (points, line) => withPoint(points, { step: line.step, score: line[COLLAPSE_SCORE] }),
      [],
    );
}

/** A step that is seen again was resumed from before: what was measured beyond it belongs to a life that is gone. */
const withPoint = (points: readonly CollapsePoint[], point: CollapsePoint): readonly CollapsePoint[] => {
  const before = points.findIndex(({ step }) => step >= point.step);
  return [...(before < 0 ? points : points.slice(0, before)), point];
};
