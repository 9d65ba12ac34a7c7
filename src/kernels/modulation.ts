// Attention and modulated convolution, of operations that can be differentiated twice.
import * as tf from '@tensorflow/tfjs-core';
import { softmax } from './activations.js';

/**
 * Each query's mean of the values, weighted by the softmax of its products with the keys.
 * @param queries `[batch, n, width]`
 * @param keys `[batch, m, width]`
 * @param values `[batch, m, channels]`
 * @returns `[batch, n, channels]`
 */
export const attention = (queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor): tf.Tensor =>
  tf.matMul(softmax(tf.matMul(queries, keys, false, true)), values);

/** Added to the squared length of an output channel's weights. */
const EPSILON = 1e-8;

/**
 * A convolution whose weights are scaled for each sample by its styles (Karras et al. 2020, section 2.2, equations 1 to 3): the inputs are
 * scaled instead, and the outputs by what demodulation would do to the weights, so that one convolution serves the whole batch.
 * @param x `[batch, height, width, channels]`
 * @param kernel `[k, k, channels, out]` (of a transposed convolution `[k, k, out, channels]`)
 * @param styles `[batch, channels]`
 * @param convolve the convolution by `kernel`, of any stride: `[batch, h', w', out]`
 */
export function modulated(
  x: tf.Tensor,
  { kernel, styles, isTransposed = false }: { kernel: tf.Tensor; styles: tf.Tensor; isTransposed?: boolean },
  convolve: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const [batch, channels] = styles.shape as [number, number];
  const scaled = tf.mul(x, tf.reshape(styles, [batch, 1, 1, channels]));
  const energy = tf.sum(tf.square(kernel), [0, 1]) as tf.Tensor2D;
  const squares = tf.matMul(tf.square(styles) as tf.Tensor2D, energy, false, isTransposed); // [batch, out]
  const demodulation = tf.rsqrt(tf.add(squares, EPSILON));
  return tf.mul(convolve(scaled), tf.reshape(demodulation, [batch, 1, 1, demodulation.shape[1]!]));
}
