// What a run waits for, in words for a person.
import type { Net } from '../parameters/manifest.js';
import { isDisputed, type NodeState, type OpenStep, votersOf } from './open-step.js';
import type { Roster } from './roster.js';
import { leavesOf } from './shard-tree.js';

const LETTER: Record<Net, string> = { discriminator: 'D', generator: 'G' };

export interface Waiting {
  steps: readonly OpenStep[];
  roster: Roster;
  shards: number;
  nowMs: number;
}

/** `step 812 D: shards 3 and 7 with d-2 for 9.1 s`; undefined when nothing is outstanding. */
export function waitingText({ steps, roster, shards, nowMs }: Waiting): string | undefined {
  for (const { phase, outstanding } of steps) {
    if (outstanding.length === 0) continue;
    const holders = new Map<string, { shards: number[]; sinceMs: number }>();
    for (const state of outstanding) note(holders, state, shards);
    const undecided = outstanding.find((state) => isDisputed(state) && state.holders.length === 0);
    if (undecided)
      return `step ${phase.step} ${LETTER[phase.net]}: a third worker, since ${[...votersOf(undecided)].join(' and ')} differ`;
    const parts = [...holders].map(([worker, held]) => {
      const what = shardsText(held.shards);
      if (worker !== '') return `${what} with ${worker} for ${((nowMs - held.sinceMs) / 1000).toFixed(1)} s`;
      return roster.serving(phase.net).length === 0
        ? `${what} with nobody: no worker serves the ${phase.net}`
        : `${what} with nobody yet`;
    });
    return `step ${phase.step} ${LETTER[phase.net]}: ${parts.join(', ')}`;
  }
  const empty = roster.emptyNets();
  return empty.length > 0 ? `workers for the ${empty.join(' and the ')}` : undefined;
}

/** Counts a node's shards to whoever has computed it longest, or to nobody. */
function note(
  holders: Map<string, { shards: number[]; sinceMs: number }>,
  state: NodeState,
  shards: number,
): void {
  const { worker, sinceMs } = state.holders[0] ?? { worker: '', sinceMs: 0 };
  const held = holders.get(worker) ?? { shards: [], sinceMs };
  const { from, to } = leavesOf(state.node, shards);
  for (let shard = from; shard < to; shard++) held.shards.push(shard);
  held.sinceMs = Math.min(held.sinceMs, sinceMs);
  holders.set(worker, held);
}

/** `shard 3`, `shards 3 and 7`, `shards 0, 1, 2 and 3` */
function shardsText(shards: readonly number[]): string {
  if (shards.length === 1) return `shard ${shards[0]}`;
  return `shards ${shards.slice(0, -1).join(', ')} and ${shards.at(-1)}`;
}
