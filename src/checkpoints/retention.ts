// Which checkpoints of a run stay. `keep` counts those that the run takes by its own rule, every so many steps; what was taken at a stop, at
// the end or where settings were amended, and what a run does not know, stays until a person removes it.

/**
 * Why a checkpoint was taken; it stands in it. `clock`: some time after the last, to save work, until the next is there. `best`: it was the
 * best so far, until a better one is there. `start`: a start went on
 * otherwise than what it went on from, with an amendment or in another folder.
 */
export const REASONS = ['rule', 'clock', 'best', 'stop', 'end', 'start'] as const;
export type Reason = (typeof REASONS)[number];

export interface RetentionOptions {
  /** at least 1 */
  keep: number;
  /** Whether the rule has a checkpoint of this step, whatever else it was taken for. */
  isByRule(step: number): boolean;
  /** lowest step of the rule that is still there, as the last checkpoint says it; 0 for a new run */
  floor?: number;
  /** the step that stays because it is the best */
  best?(): number | undefined;
  /** of checkpoints that are there already, as far as they say it */
  reasons?: Iterable<readonly [step: number, reason: Reason]>;
}

export class Retention {
  /**
   * Lowest step of the rule that is still there. Where a run goes back to decides its weights, so a checkpoint that was kept for another
   * reason must not count where it would have gone by the rule.
   */
  floor: number;
  private readonly reasons: Map<number, Reason>;

  constructor(private readonly options: RetentionOptions) {
    this.floor = options.floor ?? 0;
    this.reasons = new Map(options.reasons);
  }

  /** Whether a run may go back to this step, as far as the rule goes. */
  isAnchor(step: number): boolean {
    return this.options.isByRule(step) && step >= this.floor;
  }

  /** One is about to be written. @param steps that have a checkpoint, in any order */
  note(step: number, reason: Reason, steps: readonly number[]): void {
    this.reasons.set(step, reason);
    const anchors = [...new Set([...steps, step])]
      .filter((each) => this.isAnchor(each))
      .sort((a, b) => b - a);
    if (anchors.length > this.options.keep) this.floor = anchors[this.options.keep - 1]!;
  }

  /** Those that have served now that `written` is there. */
  expired(steps: readonly number[], written: number): number[] {
    return steps.filter((step) => {
      const reason = this.reasons.get(step);
      if (step === written || step === this.options.best?.()) return false;
      return (
        reason === 'clock' ||
        reason === 'best' ||
        (reason === 'rule' && this.options.isByRule(step) && step < this.floor)
      );
    });
  }
}
