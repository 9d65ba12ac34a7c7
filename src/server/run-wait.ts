// Says what a run waits for when it has not moved for a while, in the log and to a person: nothing hangs in silence. Gives up where that was
// asked for and no worker comes.
import { NashError } from '../errors.js';
import { Patience } from '../protocol/patience.js';
import type { Log } from './log.js';

export interface RunWaitParts {
  log: Log;
  /** Told a line for a person. @param isOver it says that a wait is over */
  onWaiting(line: string, isOver: boolean): void;
  /** how long a net may have no worker; undefined: for ever */
  connectTimeoutMs?: number | undefined;
  /** how a worker is started, for a person */
  hint: string;
}

/** How the run stands. */
export interface Standing {
  /** in words; null: for nothing */
  waitingFor: string | null;
  /** for how long no step has come */
  standsMs: number;
  /** some net has no worker */
  lacksWorkers: boolean;
  /** workers that have come and compile, or read the data */
  preparingCount: number;
}

export class RunWait {
  private readonly patience = new Patience();
  private lacksSinceMs: number | undefined;

  constructor(private readonly parts: RunWaitParts) {}

  /** To be called several times a second. @throws NashError('environment') where no worker came in time */
  note(standing: Standing, nowMs: number): void {
    const { waitingFor, standsMs, lacksWorkers, preparingCount } = standing;
    const line = this.patience.note(waitingFor === null ? undefined : this.inWords(standing), standsMs);
    if (line !== undefined) {
      this.parts.onWaiting(line, !this.patience.isSaid);
      this.parts.log('waiting', { for: waitingFor, seconds: Math.round(standsMs / 1000) });
    }
    const lacks = waitingFor !== null && lacksWorkers && preparingCount === 0;
    this.lacksSinceMs = lacks ? (this.lacksSinceMs ?? nowMs) : undefined;
    this.requireInTime(nowMs - (this.lacksSinceMs ?? nowMs));
  }

  private inWords({ waitingFor, lacksWorkers, preparingCount }: Standing): string {
    if (!lacksWorkers) return waitingFor!;
    const hint = preparingCount > 0 ? `${preparingCount} getting ready` : this.parts.hint;
    return `${waitingFor}: ${hint}`;
  }

  private requireInTime(forMs: number): void {
    const { connectTimeoutMs, hint } = this.parts;
    if (connectTimeoutMs === undefined || forMs < connectTimeoutMs) return;
    throw new NashError('environment', `no worker came for ${Math.round(forMs / 1000)} s: ${hint}`);
  }
}
