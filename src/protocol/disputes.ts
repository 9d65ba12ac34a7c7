// Answers that differed from one that was believed and applied: who gave which, remembered over returns to a checkpoint, until it is known
// who was wrong. The disputed step is done again by two that agree, along the same nodes: what they agree on shows which of the two lied.
import { identitiesOf, proves, type Vote, type Voter } from './open-step.js';
import type { TreeNode } from './shard-tree.js';
import { isSameTask, type TaskName } from './task.js';

export interface Dispute {
  task: TaskName;
  /** whose answer was believed */
  taken: Vote;
  /** whose came later, with other bits */
  late: Vote;
}

export interface Verdict {
  /** workers that are blamed, and why */
  blamed: string[];
  because: string;
  /** whether to go back: what was believed may be wrong */
  isRestoring: boolean;
}

interface Open extends Dispute {
  atMs: number;
  /** the one whose answer was not what the step gave when it was done again; no proof where only one did it again */
  contradicted?: Vote;
}

/** Returns to a checkpoint over disputes in which nobody was found to be wrong … */
export const RETURNS_MAX = 3;
/** … within so long, milliseconds: a run of days must not fail to go back for what happened on another day. */
const OPEN_MS = 3_600_000;
/** Steps that are done again by two that agree, the last so many. */
const MISTRUSTED_MAX = 64;

export class Disputes {
  /** those in which nobody was found to be wrong */
  private open: Open[] = [];
  private mistrusted: TaskName[] = [];

  /**
   * Takes a dispute.
   * @param identities whose processes serve the net now
   */
  take(dispute: Dispute, identities: ReadonlySet<string>, nowMs: number): Verdict {
    const { task, late } = dispute;
    this.mistrusted = [...this.mistrusted, task].slice(-MISTRUSTED_MAX);
    this.open = [...this.open.filter(({ atMs }) => nowMs - atMs < OPEN_MS), { ...dispute, atMs: nowMs }];
    const common = this.inCommon(identities);
    if (common.length > 0) {
      const because = `its answers to shards of ${this.open.length} steps, ${nameOf(task)} the last, each differ from another worker's`;
      return { blamed: this.resolve(common), because, isRestoring: true };
    }
    if (this.open.length <= RETURNS_MAX) return { blamed: [], because: '', isRestoring: true };
    const blamed = this.contradicted(dispute) ?? late;
    const because = `answers of its own and another worker's to the same shards have differed ${this.open.length} times, ${nameOf(task)} the last`;
    this.resolve([blamed]);
    return { blamed: [blamed.worker], because, isRestoring: blamed !== late };
  }

  /** A node was settled by answers that agree. @returns those whose earlier answer to it is thereby known to be wrong */
  settled(task: TaskName, agreed: readonly Vote[]): string[] {
    const [first] = agreed;
    if (!first) return [];
    const liars: Vote[] = [];
    for (const dispute of this.open) {
      const { taken, late } = dispute;
      // where neither was given again, the step read other weights: nothing can be said
      const confirmed = [taken, late].find((party) => party.digest === first.digest);
      if (!confirmed || !isSameTask(dispute.task, task)) continue;
      dispute.contradicted = confirmed === taken ? late : taken;
      if (proves(agreed, dispute.contradicted)) liars.push(dispute.contradicted);
    }
    return this.resolve(liars);
  }

  /** The level of the nodes of a step that two must agree on, since answers to one differed; undefined: nothing is known against it. */
  levelOf({ net, step }: Pick<TaskName, 'net' | 'step'>): TreeNode['level'] | undefined {
    return this.mistrusted.findLast((task) => task.net === net && task.step === step)?.level;
  }

  /** Forgets the disputes of those who were found to be wrong. @returns these workers */
  private resolve(guilty: readonly Voter[]): string[] {
    const workers = new Set(guilty.map((voter) => voter.worker));
    this.open = this.open.filter(
      ({ taken, late }) => !workers.has(taken.worker) && !workers.has(late.worker),
    );
    return [...workers];
  }

  /**
   * Those whom all open disputes, two at least, have in common: one identity, which more than half of the others contradict, and of it
   * the worker that was in all of them, or else all that were in one.
   */
  private inCommon(identities: ReadonlySet<string>): Vote[] {
    if (this.open.length < 2) return [];
    const pairs = this.open.map(({ taken, late }) => [taken, late]);
    const parties = pairs.flat();
    const inAll = (key: 'worker' | 'identity') =>
      new Set(
        parties
          .map((party) => party[key])
          .filter((one) => pairs.every((pair) => pair.some((party) => party[key] === one))),
      );
    const [identity, ...rest] = inAll('identity');
    if (identity === undefined || rest.length > 0) return [];
    const workers = inAll('worker');
    const own = parties.filter((party) => party.identity === identity);
    const isAmongItself = pairs.some((pair) => pair.every((party) => party.identity === identity));
    if (isAmongItself) return workers.size === 1 ? own.filter((party) => workers.has(party.worker)) : [];
    const others = identitiesOf(parties).size - 1;
    const isOutvoted = 2 * others > new Set([...identities].filter((one) => one !== identity)).size;
    return isOutvoted ? own : [];
  }

  /** The one of two whose earlier answers were not what their steps gave when they were done again. */
  private contradicted({ taken, late }: Dispute): Vote | undefined {
    const key = taken.identity === late.identity ? 'worker' : 'identity';
    const before = new Set(this.open.map(({ contradicted }) => contradicted?.[key]));
    const [guilty, ...rest] = [taken, late].filter((party) => before.has(party[key]));
    return rest.length === 0 ? guilty : undefined;
  }
}

const nameOf = ({ net, step }: TaskName): string => `step ${step} of the ${net}`;
