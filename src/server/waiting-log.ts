// Says in the log what a run waits for, when it has not moved for a while, and again at doubling intervals: nothing hangs in silence.
import type { Log } from './log.js';

const FIRST_MS = 5000;

export class WaitingLog {
  private nextMs = FIRST_MS;

  constructor(private readonly log: Log) {}

  /** @param standsMs for how long the run has not moved */
  note(waitingFor: string | null, standsMs: number): void {
    if (standsMs < FIRST_MS) this.nextMs = FIRST_MS;
    if (waitingFor === null || standsMs < this.nextMs) return;
    this.nextMs *= 2;
    this.log('waiting', { for: waitingFor, seconds: Math.round(standsMs / 1000) });
  }
}
