// Who can be given work: the workers that joined, what each computes now, and which of them is asked next.
import { NETS, type Net } from '../parameters/manifest.js';
import type { Task } from './task.js';

/** Which steps a worker may compute: those of one net, or any. */
export const POOLS = [...NETS, 'any'] as const;
export type Pool = (typeof POOLS)[number];

/** Whether a pool's workers may compute a net's steps. */
export const serves = (pool: Pool, net: Net): boolean => pool === 'any' || pool === net;

/** Another worker answered a task first; this one's late answer is compared with that. */
export interface Superseded {
  by: string;
  digest: string | undefined;
}

export interface Member {
  pool: Pool;
  /** what it computes now; absent: idle */
  task?: Task;
  /** when it was given that task, or reminded of it */
  sinceMs: number;
  /** when it first seemed to be done with it, while its answer was not there */
  missedMs?: number | undefined;
  superseded?: Superseded | undefined;
}

export class Roster {
  private readonly members = new Map<string, Member>();

  add(worker: string, pool: Pool): void {
    this.members.set(worker, { pool, sinceMs: 0 });
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

  give(worker: string, task: Task, nowMs: number): void {
    const member = this.members.get(worker)!;
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

  /** Number of workers that may compute a net's steps. */
  countFor(net: Net): number {
    let count = 0;
    for (const { pool } of this.members.values()) if (serves(pool, net)) count += 1;
    return count;
  }

  /** Nets without any worker. */
  emptyNets(): Net[] {
    return NETS.filter((net) => this.countFor(net) === 0);
  }

  /**
   * An idle worker for a node of a net, one that serves this net alone before one that serves both.
   * @param rank how little a worker is wanted, undefined for never; only those of the least rank that the pool has are asked
   */
  idleFor(net: Net, rank: (worker: string) => number | undefined): string | undefined {
    const candidates = [...this.members].flatMap(([id, member]) => {
      const own = serves(member.pool, net) ? rank(id) : undefined;
      return own === undefined ? [] : [{ id, rank: own, ...member }];
    });
    const least = Math.min(...candidates.map((candidate) => candidate.rank));
    const idle = candidates.filter((candidate) => candidate.rank === least && !candidate.task);
    return (idle.find((candidate) => candidate.pool === net) ?? idle[0])?.id;
  }

  /** Number of workers that hold a task, and that hold none. */
  states(): Record<Pool, { busy: number; idle: number }> {
    const none = () => ({ busy: 0, idle: 0 });
    const states = { discriminator: none(), generator: none(), any: none() };
    for (const { pool, task } of this.members.values()) states[pool][task ? 'busy' : 'idle'] += 1;
    return states;
  }
}
