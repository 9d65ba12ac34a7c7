// When a task is late: after a multiple of the median time that shards of its kind of step took lately.
import type { StepKind } from './step-kinds.js';

export interface DeadlineOptions {
  /** late after this many times the median … */
  factor: number;
  /** … and not before this, milliseconds */
  floorMs: number;
  /** … and no later than this */
  ceilingMs: number;
  /** the same while nothing has been measured yet: the first steps of a run also warm up */
  firstMs: number;
}

/** Shard times kept for the median, per kind of step. */
const TIMES_MAX = 64;

export class Deadlines {
  private readonly shardMs = new Map<StepKind, number[]>();

  constructor(private readonly options: DeadlineOptions) {}

  note(stepKind: StepKind, shards: number, ms: number): void {
    const times = this.shardMs.get(stepKind) ?? [];
    this.shardMs.set(stepKind, times);
    times.push(ms / shards);
    if (times.length > TIMES_MAX) times.shift();
  }

  /** Milliseconds after which a node of so many shards is late. */
  lateAfterMs(stepKind: StepKind, shards: number): number {
    const { factor, floorMs, ceilingMs, firstMs } = this.options;
    const times = [...(this.shardMs.get(stepKind) ?? [])].sort((a, b) => a - b);
    const median = times[times.length >> 1];
    if (median === undefined) return firstMs;
    return Math.min(ceilingMs, Math.max(floorMs, factor * median * shards));
  }
}
