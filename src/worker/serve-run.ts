// Serves one run through as many servers as it takes: a server that crashes is started again, perhaps at another address.
import { NashError } from '../errors.js';
import { connectWorker } from '../transport/dealer.js';
import { type Place, reach } from '../transport/reach.js';
import { Session, type SessionRole } from './session.js';

export interface Serving {
  /** Where the run's server is now; asked again whenever it went away. Undefined where the run is over. */
  findServer(): Promise<Place | undefined>;
  /** folder of keys, or 'none'; default: that of the run, else the default folder, if it holds a worker's key */
  keys?: string;
  /** Called with each session; its `leave` ends the process gracefully. */
  onSession(session: Session): void;
}

/** How long nobody may answer before a worker gives up. */
const PATIENCE_MS = 600_000;
const RETRY_MS = 200;
/** Waiting is said after this. */
const SAID_AFTER_MS = 5000;

/** @throws NashError when the server refuses this process, or stays away for ten minutes */
export async function serveRun(role: SessionRole, { findServer, keys, onSession }: Serving): Promise<void> {
  let servedMs = performance.now();
  let hasMet = false;
  const waiting = new Waiting();
  for (;;) {
    const place = await findServer();
    if (place === undefined) return;
    const way = reach(place, keys);
    if (typeof way === 'string') {
      waiting.note(way);
    } else {
      const transport = connectWorker(way, hasMet || way.isNoted);
      const session = new Session(transport, role);
      onSession(session);
      const farewell = await session.run().finally(() => transport.close());
      if (farewell === 'over') return;
      if (session.wasWelcome) [hasMet, servedMs] = [true, performance.now()];
    }
    if (performance.now() - servedMs > PATIENCE_MS) {
      const seconds = PATIENCE_MS / 1000;
      if (typeof way === 'string') throw new NashError('usage', `waited ${seconds} s in vain for ${way}`);
      throw new NashError('failed', `no server answered at ${place.endpoint} for ${seconds} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Says on the standard error what is waited for, once it has lasted. */
class Waiting {
  private what = '';
  private sinceMs = 0;
  private isSaid = false;

  note(what: string): void {
    const nowMs = performance.now();
    if (what !== this.what) Object.assign(this, { what, sinceMs: nowMs, isSaid: false });
    if (this.isSaid || nowMs - this.sinceMs < SAID_AFTER_MS) return;
    this.isSaid = true;
    process.stderr.write(`nash: waiting for ${what}\n`);
  }
}
