// What a penalty is: a scalar that is added to a net's loss, or a bound on its weights, chosen apart from the loss and from the network.
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { SeedSource } from '../kernels/random.js';
import type { Bounds, Logits } from '../losses/loss.js';
import type { SlotSpec } from '../parameters/manifest.js';
import type { Variant } from '../variants.js';

/** What a penalty on either net is given. */
export interface PenaltyContext {
  /** of the penalized net, by name; the loss is differentiated by them */
  parameters: ReadonlyMap<string, tf.Tensor>;
  seeds: SeedSource;
  /** a state slot that the penalty declares */
  slot(name: string): tf.Tensor;
  /** Proposes a new value for it. */
  writeSlot(name: string, value: tf.Tensor): void;
}

/** What a penalty on D is given. */
export interface DiscriminatorContext extends PenaltyContext {
  /** D in training: items `[batch, ...item]`, labelled as the real or as the generated ones are → logits `[batch, 1]`, or one a patch */
  discriminator(items: tf.Tensor, like: 'real' | 'fake'): tf.Tensor;
  /** the gradient of D's logit (the mean of those of its patches) by each item of the shard, `[batch, ...item]`; it can be differentiated by D's weights */
  slope(at: 'real' | 'fake'): tf.Tensor;
  /** items of the shard, `[batch, ...item]` each */
  real: tf.Tensor;
  fake: tf.Tensor;
  /** what D gave for them, `[batch, 1]` each, or one a patch */
  logits: Logits;
}

/** What a penalty on G is given. */
export interface GeneratorContext extends PenaltyContext {
  /** what G makes an item of: its styles where it maps latents to styles first, else its latents, `[batch, …]`; none where G takes no latents */
  codes: tf.Tensor;
  /** G in training: codes → items `[batch, ...item]` */
  synthesize(codes: tf.Tensor): tf.Tensor;
  /** where the data are pairs: what G made of the shard's conditions and what it was to make, `[batch, ...item]` each */
  pair?: { fake: tf.Tensor; real: tf.Tensor } | undefined;
}

/** The term of one penalty with its options. */
export type Penalty<C extends PenaltyContext> = (context: C) => tf.Scalar;

/** A penalty that a config may name. */
export interface PenaltyEntry<C extends PenaltyContext, O extends { name: string } = never>
  extends Variant<O> {
  /** absent: it only constrains weights */
  make?(options: O): Penalty<C>;
  /** state kept beside the net's weights */
  slots?(options: O): readonly SlotSpec[];
  /** what it asks of the weights of its net */
  bounds?(options: O): Bounds;
  /** whose slope its term takes: D is then applied once for it and for the loss */
  slopeAt?: 'real' | 'fake';
  /** it bounds D's slope: a Wasserstein critic needs no clipping besides */
  boundsSlope?: boolean;
}

/** An entry whose functions take the options of its own schema. */
export const penaltyEntry =
  <C extends PenaltyContext>() =>
  <O extends { name: string }>(entry: PenaltyEntry<C, O>): PenaltyEntry<C, O> =>
    entry;

export const everySteps = z
  .int()
  .min(1)
  .max(1000)
  .default(1)
  .describe(
    'above 1: only in every so many steps of the net, from its first on, and as many times as strong (Karras et al. 2020, section 3.1: 16)',
  );
