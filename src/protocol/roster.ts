// Who can be given work: the workers that joined, what each computes now, and which of them is asked next.
import { NETS, type Net } from '../parameters/manifest.js';
import type { Taken, Vote, Voter } from './open-step.js';
import type { Task } from './task.js';

/** Which steps a worker may compute: those of one net, or any. */
export const POOLS = [...NETS, 'any'] as const;
export type Pool = (typeof POOLS)[number];

/** Whether a pool's workers may compute a net's steps. */
export const serves = (pool: Pool, net: Net): boolean => pool === 'any' || pool === net;

/** Another worker answered a task first; this one's late answer is compared with that. */
export interface Superseded {
  taken: Taken;
  /** the answers that settled it, where it took several */
  agreed: readonly Vote[];
}

/** So many tasks in a row that others answered while it was late, and a worker is set aside … */
const LATE_MAX = 3;
/** … for so long, and twice as long with each more, milliseconds. */
const ASIDE_MS = 60_000;
const ASIDE_MAX_MS = 600_000;
/** Wanted less than any worker that was not heard; and less than any other at all. */
const RANK_ASIDE = 0.5;
const RANK_SILENT = 10;

export interface Member {
  pool: Pool;
  /** whose process it is */
  identity: string;
  /** what it computes now; absent: idle */
  task?: Task;
  /** when it was given that task */
  givenMs: number;
  /** when it was given that task, or reminded of it */
  sinceMs: number;
  /** when it first seemed to be done with it, while its answer was not there */
  missedMs?: number | undefined;
  superseded?: Superseded | undefined;
  /** tasks in a row that others answered while it was late */
  lateInRow: number;
  /** gets no task until then while others serve its net; a past time: it may */
  asideUntilMs: number;
  /** it was set aside since others waited for its vote in vain: until it is back they do without */
  isSilent: boolean;
}

export class Roster {
  private readonly members = new Map<string, Member>();

  add({ worker, identity }: Voter, pool: Pool): void {
    const fresh = { givenMs: 0, sinceMs: 0, lateInRow: 0, asideUntilMs: 0, isSilent: false };
    this.members.set(worker, { pool, identity, ...fresh });
  }

  remove(worker: string): Member | undefined {
    const member = this.members.get(worker);
    this.members.delete(worker);
    return member;
  }

  get(worker: string): Member | undefined {
    return this.members.get(worker);
  }

  all(): [worker: string, member: Member][] {
    return [...this.members];
  }

  /** Gives a worker a task, or the same one again. */
  give(worker: string, task: Task, nowMs: number): void {
    const member = this.members.get(worker)!;
    if (member.task !== task) member.givenMs = nowMs;
    member.task = task;
    member.sinceMs = nowMs;
    member.missedMs = undefined;
    member.superseded = undefined;
  }

  /** Nobody computes anything any more: what they hold belongs to an abandoned line. */
  clearTasks(): void {
    for (const member of this.members.values()) {
      delete member.task;
      member.superseded = undefined;
    }
  }

  /** It answered in time: whatever it was late with is forgotten. */
  wasInTime(member: Member): void {
    Object.assign(member, { lateInRow: 0, asideUntilMs: 0, isSilent: false });
  }

  /** Its task was answered by another while it was late. @returns for how long it is set aside from now on; undefined: it is not */
  wasLate(member: Member, nowMs: number): number | undefined {
    member.lateInRow += 1;
    if (member.lateInRow < LATE_MAX || isAside(member, nowMs)) return undefined;
    return this.setAside(member, nowMs);
  }

  /** Others waited for its answer in vain. @returns for how long it is set aside */
  wasSilent(member: Member, nowMs: number): number {
    member.lateInRow = Math.max(member.lateInRow + 1, LATE_MAX);
    member.isSilent = true;
    return this.setAside(member, nowMs);
  }

  private setAside(member: Member, nowMs: number): number {
    const ms = Math.min(ASIDE_MAX_MS, ASIDE_MS * 2 ** (member.lateInRow - LATE_MAX));
    member.asideUntilMs = nowMs + ms;
    return ms;
  }

  /** Workers that may compute a net's steps. */
  serving(net: Net): [worker: string, member: Member][] {
    return [...this.members].filter(([, { pool }]) => serves(pool, net));
  }

  /** Number of workers that are given a net's steps: those that are set aside only where there is no other. */
  countFor(net: Net, nowMs: number): number {
    const all = this.serving(net);
    return all.filter(([, member]) => !isAside(member, nowMs)).length || Math.min(1, all.length);
  }

  /** Whose processes a net's workers are, as far as they can be waited for. */
  identitiesFor(net: Net, nowMs: number): Set<string> {
    const heard = this.serving(net).filter(([, member]) => !isSilent(member, nowMs));
    return new Set(heard.map(([, { identity }]) => identity));
  }

  /** Nets without any worker. */
  emptyNets(): Net[] {
    return NETS.filter((net) => this.serving(net).length === 0);
  }

  /**
   * An idle worker for a node of a net: one that serves this net alone before one that serves both, and then whoever joined first, so that
   * strangers who come again and again and answer nothing keep nobody from work.
   * @param rank how little a worker is wanted, undefined for never; only those of the least rank that the pool has are asked
   */
  idleFor(net: Net, nowMs: number, rank: (voter: Voter) => number | undefined): string | undefined {
    const candidates = this.serving(net).flatMap(([worker, member]) => {
      const own = rank({ worker, identity: member.identity });
      return own === undefined ? [] : [{ worker, ...member, rank: own + hindrance(member, nowMs) }];
    });
    const least = Math.min(...candidates.map((candidate) => candidate.rank));
    const idle = candidates.filter((candidate) => candidate.rank === least && !candidate.task);
    return (idle.find((candidate) => candidate.pool === net) ?? idle[0])?.worker;
  }

  /** Number of workers that hold a task, that hold none, and that are given none. */
  states(nowMs: number): Record<Pool, Record<WorkerState, number>> {
    const none = () => ({ busy: 0, idle: 0, aside: 0 });
    const states = { discriminator: none(), generator: none(), any: none() };
    for (const member of this.members.values()) states[member.pool][stateOf(member, nowMs)] += 1;
    return states;
  }
}

export const WORKER_STATES = ['busy', 'idle', 'aside'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

export const stateOf = (member: Member, nowMs: number): WorkerState =>
  member.task ? 'busy' : isAside(member, nowMs) ? 'aside' : 'idle';

export const isAside = ({ asideUntilMs }: Member, nowMs: number): boolean => asideUntilMs > nowMs;

export const isSilent = (member: Member, nowMs: number): boolean => member.isSilent && isAside(member, nowMs);

const hindrance = (member: Member, nowMs: number): number =>
  isSilent(member, nowMs) ? RANK_SILENT : isAside(member, nowMs) ? RANK_ASIDE : 0;
