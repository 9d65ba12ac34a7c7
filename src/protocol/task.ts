// What a worker is asked for: the summed gradient of one tree node of one step.
import type { Net } from '../parameters/manifest.js';
import type { Versions } from './schedule.js';
import type { TreeNode } from './shard-tree.js';
import type { StepKind } from './step-kinds.js';

/** A node of a step, whoever computes it. */
export interface TaskName extends TreeNode {
  net: Net;
  step: number;
}

export interface Task extends TaskName {
  stepKind: StepKind;
  reads: Versions;
  /** counts every giving out of a task: an answer repeats it, so that one that is sent twice is not taken for two */
  issue: number;
}

export const isSameTask = (a: TaskName, b: TaskName): boolean =>
  a.net === b.net && a.step === b.step && a.level === b.level && a.index === b.index;
