// What a loss of the adversarial game is. It is chosen apart from networks and penalties, and sees logits or scores only, never probabilities.
import type * as tf from '@tensorflow/tfjs-core';
import type { Variant } from '../variants.js';

/** D's raw outputs `[batch, 1]` for real and for generated items. */
export interface Logits {
  real: tf.Tensor;
  fake: tf.Tensor;
}

/** Two scalars to be minimized, one a net. */
export interface GanLoss {
  discriminator(logits: Logits): tf.Scalar;
  /** `real` may be read only where `generatorSees` is 'both' */
  generator(logits: Logits): tf.Scalar;
  /** 'both': D judges real items in G's step too (relativistic losses) */
  generatorSees: 'fake' | 'both';
  /**
   * What D's raw output is: the logit of the probability that an item is real, or a critic's score, which has no unit and no threshold,
   * so that nothing can be said of its accuracy or of V
   */
  discriminatorGives: 'logit' | 'score';
}

/** What holds of a net's weights after each of its updates. */
export interface Bounds {
  /** each is clamped to [-weight, weight] */
  weight?: number;
  /** those that lead to one unit, which is a column of a dense kernel or one output channel of a convolution, are no longer together (Euclidean) */
  unit?: number;
}

/** A loss that a config may name. */
export interface LossEntry<O extends { name: string } = never> extends Variant<O> {
  make(options: O): GanLoss;
  /** What it asks of D's weights. @param isSlopeBounded whether a penalty keeps D's slope within bounds already */
  bounds?(options: O, isSlopeBounded: boolean): Bounds;
}

/** An entry whose functions take the options of its own schema. */
export const lossEntry = <O extends { name: string }>(entry: LossEntry<O>): LossEntry<O> => entry;
