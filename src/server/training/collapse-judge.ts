// Whether the run has collapsed, by its rule: keeps the scores that count, and says the verdict in /metrics.
import type { RunConfig } from '../../config/run-config.js';
import {
  collapsedSince,
  until,
  type ValuePoint,
  withPoint,
} from '../../evaluation/measures/collapse-rule.js';
import type { Metrics } from '../../metrics/metrics.js';
import { isEvery } from '../../protocol/schedule.js';

/**
 * The verdict decides where a run goes back to, so the scores that it rests on must be those of an undisturbed run: of the rounds that
 * are evaluated in any case, not of those at which an evaluator happened to come. They outlive the server in metrics.jsonl.
 */
export class CollapseJudge {
  private points: readonly ValuePoint[];

  /** @param earlier scores of the run's earlier lives @param round whole rounds done before this start: what came after them is gone */
  constructor(
    private readonly config: Pick<RunConfig, 'collapse' | 'evaluation' | 'schedule' | 'stop'>,
    private readonly metrics: Metrics,
    { earlier, round }: { earlier: readonly ValuePoint[]; round: number },
  ) {
    metrics.set('gan_mode_collapse_threshold_ratio', config.collapse.threshold);
    this.points = until(earlier, round + 1).filter(({ step }) => this.counts(step));
    this.tell();
  }

  /** The generator of a round has this score. @returns the round since which it has collapsed, if it has */
  note(round: number, score: number | undefined): number | undefined {
    if (score !== undefined && this.counts(round))
      this.points = withPoint(this.points, { step: round, score });
    return this.tell();
  }

  private counts(step: number): boolean {
    const { evaluation, schedule, stop } = this.config;
    return step > 0 && (isEvery(schedule, evaluation.everySteps, step) || step >= stop.generatorSteps);
  }

  private tell(): number | undefined {
    const { collapse, stop } = this.config;
    const since = collapsedSince(this.points, collapse, stop.generatorSteps);
    this.metrics.set('gan_mode_collapse_verdict', since === undefined ? 0 : 1);
    return since;
  }
}
