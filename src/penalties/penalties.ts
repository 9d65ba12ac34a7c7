// The penalties that a config may lay on each net, and what loss and penalties ask of weights after an update.
import { z } from 'zod';
import type { Constraint } from '../losses/loss.js';
import { type LossOptions, lossConstraint } from '../losses/losses.js';
import type { Net } from '../parameters/manifest.js';
import { optionsOf, variantOf } from '../variants.js';
import type { DiscriminatorContext, Penalty, PenaltyContext } from './penalty.js';
import { r1 } from './r1.js';
import { weightDecay } from './weight-decay.js';

const ON_DISCRIMINATOR = [r1, weightDecay] as const;
const ON_GENERATOR = [weightDecay] as const;

const PENALTIES_MAX = 16;

export const penaltyOptions = z
  .strictObject({
    discriminator: z.array(optionsOf(ON_DISCRIMINATOR)).max(PENALTIES_MAX).default([]),
    generator: z.array(optionsOf(ON_GENERATOR)).max(PENALTIES_MAX).default([]),
  })
  .describe('lists: every penalty adds its term to the loss of its net');
export type PenaltyOptions = z.infer<typeof penaltyOptions>;

export interface Penalties {
  discriminator: readonly Penalty<DiscriminatorContext>[];
  generator: readonly Penalty<PenaltyContext>[];
}

export const penaltiesOf = ({ discriminator, generator }: PenaltyOptions): Penalties => ({
  discriminator: discriminator.map((options) => variantOf(ON_DISCRIMINATOR, options).make(options as never)),
  generator: generator.map((options) => variantOf(ON_GENERATOR, options).make(options as never)),
});

/** The bound to which a net's weights are clamped after each update, the least where several are asked for; absent: none. */
export function boundOf(
  net: Net,
  { loss, penalties }: { loss: LossOptions; penalties: PenaltyOptions },
): number | undefined {
  const asked: (Constraint | undefined)[] = [
    lossConstraint(loss),
    ...penalties.discriminator.map((options) => constraintOf(ON_DISCRIMINATOR, options)),
    ...penalties.generator.map((options) => constraintOf(ON_GENERATOR, options)),
  ];
  const bounds = asked.flatMap((constraint) => (constraint?.net === net ? constraint.bound : []));
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

const constraintOf = (
  entries: typeof ON_DISCRIMINATOR | typeof ON_GENERATOR,
  options: { name: string },
): Constraint | undefined =>
  variantOf<(typeof entries)[number]>(entries, options).constraint?.(options as never);
