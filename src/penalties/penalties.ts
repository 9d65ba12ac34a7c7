// The penalties that a config may lay on each net, and what loss and penalties ask of weights after an update.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Bounds } from '../losses/loss.js';
import { type LossOptions, lossBounds } from '../losses/losses.js';
import { boundsSlope, type ModelOptions } from '../models/models.js';
import { NETS, type Net, type SlotSpec } from '../parameters/manifest.js';
import { optionsOf, type Variant, variantOf } from '../variants.js';
import { clip } from './clip.js';
import { consistency } from './consistency.js';
import { dragan, gradientPenalty } from './gradient-penalty.js';
import { lecam } from './lecam.js';
import { maxNorm } from './max-norm.js';
import { ownPenalty } from './own-penalty.js';
import { pathLength } from './path-length.js';
import type {
  DiscriminatorContext,
  GeneratorContext,
  Penalty,
  PenaltyContext,
  PenaltyEntry,
} from './penalty.js';
import { pixelL1 } from './pixel-l1.js';
import { r1, r2 } from './r1.js';
import { weightDecay } from './weight-decay.js';

const ON_DISCRIMINATOR = [
  r1,
  r2,
  gradientPenalty,
  dragan,
  lecam,
  consistency,
  weightDecay,
  clip,
  maxNorm,
  ownPenalty<DiscriminatorContext>(),
] as const;
const ON_GENERATOR = [pathLength, pixelL1, weightDecay, maxNorm, ownPenalty<GeneratorContext>()] as const;

const PENALTIES_MAX = 16;

/** The options of one penalty, whichever it is. */
interface AnyOptions {
  name: string;
  everySteps?: number;
}

const listOf = <V extends readonly [Variant, ...Variant[]]>(entries: V) =>
  z
    .array(optionsOf(entries))
    .max(PENALTIES_MAX)
    .default([])
    .superRefine((list: readonly AnyOptions[], context) => {
      const intervals = [
        ...new Set(list.flatMap(({ everySteps = 1 }) => (everySteps > 1 ? everySteps : []))),
      ];
      if (intervals.length > 1) {
        context.addIssue({
          code: 'custom',
          message:
            `penalties of one net have everySteps of ${intervals.join(' and ')}; those above 1 must be equal, ` +
            'since the steps that have them are a graph of their own',
        });
      }
      const twice = list.find(
        ({ name }, i) => name !== 'module' && list.findIndex((other) => other.name === name) < i,
      );
      if (twice) {
        context.addIssue({
          code: 'custom',
          message: `${twice.name} stands twice in the list; one with the sum of both weights is the same`,
        });
      }
    });

export const penaltyOptions = z
  .strictObject({ discriminator: listOf(ON_DISCRIMINATOR), generator: listOf(ON_GENERATOR) })
  .describe('lists: every penalty adds its term to the loss of its net');
export type PenaltyOptions = z.infer<typeof penaltyOptions>;

/** Terms of both nets' losses. */
export interface Penalties {
  discriminator: readonly Penalty<DiscriminatorContext>[];
  generator: readonly Penalty<GeneratorContext>[];
}

const ENTRIES = { discriminator: ON_DISCRIMINATOR, generator: ON_GENERATOR } as const;

const entriesOf = (
  net: Net,
  options: PenaltyOptions,
): { entry: PenaltyEntry<PenaltyContext>; options: AnyOptions }[] =>
  options[net].map((one: AnyOptions) => ({
    entry: variantOf<Variant>(ENTRIES[net], one) as PenaltyEntry<PenaltyContext>,
    options: one,
  }));

/** Those of a net that a step has: all, or all but the lazy ones. */
const dueOf = (net: Net, options: PenaltyOptions, isRegularized: boolean) =>
  entriesOf(net, options).filter(({ options: { everySteps = 1 } }) => everySteps === 1 || isRegularized);

/** How often the lazy penalties of a net are due, in steps; undefined where it has none. */
export const lazyInterval = (net: Net, options: PenaltyOptions): number | undefined =>
  options[net].map(({ everySteps = 1 }: AnyOptions) => everySteps).find((steps) => steps > 1);

/**
 * The terms of a net's step.
 * @param isRegularized whether the lazy ones are due, each as many times as strong as it is seldom
 */
export const penaltiesOf = <N extends Net>(
  net: N,
  options: PenaltyOptions,
  isRegularized: boolean,
): Penalties[N] =>
  dueOf(net, options, isRegularized).flatMap(({ entry, options: one }) => {
    const { everySteps = 1 } = one;
    if (!entry.make) return [];
    const term = entry.make(one as never);
    return everySteps === 1 ? term : (context: PenaltyContext) => tf.mul(everySteps, term(context));
  }) as Penalties[N];

/** The items of D's step whose slope its penalties take. */
export const slopesOf = (options: PenaltyOptions, isRegularized: boolean): ReadonlySet<'real' | 'fake'> =>
  new Set(dueOf('discriminator', options, isRegularized).flatMap(({ entry: { slopeAt } }) => slopeAt ?? []));

/** The state that a net's penalties keep beside its weights. */
export const penaltySlots = (net: Net, options: PenaltyOptions): SlotSpec[] =>
  entriesOf(net, options).flatMap(({ entry, options: one }) => entry.slots?.(one as never) ?? []);

/** Names of a net's penalties that keep such state. */
export const statefulPenalties = (net: Net, options: PenaltyOptions): string[] =>
  entriesOf(net, options).flatMap(({ entry, options: one }) => (entry.slots ? one.name : []));

/** What loss and penalties ask of a net's weights after each update: of each kind of bound the least. */
export function boundsOf(
  net: Net,
  { loss, penalties, model }: { loss: LossOptions; penalties: PenaltyOptions; model: ModelOptions },
): Bounds {
  const isSlopeBounded =
    boundsSlope(model) ||
    NETS.some((each) => entriesOf(each, penalties).some(({ entry }) => entry.boundsSlope));
  const asked = [
    ...(net === 'discriminator' ? [lossBounds(loss, isSlopeBounded)] : []),
    ...entriesOf(net, penalties).map(({ entry, options }) => entry.bounds?.(options as never) ?? {}),
  ];
  const least = (kind: keyof Bounds): Bounds => {
    const bounds = asked.flatMap((one) => one[kind] ?? []);
    return bounds.length > 0 ? { [kind]: Math.min(...bounds) } : {};
  };
  return { ...least('weight'), ...least('unit') };
}
