// When a task is late: after a multiple of what shards of its kind of step take the fast workers. Not of what they take all together:
// one that answers just in time, each time a little later, would raise everybody's deadline with its own.
import type { StepKind } from './step-kinds.js';

export interface DeadlineOptions {
  /** late after this many times the usual … */
  factor: number;
  /** … and not before this, milliseconds */
  floorMs: number;
  /** … and no later than this */
  ceilingMs: number;
  /** the same while nothing has been measured yet: the first steps of a run also warm up */
  firstMs: number;
}

/** Shard times kept of a worker, per kind of step. */
const TIMES_MAX = 16;

export class Deadlines {
  /** times of the workers that are there */
  private readonly shardMs = new Map<StepKind, Map<string, number[]>>();
  /** what a shard takes: kept when those have left from whom it is known */
  private readonly usualMs = new Map<StepKind, number>();

  constructor(private readonly options: DeadlineOptions) {}

  note(worker: string, stepKind: StepKind, { shards, ms }: { shards: number; ms: number }): void {
    const ofKind = this.shardMs.get(stepKind) ?? new Map<string, number[]>();
    this.shardMs.set(stepKind, ofKind);
    const times = [...(ofKind.get(worker) ?? []), ms / shards].slice(-TIMES_MAX);
    ofKind.set(worker, times);
    this.usualMs.set(stepKind, usual(ofKind));
  }

  /** A worker is gone. */
  forget(worker: string): void {
    for (const [stepKind, ofKind] of this.shardMs)
      if (ofKind.delete(worker) && ofKind.size > 0) this.usualMs.set(stepKind, usual(ofKind));
  }

  /** Milliseconds after which a node of so many shards is late. */
  lateAfterMs(stepKind: StepKind, shards: number): number {
    const { factor, floorMs, ceilingMs, firstMs } = this.options;
    const ms = this.usualMs.get(stepKind);
    return ms === undefined ? firstMs : Math.min(ceilingMs, Math.max(floorMs, factor * ms * shards));
  }
}

/** The low quartile of the workers' medians; with up to four workers the fastest's. */
function usual(byWorker: ReadonlyMap<string, readonly number[]>): number {
  const medians = sorted([...byWorker.values()].map((times) => sorted(times)[times.length >> 1]!));
  return medians[(medians.length - 1) >> 2]!;
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
