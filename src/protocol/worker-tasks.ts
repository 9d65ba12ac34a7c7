// What a worker does about tasks and versions, without a socket or a tensor: which it asks for, when it computes, what it forgets.
// The worker's shell and the simulator's workers are driven by the same object.
import { NETS, type Net } from '../parameters/manifest.js';
import type { Task } from './task.js';

/** A task of a line, as it is sent. */
export type LineTask = Task & { term: number; branch: number };

export interface WorkerShell {
  /** whether a version is here whole */
  has(net: Net, version: number): boolean;
  fetch(name: { term: number; vector: Net; version: number }): void;
  compute(task: LineTask): void;
  /** another line has begun: its versions have the same numbers and other values */
  forgetVersions(): void;
}

export class WorkerTasks {
  private term = 0;
  private pending: LineTask | undefined;

  constructor(private readonly shell: WorkerShell) {}

  /** Whether a message belongs to the line that is followed, or to a newer one, which is followed from now on. */
  follows(term: number): boolean {
    if (term < this.term) return false;
    if (term > this.term) {
      this.term = term;
      this.pending = undefined;
      this.shell.forgetVersions();
    }
    return true;
  }

  /** Takes a task in the place of any other, the same one too: its answer may have been lost. */
  take(task: LineTask): void {
    if (!this.follows(task.term)) return;
    this.pending = task;
    for (const vector of NETS) {
      const version = task.reads[vector];
      if (!this.shell.has(vector, version)) this.shell.fetch({ term: this.term, vector, version });
    }
    this.attempt();
  }

  /** Computes what is pending, once all that it reads is here; to be called when a version is whole. */
  attempt(): void {
    const task = this.pending;
    if (!task || !NETS.every((net) => this.shell.has(net, task.reads[net]))) return;
    this.pending = undefined;
    this.shell.compute(task);
  }

  /** Drops a task that was not begun: the worker prepares anew. */
  reset(): void {
    this.pending = undefined;
  }
}
