// Layer kernels as sums and products that can be differentiated twice. Slower than their fused forms, which take over wherever no
// gradient is differentiated; equal to them up to rounding.
import * as tf from '@tensorflow/tfjs-core';

/** The largest of `pieces` neighbours, pair by pair: max(a, b) = a + relu(b - a). `[batch, units * pieces]` → `[batch, units]` */
export function maxout(x: tf.Tensor, pieces: number): tf.Tensor {
  const [batch, width] = x.shape as [number, number];
  const all = tf.reshape(x, [batch, width / pieces, pieces]);
  let largest = pieceOf(all, 0);
  for (let i = 1; i < pieces; i++) largest = tf.add(largest, tf.relu(tf.sub(pieceOf(all, i), largest)));
  return largest;
}

function pieceOf(all: tf.Tensor, piece: number): tf.Tensor {
  const [batch, units] = all.shape as [number, number];
  return tf.reshape(tf.slice(all, [0, 0, piece], [batch, units, 1]), [batch, units]);
}

/** Batch normalization over all axes but the last; mean and unbiased variance, both `[channels]`, as the fused kernel reports them. */
export function batchNorm(
  x: tf.Tensor,
  { scale, offset, epsilon }: { scale: tf.Tensor; offset: tf.Tensor; epsilon: number },
): { output: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor } {
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const mean = tf.mean(x, axes, true);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), axes, true);
  const output = tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), offset);
  const channels = x.shape.slice(-1);
  return {
    output,
    mean: tf.reshape(mean, channels),
    variance: tf.mul(tf.reshape(variance, channels), count / Math.max(1, count - 1)),
  };
}
