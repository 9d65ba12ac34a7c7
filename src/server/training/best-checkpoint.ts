// Which step of a run was the best by a value of its evaluations (checkpoint.keepBest): of those that a checkpoint was taken of.
import type { RunConfig } from '../../config/run-config.js';
import { until, type ValuePoint, withPoint } from '../../evaluation/measures/collapse-rule.js';
import { VALUES, valueNamed } from '../../evaluation/measures/measures.js';
import type { Metrics } from '../../metrics/metrics.js';

export interface EarlierLives {
  /** values of a metric in the run's earlier lives, in the order of steps */
  pointsOf(metric: string): readonly ValuePoint[];
  /** whether there is a checkpoint of a step */
  hasCheckpoint(step: number): boolean;
  /** whole rounds done before this start: what came after them is gone */
  round: number;
}

export class BestCheckpoint {
  private points: readonly ValuePoint[];

  /** @param metric by which */
  private constructor(
    private readonly metric: keyof typeof VALUES,
    private readonly metrics: Metrics,
    earlier: EarlierLives,
  ) {
    this.points = until(earlier.pointsOf(metric), earlier.round + 1).filter(({ step }) =>
      earlier.hasCheckpoint(step),
    );
    this.tell();
  }

  /** @returns undefined where the config asks for none */
  static of({ checkpoint }: RunConfig, metrics: Metrics, earlier: EarlierLives): BestCheckpoint | undefined {
    const { keepBest } = checkpoint;
    return keepBest === undefined ? undefined : new BestCheckpoint(valueNamed(keepBest)!, metrics, earlier);
  }

  /** The first of the best, of those before a step; undefined before any. */
  get step(): number | undefined {
    const sign = VALUES[this.metric].better === 'higher' ? 1 : -1;
    const [first] = this.points.toSorted((a, b) => sign * (b.score - a.score) || a.step - b.step);
    return first?.step;
  }

  /** A round is evaluated. @returns whether it is better than all before, so that a checkpoint is to be taken of it */
  note(round: number, values: Readonly<Record<string, number>>): boolean {
    const score = values[this.metric];
    if (score === undefined) return false;
    this.points = withPoint(this.points, { step: round, score });
    const isBest = this.step === round;
    if (isBest) this.tell();
    else this.points = this.points.filter(({ step }) => step !== round);
    return isBest;
  }

  private tell(): void {
    if (this.step !== undefined) this.metrics.set('gan_best_version', this.step);
  }
}
