// Activations and bias as single kernels, forward and backward, where tfjs would use two or three; in composed form where a gradient
// is differentiated once more.
import * as tf from '@tensorflow/tfjs-core';
import type { KernelAttribute } from '../compiler/tensorflow.js';
import * as composed from './composed.js';
import { attribute, callKernel, floats } from './kernel.js';
import { needsSecondDerivatives } from './second-derivatives.js';

/** A one-input kernel with a gradient kernel that takes `(dy, saved)`, or `(saved, dy)` where `savedFirst`. */
function unary(
  x: tf.Tensor,
  kernel: {
    op: string;
    gradient: string;
    saves: 'input' | 'output';
    savedFirst?: boolean;
    attributes?: KernelAttribute[];
  },
): tf.Tensor {
  const attributes = [...floats(), ...(kernel.attributes ?? [])];
  return tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const value = callKernel(kernel.op, attributes, [input]);
    save([kernel.saves === 'input' ? input : value]);
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]) =>
      callKernel(kernel.gradient, attributes, kernel.savedFirst ? [saved!, dy] : [dy, saved!]);
    return { value, gradFunc };
  })(x);
}

/** max(x, 0) */
export const relu = (x: tf.Tensor): tf.Tensor =>
  needsSecondDerivatives() ? tf.relu(x) : unary(x, { op: 'Relu', gradient: 'ReluGrad', saves: 'output' });

/** x where positive, slope * x elsewhere */
export const leakyRelu = (x: tf.Tensor, slope: number): tf.Tensor =>
  needsSecondDerivatives()
    ? composed.leakyRelu(x, slope)
    : unary(x, {
        op: 'LeakyRelu',
        gradient: 'LeakyReluGrad',
        saves: 'input',
        attributes: [attribute.float('alpha', slope)],
      });

/** Hyperbolic tangent; its gradient kernel takes the output. */
export const tanh = (x: tf.Tensor): tf.Tensor =>
  needsSecondDerivatives()
    ? composed.tanh(x)
    : unary(x, { op: 'Tanh', gradient: 'TanhGrad', saves: 'output', savedFirst: true });

/** x + bias over the last axis; `bias` is `[channels]`. */
export function addBias(x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  if (needsSecondDerivatives()) return tf.add(x, bias);
  const attributes = [...floats(), attribute.text('data_format', 'NHWC')];
  return tf.customGrad((...args) => {
    const [input, offset] = args as unknown as [tf.Tensor, tf.Tensor];
    const gradFunc = (dy: tf.Tensor) => [dy, callKernel('BiasAddGrad', attributes, [dy])];
    return { value: callKernel('BiasAdd', attributes, [input, offset]), gradFunc };
  })(x, bias);
}

/**
 * Maxout (Goodfellow et al. 2013, section 2): the largest of `pieces` linear functions.
 * @param x `[batch, units * pieces]`, the pieces of a unit side by side
 * @returns `[batch, units]`
 */
export function maxout(x: tf.Tensor, pieces: number): tf.Tensor {
  if (needsSecondDerivatives()) return composed.maxout(x, pieces);
  const [batch, width] = x.shape as [number, number];
  return tf.max(tf.reshape(x, [batch, width / pieces, pieces]), 2);
}
