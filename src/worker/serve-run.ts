// Serves one run through as many servers as it takes: a server that crashes is started again, perhaps at another address.
import { NashError } from '../errors.js';
import { Patience } from '../protocol/patience.js';
import type { ModuleSources } from '../run/own-modules.js';
import { connectWorker } from '../transport/dealer.js';
import { type Place, reach } from '../transport/reach.js';
import { whyUnreachable } from '../transport/reachability.js';
import { Session, type SessionRole } from './session.js';

export interface Serving {
  /** Where the run's server is now; asked again whenever it went away. Undefined where the run is over. */
  findServer(): Promise<Place | undefined>;
  /** what `findServer` waits for, in words */
  awaited: string;
  /** folder of keys, or 'none'; default: that of the run, else the default folder, if it holds a worker's key */
  keys?: string;
  /** how long no server may answer before this process gives up; default: for ever */
  connectTimeoutMs?: number | undefined;
  /** where this host has the modules of one's own that the run's config names, beside the files that it names */
  modules?: ModuleSources;
  /** Called with each session; its `leave` ends the process gracefully. */
  onSession(session: Session): void;
}

const RETRY_MS = 200;
const WATCH_MS = 250;
/** Between two looks at what keeps the server from answering: the first is over before the wait is said. */
const LOOK_MS = 2000;

/** @throws NashError when the server refuses this process; 'environment' where none answers in time */
export async function serveRun(role: SessionRole, serving: Serving): Promise<void> {
  const wait = new Wait(serving);
  try {
    await Promise.race([serve(role, serving, wait), wait.isInVain]);
  } finally {
    wait.end();
  }
}

async function serve(role: SessionRole, { findServer, keys, onSession }: Serving, wait: Wait): Promise<void> {
  let hasMet = false;
  for (;;) {
    wait.isFor(undefined);
    const place = await findServer();
    if (place === undefined || wait.isOver) return;
    const way = reach(place, keys);
    if (typeof way === 'string') {
      wait.isFor({ what: way, endpoint: place.endpoint });
    } else {
      const transport = connectWorker(way, hasMet || way.isNoted);
      const session = new Session(transport, role);
      wait.isFor({ what: `a server at ${way.name}`, endpoint: place.endpoint }, session);
      onSession(session);
      const farewell = await session.run().finally(() => transport.close());
      if (farewell === 'over') return;
      hasMet ||= session.wasWelcome;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if (wait.isOver) return;
  }
}

/** The time in which no server answers: says on the standard error what is in the way, and when it has been too long. */
class Wait {
  readonly isInVain: Promise<never>;
  isOver = false;
  private giveUp!: (error: NashError) => void;
  private readonly patience = new Patience();
  private readonly timer: NodeJS.Timeout;
  private sinceMs = performance.now();
  private session: Session | undefined;
  private goal: { what: string; endpoint: string } | undefined;
  private found = '';
  private foundOf = '';
  private lookedMs = 0;

  constructor(private readonly serving: Pick<Serving, 'awaited' | 'connectTimeoutMs'>) {
    this.isInVain = new Promise((_, reject) => {
      this.giveUp = reject;
    });
    this.timer = setInterval(() => this.watch(), WATCH_MS);
  }

  /** @param goal absent while a server is looked for */
  isFor(goal: { what: string; endpoint: string } | undefined, session?: Session): void {
    if (goal && goal.endpoint !== this.foundOf)
      [this.found, this.foundOf, this.lookedMs] = ['', goal.endpoint, 0];
    [this.goal, this.session] = [goal, session];
  }

  end(): void {
    this.isOver = true;
    clearInterval(this.timer);
  }

  private watch(): void {
    const nowMs = performance.now();
    if (this.session?.isServed) this.sinceMs = nowMs;
    else this.look(nowMs);
    const forMs = nowMs - this.sinceMs;
    const what = this.inWords();
    const line = this.patience.note(what, forMs);
    if (line !== undefined) process.stderr.write(`nash: ${line}\n`);
    const { connectTimeoutMs } = this.serving;
    if (connectTimeoutMs === undefined || forMs < connectTimeoutMs) return;
    const why = `waited ${Math.round(forMs / 1000)} s in vain for ${what}; --connect-timeout S waits longer`;
    this.giveUp(new NashError('environment', why));
  }

  private inWords(): string {
    if (!this.goal) return this.serving.awaited;
    return this.goal.what + (this.found === '' ? '' : `: ${this.found}`);
  }

  /** A short wait, as there is at every start, makes no connection but its own. */
  private look(nowMs: number): void {
    const { goal } = this;
    if (!goal || nowMs - this.sinceMs < LOOK_MS / 2 || nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    void whyUnreachable(goal.endpoint).then((found) => {
      if (goal.endpoint === this.foundOf) this.found = found;
    });
  }
}
