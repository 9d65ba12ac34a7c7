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

/** What shards took a worker lately, milliseconds. */
interface Measured {
  shardMs: readonly number[];
  medianMs: number;
}

export class Deadlines {
  /** of the workers that are there */
  private readonly measured = new Map<StepKind, Map<string, Measured>>();
  /** what a shard takes: kept when those have left from whom it is known */
  private readonly usualMs = new Map<StepKind, number>();

  constructor(private readonly options: DeadlineOptions) {}

  note(worker: string, stepKind: StepKind, { shards, ms }: { shards: number; ms: number }): void {
    const ofKind = this.measured.get(stepKind) ?? new Map<string, Measured>();
    this.measured.set(stepKind, ofKind);
    const shardMs = [...(ofKind.get(worker)?.shardMs ?? []), ms / shards].slice(-TIMES_MAX);
    ofKind.set(worker, { shardMs, medianMs: sorted(shardMs)[shardMs.length >> 1]! });
    this.usualMs.set(stepKind, usual(ofKind));
  }

  /** A worker is gone. */
  forget(worker: string): void {
    for (const [stepKind, ofKind] of this.measured)
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
function usual(byWorker: ReadonlyMap<string, Measured>): number {
  const medians = sorted([...byWorker.values()].map(({ medianMs }) => medianMs));
  return medians[(medians.length - 1) >> 2]!;
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
