// Training as far as the simulator needs it: a version is a word that depends on everything that it was computed from, so that one
// wrong, missing, doubled or reordered summand anywhere shows in the last version.
import { seedOf } from '../numerics/random.js';
import { NETS, type Net } from '../parameters/manifest.js';
import type { Judged } from '../protocol/pace.js';
import {
  isEvery,
  phaseOf,
  type ScheduleOptions,
  type Versions,
  versionsAfter,
} from '../protocol/schedule.js';
import { rootLevel, sumAlongTree, type TreeNode } from '../protocol/shard-tree.js';

/** A word that depends on all the others and their order. */
export function mix(...words: readonly (string | number)[]): string {
  const [a, b] = seedOf(...words);
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
}

export type Values = Record<Net, string>;

export const initial = (net: Net): string => mix('initial', net);

/** What a worker computes for a tree node. */
export function nodeGradient(
  at: TreeNode & { net: Net; step: number; branch: number },
  shards: number,
  values: Values,
): string {
  return sumAlongTree<string>(at, shards, {
    leaf: (shard) => mix('leaf', at.net, at.step, at.branch, shard, values.discriminator, values.generator),
    add: (left, right) => mix('+', left, right),
  });
}

export const applied = (value: string, gradient: string): string => mix('applied', value, gradient);

/** How D, once it is this, judged the items of the step that led to it. */
export const judgedBy = (value: string): Judged => ({
  judged: 20,
  right: Number.parseInt(mix('judged', value).slice(-3), 36) % 21,
});

/** What both nets are after a run that nothing disturbs; `branchAt` says which branch a round was computed on at last. */
export function undisturbed(
  begun: ScheduleOptions,
  shards: number,
  generatorSteps: number,
  branchAt: (round: number) => number,
): Values {
  let schedule = begun;
  const history = { discriminator: [initial('discriminator')], generator: [initial('generator')] };
  const root = { level: rootLevel(shards), index: 0 };
  const step = (net: Net, number: number, round: number) => {
    const { reads } = phaseOf(schedule, net, number);
    const values = valuesAt(history, reads);
    const gradient = nodeGradient({ ...root, net, step: number, branch: branchAt(round) }, shards, values);
    history[net][number + 1] = applied(history[net][number]!, gradient);
  };
  let at: Versions = { discriminator: 0, generator: 0 };
  let sinceDecision: Judged[] = [];
  while (at.generator < generatorSteps) {
    const end = versionsAfter(schedule, at.generator + 1);
    for (const net of NETS)
      for (let number = at[net]; number < end[net]; number++) step(net, number, at.generator);
    sinceDecision.push(
      ...history.discriminator.slice(at.discriminator + 1, end.discriminator + 1).map(judgedBy),
    );
    at = end;
    if (schedule.discriminatorSteps !== 'auto') continue;
    let steps = schedule.paced?.steps ?? 1;
    if (isEvery(schedule, schedule.auto!.everySteps, at.generator)) {
      const [low, high] = schedule.auto!.accuracy;
      const accuracy = sinceDecision.reduce((sum, { right }) => sum + right, 0) / (20 * sinceDecision.length);
      if (accuracy < low && steps < schedule.auto!.most) steps += 1;
      if (accuracy > high && steps > 1) steps -= 1;
      sinceDecision = [];
    }
    schedule = { ...schedule, paced: { steps, since: at } };
  }
  return { discriminator: history.discriminator.at(-1)!, generator: history.generator.at(-1)! };
}

const valuesAt = (history: Record<Net, string[]>, { discriminator, generator }: Versions): Values => ({
  discriminator: history.discriminator[discriminator]!,
  generator: history.generator[generator]!,
});
