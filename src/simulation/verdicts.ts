// Verdicts of the simulator, and what a run comes to by them alone: whatever else went wrong on the way must not show.

import type { Event } from '../protocol/events.js';
import { BRANCHES_MAX } from '../protocol/line.js';
import { isEvery, versionsAfter } from '../protocol/schedule.js';
import { mix } from './arithmetic.js';
import type { Scenario } from './faults.js';

export type Verdict = Extract<Event, { kind: 'judged' }>['verdict'];

/** How a run is judged: at every boundary of so many rounds, and how often to go back or to stop, as shares. */
export interface Judging {
  every: number;
  rollback: number;
  stop: number;
}

/** What the evaluator says of a round's weights: decided by the seed, the branch that they were computed on and the round. */
export function verdictOn(seed: number, judging: Judging, at: { branch: number; round: number }): Verdict {
  const share = Number.parseInt(mix('verdict', seed, at.branch, at.round).slice(-3), 36) / 36 ** 3;
  if (share < judging.stop) return 'stop';
  return share < judging.stop + judging.rollback ? 'rollback' : 'continue';
}

export interface Course {
  end: 'done' | 'collapsed' | 'failed: given up';
  /** the branch that each round was computed on at last */
  branches: number[];
}

/** The course of a run that nothing disturbs but its verdicts and the step that diverges on the first branch. */
export function courseOf(seed: number, scenario: Scenario): Course {
  const { generatorSteps, schedule, judging, divergesAt, checkpointEvery } = scenario;
  const branches: number[] = [];
  let branch = 0;
  let round = 0;
  while (round < generatorSteps) {
    let returnsFrom: number | undefined;
    const end = versionsAfter(schedule, round + 1).generator;
    if (divergesAt !== undefined && round <= divergesAt && divergesAt < end && branch === 0)
      returnsFrom = round;
    else {
      for (let step = round; step < end; step++) branches[step] = branch;
      round = end;
      const isJudged = judging !== undefined && isEvery(schedule, judging.every, round);
      const verdict = isJudged ? verdictOn(seed, judging, { branch, round }) : 'continue';
      if (verdict === 'stop') return { end: 'collapsed', branches };
      if (verdict === 'rollback') returnsFrom = round - 1;
    }
    if (returnsFrom === undefined) continue;
    if (branch >= BRANCHES_MAX) return { end: 'failed: given up', branches };
    branch += 1;
    const isSaved = (at: number) =>
      versionsAfter(schedule, at).generator === at && isEvery(schedule, checkpointEvery, at);
    for (round = returnsFrom; !isSaved(round); ) round -= 1;
  }
  return { end: 'done', branches };
}
