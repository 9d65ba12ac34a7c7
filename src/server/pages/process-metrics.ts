// What the run's processes take of their machines: how late the server's event loop is, and memory by kind of process. Workers and
// the evaluator report theirs over the wire, so that one scrape of the server shows the whole run.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { forPerson } from '../../errors.js';
import type { Metrics } from '../../metrics/metrics.js';
import type { Peers } from '../peers/peers.js';

const EVERY_MS = 1000;
/** Node wakes a timer this often and notes the time between two wakings: the lag is what lies above. */
const RESOLUTION_MS = 10;

export class ProcessMetrics {
  private readonly delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private timer: NodeJS.Timeout | undefined;
  /** kinds that had a process once: without one they are 0, not gone */
  private readonly seen = new Set<string>();

  constructor(
    private readonly metrics: Metrics,
    private readonly peers: Peers,
  ) {}

  start(): void {
    this.delays.enable();
    this.timer = setInterval(() => this.sampleIfAllowed(), EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.delays.disable();
  }

  /** A second that is not measured, for want of a file to open, ends no run. */
  private sampleIfAllowed(): void {
    try {
      this.sample();
    } catch (error) {
      if (!forPerson(error)) throw error;
    }
  }

  private sample(): void {
    const { mean, max } = this.delays;
    for (const [statistic, nanoseconds] of Object.entries({ mean, p99: this.delays.percentile(99), max })) {
      const lagMs = Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
      if (Number.isFinite(lagMs)) this.metrics.set('gan_event_loop_lag_seconds', lagMs / 1000, { statistic });
    }
    this.delays.reset();
    const bytes = new Map([...this.seen].map((role) => [role, 0]));
    bytes.set('server', process.memoryUsage.rss());
    for (const { role, pool, residentBytes } of this.peers.all()) {
      const kind = role === 'evaluator' ? role : pool;
      bytes.set(kind, (bytes.get(kind) ?? 0) + residentBytes);
    }
    for (const [role, sum] of bytes) {
      this.seen.add(role);
      this.metrics.set('gan_process_resident_memory_bytes', sum, { role });
    }
  }
}
