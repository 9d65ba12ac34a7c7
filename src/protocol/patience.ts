// When a wait is said to a person: once it has lasted, again while it lasts, and when it is over. Has no clock and says nothing itself.

/** A wait is said after this, and what is waited for then is said anew at most as often. */
export const SAID_AFTER_MS = 5000;
const AGAIN_MS = 60_000;

export class Patience {
  private said: { atMs: number; what: string } | undefined;
  private lastMs = 0;

  /**
   * @param what is waited for, in words; undefined: nothing
   * @param forMs for how long by now
   * @returns what is to be said now, if anything
   */
  note(what: string | undefined, forMs: number): string | undefined {
    if (what === undefined || forMs < SAID_AFTER_MS) return this.over();
    this.lastMs = forMs;
    const sinceMs = this.said ? forMs - this.said.atMs : Number.POSITIVE_INFINITY;
    if (sinceMs < (withoutNumbers(what) === this.said?.what ? AGAIN_MS : SAID_AFTER_MS)) return undefined;
    this.said = { atMs: forMs, what: withoutNumbers(what) };
    return `waiting for ${what} (${seconds(forMs)} so far)`;
  }

  /** A wait was said that is not over. */
  get isSaid(): boolean {
    return this.said !== undefined;
  }

  private over(): string | undefined {
    const wasSaid = this.isSaid;
    this.said = undefined;
    return wasSaid ? `no longer waiting, after ${seconds(this.lastMs)}` : undefined;
  }
}

/** How long somebody has held a shard changes all the time. */
const withoutNumbers = (what: string): string => what.replace(/[\d.]+/g, '');

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
