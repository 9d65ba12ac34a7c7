// D's slope at items, as penalties take it: a tensor that can be differentiated by D's weights.
import * as tf from '@tensorflow/tfjs-core';
import { withSecondDerivatives } from '../kernels/second-derivatives.js';

/**
 * The gradient of the sum of D's logits by each item, `[batch, ...item]`; of the mean of an item's where D gives one a patch. Batch norm makes
 * an item's logit depend on its neighbours.
 */
export const inputGradient = (discriminator: (items: tf.Tensor) => tf.Tensor, items: tf.Tensor): tf.Tensor =>
  withSecondDerivatives(() => tf.grad((x) => sumOverItems(discriminator(x), x.shape[0]!))(items));

function sumOverItems(logits: tf.Tensor, count: number): tf.Tensor {
  const patches = logits.size / count;
  return patches === 1 ? tf.sum(logits) : tf.div(tf.sum(logits), patches);
}

/** `[batch, ...item]` → `[batch]` */
export const squaredNorms = (x: tf.Tensor): tf.Tensor =>
  tf.sum(
    tf.square(x),
    x.shape.slice(1).map((_, i) => i + 1),
  );

/** Keeps the slope of the root finite where a norm is 0. */
const EPSILON = 1e-12;

/** Euclidean, `[batch, ...item]` → `[batch]` */
export const norms = (x: tf.Tensor): tf.Tensor => tf.sqrt(tf.add(squaredNorms(x), EPSILON));
