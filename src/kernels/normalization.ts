// Normalizations whose samples do not depend on each other, the statistic of a minibatch that does, and the spectral norm of a matrix: of
// sums and products, so that they can be differentiated twice.
import * as tf from '@tensorflow/tfjs-core';
import { detached } from './own-gradient.js';

/** Keeps roots finite; PyTorch's value for layer and instance norm. */
const EPSILON = 1e-5;
/** Of pixel norm and the deviation over a minibatch, as Karras et al. have it. */
const SMALL_EPSILON = 1e-8;

/** Zero mean and unit variance over some axes; the variance is that of the values themselves (N, not N - 1). */
function standardized(x: tf.Tensor, axes: number[]): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), axes, true), EPSILON)));
}

const axesOf = (x: tf.Tensor, from: number, to: number): number[] =>
  x.shape.map((_, axis) => axis).slice(from, to);

/** Layer normalization (Ba et al. 2016): each sample over all its values. `[batch, ..., channels]`; WGAN-GP's in place of batch norm. */
export const layerNorm = (x: tf.Tensor): tf.Tensor => standardized(x, axesOf(x, 1, x.rank));

/** Instance normalization (Ulyanov et al. 2016): each channel of each picture `[batch, height, width, channels]`. */
export const instanceNorm = (x: tf.Tensor): tf.Tensor => standardized(x, axesOf(x, 1, x.rank - 1));

/** Pixel normalization (Karras et al. 2018, section 4.2): each position's vector of channels to unit mean square. `[batch, ..., channels]` */
export const pixelNorm = (x: tf.Tensor): tf.Tensor =>
  tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), SMALL_EPSILON)));

/**
 * The mean deviation over a group of samples (Karras et al. 2018, section 3): of each value over the group, averaged over all values.
 * @param x `[batch, ...]`, the samples of a group side by side
 * @returns `[batch]`, the same number for each sample of a group
 */
export function groupDeviation(x: tf.Tensor, group: number): tf.Tensor {
  const groups = x.shape[0]! / group;
  const values = tf.reshape(x, [groups, group, x.size / x.shape[0]!]);
  const centred = tf.sub(values, tf.mean(values, 1, true));
  const variance = tf.add(tf.mean(tf.square(centred), 1), SMALL_EPSILON); // [groups, values]
  const deviation = tf.mean(tf.mul(variance, tf.rsqrt(variance)), 1, true); // [groups, 1]
  return tf.reshape(tf.tile(deviation, [1, group]), [x.shape[0]!]);
}

const unit = (v: tf.Tensor): tf.Tensor => tf.mul(v, tf.rsqrt(tf.add(tf.sum(tf.square(v)), 1e-12)));

/**
 * The largest singular value of a matrix by one step of the power iteration (Miyato et al. 2018, algorithm 1), and the vector from which
 * the next one goes on. Nothing is differentiated through the vectors.
 * @param matrix `[rows, columns]`
 * @param u `[columns]`, of the step before
 * @returns `norm`, a scalar, and `u` `[columns]`
 */
export function spectralNorm(matrix: tf.Tensor2D, u: tf.Tensor): { norm: tf.Tensor; u: tf.Tensor } {
  const column = (v: tf.Tensor): tf.Tensor2D => tf.reshape(v, [v.size, 1]);
  const v = detached(() => unit(tf.matMul(matrix, column(u)))); // [rows, 1]
  const next = detached(() => unit(tf.matMul(matrix, v as tf.Tensor2D, true))); // [columns, 1]
  const norm = tf.sum(tf.mul(v, tf.matMul(matrix, next as tf.Tensor2D)));
  return { norm, u: tf.reshape(next, u.shape) };
}
