// Says in the log what a run waits for, when it has not moved for a while, and again at doubling intervals: nothing hangs in silence.
import type { Versions } from '../protocol/schedule.js';
import type { Log } from './log.js';

const FIRST_MS = 5000;

export class WaitingLog {
  private moved: { at: string; sinceMs: number } | undefined;
  private nextMs = FIRST_MS;

  constructor(private readonly log: Log) {}

  note(waitingFor: string | null, nowMs: number, versions: Versions): void {
    const at = `${versions.discriminator} ${versions.generator}`;
    if (this.moved?.at !== at) {
      this.moved = { at, sinceMs: nowMs };
      this.nextMs = FIRST_MS;
    }
    const ms = nowMs - this.moved.sinceMs;
    if (waitingFor === null || ms < this.nextMs) return;
    this.nextMs *= 2;
    this.log('waiting', { for: waitingFor, seconds: Math.round(ms / 1000) });
  }
}
