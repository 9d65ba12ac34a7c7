// Whether steps come, and for how long none has: for `/readyz`, for what is said to be waited for, and for the log.
import type { Versions } from '../protocol/schedule.js';

/** Steps come while the last one is younger than this many usual ones, and than the floor: a worker that is started again takes seconds. */
const PATIENCE = { factor: 5, floorMs: 5000 };
/** Of so many of the last steps the median is usual: one that was waited for does not stretch it. */
const STEPS_KEPT = 9;

export class Pace {
  private moved: { at: string; sinceMs: number } | undefined;
  private hasStepped = false;
  private readonly stepsMs: number[] = [];

  /** To be called several times a second. */
  note(versions: Versions, nowMs: number): void {
    const at = `${versions.discriminator} ${versions.generator}`;
    if (this.moved?.at === at) return;
    if (this.moved && this.hasStepped) this.stepsMs.push(nowMs - this.moved.sinceMs); // the first step waits for workers to come
    if (this.stepsMs.length > STEPS_KEPT) this.stepsMs.shift();
    this.hasStepped = this.moved !== undefined;
    this.moved = { at, sinceMs: nowMs };
  }

  /** Milliseconds since the last step, or since the start. */
  standsMs(nowMs: number): number {
    return this.moved ? nowMs - this.moved.sinceMs : 0;
  }

  /** A step of this start was applied, and lately as its steps go. */
  isStepping(nowMs: number): boolean {
    const usualMs = this.stepsMs.toSorted((a, b) => a - b)[this.stepsMs.length >> 1] ?? 0;
    const patienceMs = Math.max(PATIENCE.floorMs, PATIENCE.factor * usualMs);
    return this.hasStepped && this.standsMs(nowMs) < patienceMs;
  }
}
