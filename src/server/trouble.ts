// What is wrong with the disk while a run goes on all the same, said once a minute: on the terminal, in the log, and counted.
import { messageOf } from '../errors.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Log } from './log.js';

const EVERY_MS = 60_000;

export class Trouble {
  /** when each kind may be told again */
  private readonly nextMs = new Map<string, number>();

  constructor(
    private readonly parts: {
      log: Log;
      metrics: Pick<Metrics, 'increment'>;
      now: () => number;
      onNote(note: string): void;
    },
  ) {}

  /** A line of a record found no room. */
  unwritten(path: string, cause: unknown): void {
    this.parts.metrics.increment('gan_unwritten_lines_total', 1);
    this.tell('records', `${path} cannot be written: ${messageOf(cause)}; training goes on, make room`);
  }

  /** A checkpoint found no room, and is tried again. */
  noRoom(why: string): void {
    this.parts.metrics.increment('gan_checkpoint_failures_total', 1);
    this.tell('checkpoints', `${why}; training waits`);
  }

  private tell(kind: string, what: string): void {
    const nowMs = this.parts.now();
    if (nowMs < (this.nextMs.get(kind) ?? nowMs)) return;
    this.nextMs.set(kind, nowMs + EVERY_MS);
    this.parts.onNote(what);
    this.parts.log('trouble with the disk', { what }, 'error');
  }
}
