// When a run has collapsed, by its scores so far: one rule for the verdict that steers a run, the alert, the figure and the last words.
import { COLLAPSE_SCORE } from './collapse-score.js';

/** `collapse` of the config. */
export interface CollapseRule {
  /** a score above it is bad, in [0, 1] */
  threshold: number;
  /** bad scores count after it, a share of the run below 1, else G's steps; and from the first score that was not bad */
  after: number;
  /** bad scores in a row that are a collapse, at least 1 */
  patience: number;
}

/** A value of the generator after `step` steps: of its collapse, where nothing else is said. */
export interface ValuePoint {
  step: number;
  score: number;
}

/**
 * An untrained generator lacks variety too: so a run cannot collapse before it was well once, or ought to have been.
 * @param points in the order of steps @param goal G's steps at which the run is done
 * @returns the step of the first of the bad scores in a row that end `points`, or undefined where they are no collapse
 */
export function collapsedSince(
  points: readonly ValuePoint[],
  { threshold, after, patience }: CollapseRule,
  goal: number,
): number | undefined {
  const isBad = ({ score }: ValuePoint) => score > threshold;
  const grace = after < 1 ? after * goal : after;
  const lastWell = points.findLastIndex((point) => !isBad(point));
  const bad = points.slice(lastWell + 1).filter(({ step }) => lastWell >= 0 || step > grace);
  return bad.length >= patience ? bad[0]!.step : undefined;
}

/** A step that is seen again was resumed from before: what was measured beyond it belongs to a life that is gone. */
export const withPoint = (points: readonly ValuePoint[], point: ValuePoint): readonly ValuePoint[] => [
  ...until(points, point.step),
  point,
];

/** Those before a step. */
export function until(points: readonly ValuePoint[], step: number): readonly ValuePoint[] {
  const end = points.findIndex((point) => point.step >= step);
  return end < 0 ? points : points.slice(0, end);
}

/** The values of a metric in metrics.jsonl. A last line that a killed server left unfinished is no line. */
export function pointsOf(metrics: string, metric: string = COLLAPSE_SCORE): readonly ValuePoint[] {
  const lines = metrics.slice(0, metrics.lastIndexOf('\n') + 1).split('\n');
  return lines
    .filter((line) => line.includes(`"${metric}"`))
    .map((line) => JSON.parse(line) as { step: number; [metric: string]: number })
    .reduce<readonly ValuePoint[]>(
      (points, line) => withPoint(points, { step: line.step, score: line[metric]! }),
      [],
    );
}
