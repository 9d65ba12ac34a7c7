// A step under way: its tree nodes, who computes them, the answers that are in, and when a node is settled.
//
// A node is settled by its first answer, or, where it is verified, by the first two workers that agree; a worker that has nobody
// beside it may agree with itself, which finds what is wrong now and then, not what is always wrong. Answers are compared by digest; an answer that is not finite never settles anything.
import type { Phase } from './schedule.js';
import { keyOf, type TreeNode } from './shard-tree.js';

/** Answers that must agree before a verified node is settled. */
const AGREEING = 2;
/** Answers to one node without two that agree, after which nobody can be believed. */
export const VOTES_MAX = 5;
/** Answers that are not finite, from different workers where there are any, before the node counts as diverged. */
const NOT_FINITE_MAX = 2;

export interface Answer {
  worker: string;
  /** hash of the payload; absent where nobody will compare it */
  digest?: string | undefined;
  /** whether every number in it is finite; not looked at by everyone, see `OpenStep.isCareful` */
  isSound: boolean;
}

/** Why a task is given to another worker. */
export type ReissueReason = 'lost' | 'late' | 'not-finite';

export interface Holder {
  worker: string;
  sinceMs: number;
}

export interface NodeState {
  readonly node: TreeNode;
  /** workers that compute it now */
  holders: Holder[];
  /** answers kept until two agree; empty where one is enough */
  votes: { worker: string; digest: string }[];
  /** 1, or at least 2 where the node is verified; rises with each disagreement, at most VOTES_MAX */
  votesWanted: number;
  /** since when workers differ and nobody decides, milliseconds */
  disputedMs?: number;
  /** workers whose answer was not finite */
  notFinite: string[];
  /** further workers that may compute it, since those that do are late */
  spare: number;
  settledBy?: string;
  /** to be said when it is given out again */
  reissue?: { reason: ReissueReason; worker: string };
}

/** What an answer did to its node. */
export type Outcome =
  /** `agreed`: the digest that two gave; absent where one answer was enough */
  | { kind: 'settled'; agreed?: string; wrong: string[] }
  | { kind: 'held'; isDisagreement: boolean }
  /** a lone worker never gives the same twice: its answers are dropped, the node waits for another one */
  | { kind: 'inconsistent'; worker: string }
  | { kind: 'not-finite' }
  | { kind: 'diverged' }
  | { kind: 'nobody-agrees' };

export class OpenStep {
  readonly nodes: ReadonlyMap<string, NodeState>;
  /** A first try came to something that is not finite: every answer is looked at before it is used. */
  isCareful = false;

  /** @param isVerified whether two workers must agree on a node */
  constructor(
    readonly phase: Phase,
    nodes: readonly TreeNode[],
    private readonly isVerified: (node: TreeNode) => boolean,
  ) {
    this.nodes = new Map(nodes.map((node) => [keyOf(node), this.fresh(node)]));
  }

  private fresh(node: TreeNode): NodeState {
    const votesWanted = this.isVerified(node) ? AGREEING : 1;
    return { node, holders: [], votes: [], votesWanted, notFinite: [], spare: 0 };
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
      Object.assign(state, this.fresh(state.node), { reissue: { ...reissue } });
    }
  }
}

/** Whether one more worker ought to compute a node. */
export const wantsWorker = (state: NodeState): boolean =>
  state.settledBy === undefined &&
  state.holders.length < Math.max(1, state.votesWanted - state.votes.length) + state.spare;

/** Workers whose answers are kept. */
export const votersOf = ({ votes }: Pick<NodeState, 'votes'>): Set<string> =>
  new Set(votes.map((vote) => vote.worker));

/**
 * How little a worker is wanted for one more answer: one that was not heard yet first; one whose answer was not finite before one that
 * has voted; never one that computes it now, or that would only repeat its vote against another's.
 */
export function rankFor(state: NodeState): (worker: string) => number | undefined {
  const voters = votersOf(state);
  const holders = new Set(state.holders.map((holder) => holder.worker));
  return (worker) => {
    if (holders.has(worker)) return undefined;
    if (voters.has(worker)) return voters.size > 1 ? undefined : 2;
    return state.notFinite.includes(worker) ? 1 : 0;
  };
}

/** Takes an answer to a node that is not settled. */
export function weigh(state: NodeState, { worker, digest, isSound }: Answer): Outcome {
  state.holders = state.holders.filter((holder) => holder.worker !== worker);
  if (!isSound) {
    state.notFinite.push(worker);
    state.reissue = { reason: 'not-finite', worker };
    return { kind: state.notFinite.length >= NOT_FINITE_MAX ? 'diverged' : 'not-finite' };
  }
  if (state.votesWanted === 1) return settle(state, worker);
  state.votes.push({ worker, digest: digest! });
  const agreeing = state.votes.filter((vote) => vote.digest === digest);
  const isAlone = votersOf(state).size === 1;
  if (agreeing.length >= AGREEING && (isAlone || votersOf({ votes: agreeing }).size > 1))
    return settle(state, worker, digest);
  if (state.votes.length >= VOTES_MAX) return nobodyAgrees(state);
  const isDisagreement = state.votes.length >= state.votesWanted;
  if (isDisagreement) state.votesWanted += 1;
  return { kind: 'held', isDisagreement };
}

function nobodyAgrees(state: NodeState): Outcome {
  const voters = votersOf(state);
  if (voters.size > 1) return { kind: 'nobody-agrees' };
  state.votes = [];
  state.votesWanted = AGREEING;
  return { kind: 'inconsistent', worker: [...voters][0]! };
}

/** Those are wrong who gave another digest than two others, or something not finite where somebody else gave a number. */
function settle(state: NodeState, worker: string, agreed?: string): Outcome {
  state.settledBy = worker;
  delete state.reissue;
  const right = new Set([worker, ...state.votes.filter((v) => v.digest === agreed).map((v) => v.worker)]);
  const accused = [...state.votes.map((vote) => vote.worker), ...state.notFinite];
  const wrong = [...new Set(accused)].filter((id) => !right.has(id));
  return { kind: 'settled', wrong, ...(agreed === undefined ? {} : { agreed }) };
}
