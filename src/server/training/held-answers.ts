// Whole answers to nodes that two workers must agree on, kept until they do, by node and digest.
import { assert } from '../../errors.js';
import { keyOf } from '../../protocol/shard-tree.js';
import type { TaskName } from '../../protocol/task.js';
import type { Arrived } from './answer-intake.js';
import type { ParameterStore } from './parameter-store.js';

export class HeldAnswers {
  private readonly held = new Map<string, Arrived>();

  constructor(private readonly store: Pick<ParameterStore, 'release'>) {}

  keep(task: TaskName, digest: string, answer: Arrived): void {
    this.held.set(heldKey(task, digest), answer);
  }

  /** @returns the answer, which is the caller's from now on */
  take(task: TaskName, digest: string): Arrived {
    const key = heldKey(task, digest);
    const answer = this.held.get(key);
    assert(answer, () => `an answer to ${key} that nobody kept`);
    this.held.delete(key);
    return answer;
  }

  /** Drops what is held for a node: it is settled, or nobody can be believed. */
  release(task: TaskName): void {
    for (const [key, { payload }] of this.held) {
      if (!key.startsWith(heldKey(task, ''))) continue;
      this.store.release(payload);
      this.held.delete(key);
    }
  }

  clear(): void {
    for (const { payload } of this.held.values()) this.store.release(payload);
    this.held.clear();
  }
}

const heldKey = ({ net, step, level, index }: TaskName, digest: string): string =>
  `${net} ${step} ${keyOf({ level, index })} ${digest}`;
