// `discriminatorSteps: auto`: D's steps a round, kept such that D's accuracy stays in a band ("k is to make D and G progress at the same
// pace", design 1.3). It moves at boundaries alone, by counts of items that settled shards judged, so that it is the same on every run.
import { z } from 'zod';
import { isEvery, paceOptions, type ScheduleOptions, type Versions } from './schedule.js';

const count = z.int().nonnegative();

/** What has come of it so far; a checkpoint holds it. */
export const pace = z.strictObject({
  /** D steps a round */
  steps: z.int().positive(),
  /** items that D has judged since the last decision, real and generated, and those of them that it judged rightly */
  judged: count,
  right: count,
});
export type Pace = z.infer<typeof pace>;

/** Items that a D step judged, and those of them that it judged rightly. */
export type Judged = Pick<Pace, 'judged' | 'right'>;

const BEGIN: Pace = { steps: 1, judged: 0, right: 0 };

/** The schedule as it is now, and what decides how it goes on. */
export class Pacing {
  private now: Pace = BEGIN;
  private since: Versions = { discriminator: 0, generator: 0 };

  private readonly rule: z.infer<typeof paceOptions>;

  constructor(private readonly options: ScheduleOptions) {
    this.rule = paceOptions.parse(options.auto ?? {});
  }

  /** For what comes after the last boundary. */
  get schedule(): ScheduleOptions {
    return this.isOn
      ? { ...this.options, paced: { steps: this.now.steps, since: this.since } }
      : this.options;
  }

  /** Undefined where the config says how many steps. */
  get pace(): Pace | undefined {
    return this.isOn ? this.now : undefined;
  }

  private get isOn(): boolean {
    return this.options.discriminatorSteps === 'auto';
  }

  /** The run goes on from a boundary, with what was saved there. */
  begin(versions: Versions, pace: Pace = BEGIN): void {
    this.since = versions;
    this.now = pace;
  }

  /** A step of D was applied. */
  note({ judged, right }: Judged): void {
    this.now = { ...this.now, judged: this.now.judged + judged, right: this.now.right + right };
  }

  /** A round is whole. */
  endRound(versions: Versions): void {
    if (!this.isOn) return;
    const { accuracy, everySteps, most } = this.rule;
    this.since = versions;
    if (versions.generator === 0 || !isEvery(this.options, everySteps, versions.generator)) return;
    const { steps, judged, right } = this.now;
    const [low, high] = accuracy;
    const way = right < low * judged ? 1 : right > high * judged ? -1 : 0;
    this.now = { ...BEGIN, steps: Math.max(1, Math.min(most, steps + way)) };
  }
}
