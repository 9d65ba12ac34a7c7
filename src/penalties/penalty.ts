// What a penalty is: a scalar that is added to a net's loss, chosen apart from the loss and from the network.
import type * as tf from '@tensorflow/tfjs-core';
import type { SeedSource } from '../kernels/random.js';
import type { Constraint } from '../losses/loss.js';
import type { Variant } from '../variants.js';

/** What a penalty on either net is given. */
export interface PenaltyContext {
  /** of the penalized net, by name; the loss is differentiated by them */
  parameters: ReadonlyMap<string, tf.Tensor>;
  seeds: SeedSource;
}

/** What a penalty on D is given. */
export interface DiscriminatorContext extends PenaltyContext {
  /** D in training: items `[batch, ...item]` → logits `[batch, 1]` */
  discriminator(items: tf.Tensor): tf.Tensor;
  /** items of the shard, `[batch, ...item]` each */
  real: tf.Tensor;
  fake: tf.Tensor;
}

/** The term of one penalty with its options. */
export type Penalty<C extends PenaltyContext> = (context: C) => tf.Scalar;

/** A penalty that a config may name. */
export interface PenaltyEntry<C extends PenaltyContext, O extends { name: string } = never>
  extends Variant<O> {
  make(options: O): Penalty<C>;
  constraint?(options: O): Constraint;
}

/** An entry whose functions take the options of its own schema. */
export const penaltyEntry =
  <C extends PenaltyContext>() =>
  <O extends { name: string }>(entry: PenaltyEntry<C, O>): PenaltyEntry<C, O> =>
    entry;
