// What must hold of a coordinator after every event; the simulator looks each time.
import type { Net } from '../parameters/manifest.js';
import { type Pool, serves } from './roster.js';
import type { Versions } from './schedule.js';
import { isSameTask, type Task, type TaskName } from './task.js';

/** A coordinator's state as plain data. */
export interface Snapshot {
  versions: Versions;
  members: readonly {
    worker: string;
    pool: Pool;
    identity: string;
    task: Task | undefined;
    isSuperseded: boolean;
    /** it is given work only where nobody else can do it */
    isAside: boolean;
  }[];
  steps: readonly {
    net: Net;
    step: number;
    reads: Versions;
    nodes: readonly {
      task: TaskName;
      holders: readonly { worker: string; identity: string; sinceMs: number }[];
      /** whose answer was taken already, and is not enough */
      heard: readonly { worker: string; identity: string }[];
      /** answers of two identities */
      needsTwo: boolean;
      settledBy: string | undefined;
    }[];
  }[];
}

/** Broken claims, in words; none when all is well. */
export function violationsOf({ versions, members, steps }: Snapshot): string[] {
  const broken: string[] = [];
  const byWorker = new Map(members.map((member) => [member.worker, member]));
  let held = 0;
  for (const { net, step, reads, nodes } of steps) {
    if (step !== versions[net]) broken.push(`step ${step} of the ${net} is open at version ${versions[net]}`);
    if (reads.discriminator > versions.discriminator || reads.generator > versions.generator)
      broken.push(`step ${step} of the ${net} reads versions that do not exist`);
    for (const { task, holders, settledBy } of nodes) {
      if (settledBy !== undefined && holders.length > 0)
        broken.push(`a settled node is still held by ${holders[0]!.worker}`);
      if (new Set(holders.map((holder) => holder.worker)).size < holders.length)
        broken.push('a node is held twice by one worker');
      for (const { worker } of holders) {
        const member = byWorker.get(worker);
        held += 1;
        if (!member) broken.push(`a node is held by ${worker}, who is no member`);
        else if (!serves(member.pool, net))
          broken.push(`a step of the ${net} was given to pool ${member.pool}`);
        else if (!member.task || !isSameTask(member.task, task))
          broken.push(`${worker} is to hold a node that is not its task`);
      }
    }
  }
  // credits are conserved: every task that is out is held by a node, unless it was superseded or its step is over
  const live = members.filter(
    ({ task, isSuperseded }) =>
      task && !isSuperseded && steps.some((s) => s.net === task.net && s.step === task.step),
  ).length;
  if (live !== held) broken.push(`${live} workers compute for open steps, and ${held} are noted as holders`);
  return broken;
}

/** A worker that may help is idle while a task is late, by the coordinator's own measure and a second more: it ought to have been given it. */
export function neglectedOf(
  { members, steps }: Snapshot,
  nowMs: number,
  lateAfterMs: (worker: string) => number,
): string[] {
  return steps.flatMap(({ net, nodes }) =>
    nodes.flatMap(({ holders, heard, needsTwo }) => {
      const [first, ...others] = holders;
      if (!first || others.length > 0 || nowMs - first.sinceMs < lateAfterMs(first.worker) + 1000) return [];
      const key = needsTwo ? 'identity' : 'worker';
      const known = new Set([...heard, first].map((one) => one[key]));
      const idle = members.find(
        (member) => !member.task && !member.isAside && !known.has(member[key]) && serves(member.pool, net),
      );
      return idle ? [`${first.worker} is late, and ${idle.worker} is idle`] : [];
    }),
  );
}
