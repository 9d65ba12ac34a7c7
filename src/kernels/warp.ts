// Pictures `[batch, height, width, channels]` moved, mirrored, scaled, sheared and turned, each by its own numbers: along each axis a product
// with a matrix, which is linear in the picture and has every derivative.
import * as tf from '@tensorflow/tfjs-core';

/** How the pictures of a batch are moved along one axis; `[batch, 1, 1]` each. */
export interface AxisMove {
  /** pixels towards the end of the axis; whole numbers move without blur */
  shift: tf.Tensor;
  /** about the middle: above 1 enlarges, -1 mirrors; default: 1 */
  scale?: tf.Tensor;
}

/** `[batch, n, n]`: row i has the weights of the pixels that pixel i is made of, by linear interpolation; outside are zeros. */
function matrixOf(n: number, { shift, scale }: AxisMove): tf.Tensor {
  const middle = (n - 1) / 2;
  const to = tf.reshape(tf.sub(tf.range(0, n), middle), [1, n, 1]); // pixels of the result, about the middle
  const from = tf.reshape(tf.sub(tf.range(0, n), middle), [1, 1, n]);
  const moved = tf.sub(to, shift);
  return tf.relu(tf.sub(1, tf.abs(tf.sub(scale ? tf.div(moved, scale) : moved, from))));
}

/** Moves each picture along both axes. */
export function warped(x: tf.Tensor, vertical: AxisMove, horizontal: AxisMove): tf.Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const rows = tf.matMul(matrixOf(height, vertical), tf.reshape(x, [batch, height, width * channels]));
  const turned = (h: tf.Tensor, a: number, b: number) =>
    tf.transpose(tf.reshape(h, [batch, a, b, channels]), [0, 2, 1, 3]);
  const columns = tf.reshape(turned(rows, height, width), [batch, width, height * channels]);
  return turned(tf.matMul(matrixOf(width, horizontal), columns), width, height);
}

/** Moves each row along itself, by `slope` `[batch]` times its distance from the middle one, in pixels. */
function sheared(x: tf.Tensor, slope: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const distance = tf.sub(tf.range(0, height), (height - 1) / 2);
  const shift = tf.mul(tf.reshape(slope, [batch, 1]), tf.reshape(distance, [1, height]));
  const matrix = matrixOf(width, { shift: tf.reshape(shift, [batch * height, 1, 1]) });
  return tf.reshape(tf.matMul(matrix, tf.reshape(x, [batch * height, width, channels])), x.shape);
}

/**
 * Turns each picture about its middle by `angle` `[batch]` in radians, from the vertical towards the horizontal axis, as three shears (Paeth
 * 1986); for angles up to a quarter turn, above which they leave the picture.
 */
export function turned(x: tf.Tensor, angle: tf.Tensor): tf.Tensor {
  const slope = tf.neg(tf.tan(tf.mul(angle, 0.5)));
  const upright = (h: tf.Tensor) => tf.transpose(h, [0, 2, 1, 3]);
  const once = sheared(x, slope);
  return sheared(upright(sheared(upright(once), tf.sin(angle))), slope);
}
