// The times of the protocol, in milliseconds: the server keeps them, the simulator keeps the same in virtual time.
import type { DeadlineOptions } from './deadlines.js';

/** A late node is given to a second worker after this many times what the fast workers take, but not before the floor. */
export const DEADLINES: DeadlineOptions = {
  factor: 5,
  floorMs: 1000,
  ceilingMs: 120_000,
  firstMs: 60_000,
};

/** How often the server looks for what is late. */
export const TICK_MS = 250;

/** How often it pings its ready peers. */
export const PING_MS = 1000;

/** A ready worker that has heard nothing for this long was forgotten, and says hello again. */
export const FORGOTTEN_MS = 5 * PING_MS;

/** Silence of a ready worker beyond this, and beyond HUNG_FACTOR times what its task may take, is a hung loop. */
const HUNG_MS = 30_000;
const HUNG_FACTOR = 4;

/** How long a ready worker may be silent. @param lateAfterMs when it is late with what it computes now */
export const patienceMs = (lateAfterMs: number): number => Math.max(HUNG_MS, HUNG_FACTOR * lateAfterMs);
