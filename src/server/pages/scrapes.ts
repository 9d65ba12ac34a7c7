// Who scrapes a run cannot ask it any more once it is over. So a server that is being watched stays until it was asked once more.

/** No longer than this: whoever stopped the run waits for it, and a service manager kills who takes too long. */
const LAST_MS = 10_000;
const POLL_MS = 50;
/** A scrape that is later than this does not come any more. */
const LATE_MS = 2000;

export class Scrapes {
  private lastMs: number | undefined;
  private intervalMs: number | undefined;

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {}

  /** `/metrics` was asked for. */
  note(): void {
    const nowMs = this.now();
    if (this.lastMs !== undefined) this.intervalMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
  }

  /** Resolves after the next one, or once it is late; at once where there were none before. */
  async lastOne(): Promise<void> {
    const { lastMs, intervalMs } = this;
    if (lastMs === undefined || intervalMs === undefined) return;
    const deadline = Math.min(this.now() + LAST_MS, lastMs + intervalMs + LATE_MS);
    while (this.lastMs === lastMs && this.now() < deadline)
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    await new Promise((wake) => setTimeout(wake, POLL_MS)); // the answer leaves
  }
}
