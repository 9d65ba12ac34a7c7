// Where a run stands among its rounds: which versions exist, which step may begin, when a boundary is reached, judged or the last.
import { assert } from '../errors.js';
import { NETS, type Net } from '../parameters/manifest.js';
import type { Effect } from './events.js';
import {
  isEvery,
  isReady,
  isWhole,
  type Phase,
  phaseOf,
  type Schedule,
  type ScheduleOptions,
  type Versions,
  versionsAfter,
} from './schedule.js';

export interface RoundsOptions {
  schedule: Schedule;
  /** versions to start from: a round's boundary */
  versions: Versions;
  /** training ends with the round that brings G to so many steps */
  generatorSteps: number;
  /** at the boundary that brings G to a multiple of so many steps training waits for a verdict; absent: never */
  judgedEvery?: number;
  /** boundaries at which no net may be ahead, where the schedule lets rounds overlap; default: each */
  restsAt?(round: number): boolean;
}

/** Rounds that may pass without a boundary on which everything rests: what waits for one (a stop, the clock's checkpoint) waits no longer. */
const OVERLAPPING_MAX = 16;

export class Rounds {
  private readonly versions: Record<Net, number>;
  /** the last boundary that was reached */
  private boundaryRound: number;
  /** the last round that needed no verdict, or has one */
  private judgedRound = 0;
  private askedRound = 0;
  private isStopping = false;
  /** by which steps go now */
  schedule: Schedule;

  constructor(private readonly options: RoundsOptions) {
    this.versions = { ...options.versions };
    this.schedule = options.schedule;
    this.boundaryRound = options.versions.generator;
    this.requireBoundary(options.versions);
  }

  /** Versions that exist. */
  get current(): Versions {
    return { ...this.versions };
  }

  /** The round that training stands on or has begun: G's version at its beginning. */
  get round(): number {
    return this.boundaryRound;
  }

  /** The next step of a net that is not applied yet, or one after it. */
  next(net: Net, ahead = 0): Phase {
    return phaseOf(this.schedule, net, this.versions[net] + ahead);
  }

  /** @param schedule by which steps go from here on; default: as before */
  applied(net: Net, schedule?: ScheduleOptions): void {
    this.versions[net] += 1;
    this.follow(schedule);
  }

  private follow(schedule: ScheduleOptions | undefined): void {
    if (schedule) this.schedule = { ...this.schedule, ...schedule };
  }

  /** The round that has begun is finished, and no other begun. */
  stop(): void {
    this.isStopping = true;
  }

  /** The run has gone back to a boundary, which was judged before. Those after it are judged once more: they will be others. */
  restore(versions: Versions, schedule?: ScheduleOptions): void {
    this.follow(schedule);
    this.requireBoundary(versions);
    Object.assign(this.versions, versions);
    this.boundaryRound = versions.generator;
    this.judgedRound = versions.generator;
    this.askedRound = versions.generator;
  }

  /**
   * A verdict on a round has come.
   * @returns false where that is no news: it was judged already, or training stands elsewhere
   */
  noteVerdict(round: number): boolean {
    if (round !== this.versions.generator || this.judgedRound === round) return false;
    this.judgedRound = round;
    return true;
  }

  /** What a boundary brings, where training stands on one: nothing is open, and no net is ahead of its round. */
  atBoundary(): Effect[] {
    const round = this.versions.generator;
    if (!isWhole(this.schedule, this.versions)) return [];
    const effects: Effect[] = round > this.boundaryRound ? [{ kind: 'boundary', round }] : [];
    this.boundaryRound = round;
    const isDone = round >= this.options.generatorSteps && !this.isHeld;
    if (isDone || this.isStopping) {
      effects.push({ kind: 'finished', because: isDone ? 'done' : 'stopped' });
    } else if (this.isHeld && this.askedRound !== round) {
      this.askedRound = round;
      effects.push({ kind: 'judge', round });
    }
    return effects;
  }

  /** Training stands on a boundary and waits for a verdict. */
  get isHeld(): boolean {
    const { judgedEvery } = this.options;
    const round = this.boundaryRound;
    if (judgedEvery === undefined || round === 0 || !isEvery(this.schedule, judgedEvery, round)) return false;
    const stands = this.versions.generator === round && isWhole(this.schedule, this.versions);
    return this.judgedRound !== round && stands;
  }

  /** Whether a net's next step may begin: what it reads exists, and it belongs to the run. @param isOpen whether a net's step is under way */
  mayBegin(net: Net, isOpen: (net: Net) => boolean): boolean {
    const phase = this.next(net);
    const end = this.isStopping ? this.lastStep(isOpen) : this.options.generatorSteps;
    const last = Math.min(end, this.nextRest());
    return phase.step < versionsAfter(this.schedule, last)[net] && isReady(phase, this.versions);
  }

  /** The next boundary on which everything rests. */
  private nextRest(): number {
    const { restsAt } = this.options;
    let round = this.boundaryRound;
    for (let passed = 0; passed < OVERLAPPING_MAX; passed++) {
      round = versionsAfter(this.schedule, round + 1).generator;
      if (!restsAt || restsAt(round)) break;
    }
    return round;
  }

  /** G's step with whose round a stop ends: it finishes the last one that a net has begun, and begins no other. */
  private lastStep(isOpen: (net: Net) => boolean): number {
    let whole = versionsAfter(this.schedule, this.boundaryRound);
    const isWithin = (net: Net) => this.versions[net] + (isOpen(net) ? 1 : 0) <= whole[net];
    while (!NETS.every(isWithin)) whole = versionsAfter(this.schedule, whole.generator + 1);
    return whole.generator;
  }

  private requireBoundary(versions: Versions): void {
    assert(
      isWhole(this.schedule, versions),
      () => `a run starts on a round's boundary, got ${JSON.stringify(versions)}`,
    );
  }
}
