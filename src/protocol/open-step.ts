// A step under way: its tree nodes, who computes them, the answers that are in, and when a node is settled.
//
// A node is settled by its first answer, or, where it is verified, by the first two that agree. Answers are compared by digest; one that
// is not sound never settles anything. Whoever answers is counted by identity, whose process it is: with two identities at hand it takes
// two of them to settle a verified node and to accuse, since whoever has many sessions may be one liar. Sessions of one identity among
// themselves count each for itself, and a worker that has nobody beside it may agree with itself, which finds what is wrong now and
// then, not what is always wrong.
import type { Phase } from './schedule.js';
import { keyOf, type TreeNode } from './shard-tree.js';

/** Answers that must agree before a verified node is settled. */
const AGREEING = 2;
/** Answers to one node without two that agree, after which nobody can be believed; and after which only an identity not heard is asked. */
export const VOTES_MAX = 5;
/** Answers that are not sound, from different identities where there are any, before the node counts as diverged. */
const UNSOUND_MAX = 2;

/** A worker and whose process it is. */
export interface Voter {
  worker: string;
  identity: string;
}

export interface Vote extends Voter {
  digest: string;
}

export interface Answer extends Voter {
  /** hash of the payload; absent where nobody will compare it */
  digest?: string | undefined;
  /** whether every number in it is finite and the whole no larger than a gradient can be; not looked at by everyone, see `isCareful` */
  isSound: boolean;
}

/** The answer that settled a node. */
export type Taken = Omit<Answer, 'isSound'>;

/** Why a task is given to another worker. */
export type ReissueReason = 'lost' | 'late' | 'not-finite';

export interface Holder extends Voter {
  sinceMs: number;
}

export interface NodeState {
  readonly node: TreeNode;
  /** two must agree on it */
  readonly isVerified: boolean;
  /** workers that compute it now */
  holders: Holder[];
  /** answers that wait for one that agrees; empty where one is enough */
  votes: Vote[];
  /** digests whose payload is kept */
  kept: Set<string>;
  /**
   * Workers of two identities were at hand while it was open, so that two must agree. It stays so when all but one have left: they may
   * come back, and whoever can cut them off shall win nothing. After a while the coordinator gives them up.
   */
  isShared: boolean;
  /** since when nobody can be asked that would decide it, milliseconds */
  stuckMs?: number;
  /** those whose answer was not sound */
  unsound: Voter[];
  /** further workers that may compute it, since those that do are late */
  spare: number;
  settledBy?: string;
  /** to be said when it is given out again */
  reissue?: { reason: ReissueReason; worker: string };
}

/** What the answers to a node come to. */
export type Outcome =
  /** `agreed`: the votes that settled it; none where one answer was enough. `wrong`: workers that they prove wrong */
  | { kind: 'settled'; taken: Taken; agreed: readonly Vote[]; wrong: string[] }
  | { kind: 'held'; isDisagreement: boolean }
  /** a lone worker never gives the same twice: its answers are dropped, the node waits for another one */
  | { kind: 'inconsistent'; worker: string }
  | { kind: 'not-finite' }
  | { kind: 'diverged' }
  | { kind: 'nobody-agrees' };

export class OpenStep {
  readonly nodes: ReadonlyMap<string, NodeState>;

  /**
   * @param isVerified whether two workers must agree on a node
   * @param isCareful a first try came to something that is not finite: every answer is looked at before it is used
   */
  /** every answer is looked at, for numbers that are not finite */
  isCareful = false;

  constructor(
    readonly phase: Phase,
    nodes: readonly TreeNode[],
    private readonly isVerified: (node: TreeNode) => boolean,
  ) {
    this.nodes = new Map(nodes.map((node) => [keyOf(node), this.fresh(node)]));
  }

  private fresh(node: TreeNode): NodeState {
    const isVerified = this.isVerified(node);
    const none = { holders: [], votes: [], kept: new Set<string>(), unsound: [] };
    return { node, isVerified, isShared: false, spare: 0, ...none };
  }

  get isComplete(): boolean {
    return [...this.nodes.values()].every((node) => node.settledBy !== undefined);
  }

  get outstanding(): NodeState[] {
    return [...this.nodes.values()].filter((node) => node.settledBy === undefined);
  }

  /** Begins the whole step again, carefully. */
  reopen(reissue: NonNullable<NodeState['reissue']>): void {
    this.isCareful = true;
    for (const state of this.nodes.values()) {
      delete state.settledBy;
      delete state.stuckMs;
      Object.assign(state, this.fresh(state.node), { reissue: { ...reissue } });
    }
  }
}

/** Whether one more worker ought to compute a node. */
export const wantsWorker = (state: NodeState): boolean =>
  state.settledBy === undefined &&
  state.holders.length < Math.max(1, (state.isVerified ? AGREEING : 1) - state.votes.length) + state.spare;

/** Workers whose answers are kept. */
export const votersOf = ({ votes }: Pick<NodeState, 'votes'>): Set<string> => workersOf(votes);

const workersOf = (voters: readonly Voter[]): Set<string> => new Set(voters.map((voter) => voter.worker));

/** Whether answers to it differ. */
export const isDisputed = ({ votes }: Pick<NodeState, 'votes'>): boolean =>
  new Set(votes.map((vote) => vote.digest)).size > 1;

export const identitiesOf = (voters: readonly Voter[]): Set<string> =>
  new Set(voters.map((voter) => voter.identity));

/** Whether those who agree with each other prove one wrong who does not: two identities, or two workers of its own. */
export const proves = (agreed: readonly Voter[], { identity }: Pick<Voter, 'identity'>): boolean =>
  identitiesOf(agreed).size > 1 || workersOf(agreed.filter((voter) => voter.identity === identity)).size > 1;

/**
 * How little a worker is wanted for one more answer: of an identity not heard before one of an identity that was; one whose answer was
 * not sound after others of its kind; one that voted itself last, and only where it has nobody beside it. Never one that computes it now,
 * nor one whose answer could decide nothing.
 */
export function rankFor(state: NodeState): (voter: Voter) => number | undefined {
  const { holders, votes, unsound, isShared, isVerified } = state;
  const voters = votersOf(state);
  const heard = identitiesOf([...votes, ...(isVerified ? holders : [])]);
  return ({ worker, identity }) => {
    if (holders.some((holder) => holder.worker === worker)) return undefined;
    const unsoundCount = unsound.filter((voter) => voter.worker === worker).length;
    if (isShared && unsoundCount >= UNSOUND_MAX) return undefined;
    if (!heard.has(identity))
      return unsoundCount > 0 ? 2 : unsound.some((voter) => voter.identity === identity) ? 1 : 0;
    if (votes.length >= VOTES_MAX || (isShared && !isDisputed(state))) return undefined;
    if (voters.has(worker)) return isShared || voters.size > 1 ? undefined : 5;
    return unsoundCount > 0 ? 4 : 3;
  };
}

/** Takes an answer to a node that is not settled. */
export function weigh(state: NodeState, { isSound, ...answer }: Answer): Outcome {
  const { worker, identity, digest } = answer;
  state.holders = state.holders.filter((holder) => holder.worker !== worker);
  if (!isSound) {
    state.unsound.push({ worker, identity });
    state.reissue = { reason: 'not-finite', worker };
    return decide(state) ?? { kind: 'not-finite' };
  }
  if (!state.isVerified) return settle(state, answer, []);
  const isNews = !state.votes.some((vote) => vote.digest === digest);
  state.votes.push({ worker, identity, digest: digest! });
  return decide(state) ?? { kind: 'held', isDisagreement: isNews && isDisputed(state) };
}

/** What the answers that are in come to by themselves; undefined where it takes another. */
export function decide(state: NodeState): Outcome | undefined {
  const { votes, unsound } = state;
  const isShared = state.isShared || identitiesOf([...votes, ...unsound]).size > 1;
  const isAlone = votersOf(state).size === 1;
  for (const { digest } of votes) {
    const agreed = votes.filter((vote) => vote.digest === digest);
    const amongItself = isAlone ? agreed.length : workersOf(agreed).size;
    if ((isShared ? identitiesOf(agreed).size : amongItself) >= AGREEING)
      return settle(state, agreed.at(-1)!, agreed);
  }
  const ofWorkers = votes.length > 0 ? workersOf(unsound).size : unsound.length;
  if ((isShared ? identitiesOf(unsound).size : ofWorkers) >= UNSOUND_MAX) return { kind: 'diverged' };
  const differing = isShared ? identitiesOf(votes).size : votes.length;
  return differing >= VOTES_MAX ? nobodyAgrees(state) : undefined;
}

/** Workers that give nothing sound, again and again, where somebody else has given a number. */
export const refutedBy = ({ votes, unsound }: NodeState): string[] =>
  [...workersOf(unsound)].filter(
    (worker) =>
      unsound.filter((voter) => voter.worker === worker).length >= UNSOUND_MAX &&
      votes.some((vote) => vote.worker !== worker),
  );

function nobodyAgrees(state: NodeState): Outcome {
  const voters = votersOf(state);
  if (voters.size > 1) return { kind: 'nobody-agrees' };
  state.votes = [];
  state.kept.clear();
  return { kind: 'inconsistent', worker: [...voters][0]! };
}

/**
 * Those are wrong who gave another digest than those who agree and prove it; and who gave something unsound where somebody else gave a
 * number, since that speaks for itself.
 */
function settle(state: NodeState, taken: Taken, agreed: readonly Vote[]): Outcome {
  state.settledBy = taken.worker;
  delete state.reissue;
  const right = new Set([taken.worker, ...agreed.map((vote) => vote.worker)]);
  const accused = [...state.votes.filter((vote) => proves(agreed, vote)), ...state.unsound];
  const wrong = [...workersOf(accused)].filter((id) => !right.has(id));
  return { kind: 'settled', taken, agreed, wrong };
}
