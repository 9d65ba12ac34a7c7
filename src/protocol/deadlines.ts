// When a task is late: after a multiple of the median time that its net's shards took lately.
import type { Net } from '../parameters/manifest.js';

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

/** Shard times kept for the median, per net. */
const TIMES_MAX = 64;

export class Deadlines {
  private readonly shardMs: Record<Net, number[]> = { discriminator: [], generator: [] };

  constructor(private readonly options: DeadlineOptions) {}

  note(net: Net, shards: number, ms: number): void {
    const times = this.shardMs[net];
    times.push(ms / shards);
    if (times.length > TIMES_MAX) times.shift();
  }

  /** Milliseconds after which a node of so many shards is late. */
  lateAfterMs(net: Net, shards: number): number {
    const { factor, floorMs, ceilingMs, firstMs } = this.options;
    const times = [...this.shardMs[net]].sort((a, b) => a - b);
    const median = times[times.length >> 1];
    if (median === undefined) return firstMs;
    return Math.min(ceilingMs, Math.max(floorMs, factor * median * shards));
  }
}
