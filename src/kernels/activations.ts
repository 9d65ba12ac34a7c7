// Activations and bias as single kernels, forward and backward, where tfjs would use two or three. Each may stand where a gradient is
// differentiated once more.
import * as tf from '@tensorflow/tfjs-core';
import * as composed from './composed.js';
import { attribute, callKernel, floats } from './kernel.js';
import { detached, piecewiseLinear, smooth, withBackward } from './own-gradient.js';
import { needsSecondDerivatives } from './second-derivatives.js';

const call = (op: string) => (x: tf.Tensor) => callKernel(op, floats(), [x]);

/** max(x, 0) */
export const relu = piecewiseLinear(call('Relu'), 'output', (dy, y) =>
  callKernel('ReluGrad', floats(), [dy, y]),
);

/**
 * x where positive, slope * x elsewhere.
 * @param slope above 0: the output has the sign of the input, so it alone is remembered, and what made the input may be fused with this
 */
export function leakyRelu(x: tf.Tensor, slope: number): tf.Tensor {
  const attributes = () => [...floats(), attribute.float('alpha', slope)];
  return piecewiseLinear(
    (input) => callKernel('LeakyRelu', attributes(), [input]),
    'output',
    (dy, y) => callKernel('LeakyReluGrad', attributes(), [dy, y]),
  )(x);
}

const fusedTanh = withBackward(call('Tanh'), 'output', (dy, y) => callKernel('TanhGrad', floats(), [y, dy]));
const smoothTanh = smooth(call('Tanh'), (x) => tf.sub(1, tf.square(smoothTanh(x))));

/** Hyperbolic tangent. */
export const tanh = (x: tf.Tensor): tf.Tensor => (needsSecondDerivatives() ? smoothTanh(x) : fusedTanh(x));

/** 1 / (1 + e^-x) */
export const sigmoid: (x: tf.Tensor) => tf.Tensor = smooth(call('Sigmoid'), (x) => {
  const y = sigmoid(x);
  return tf.mul(y, tf.sub(1, y));
});

/** log(1 + e^x) */
export const softplus = smooth(call('Softplus'), sigmoid);

/** e^x */
export const exp: (x: tf.Tensor) => tf.Tensor = smooth(call('Exp'), (x) => exp(x));

/** e^x - 1 where negative, x elsewhere (Clevert et al. 2016, equation 13 with alpha 1) */
export const elu = (x: tf.Tensor): tf.Tensor => tf.add(relu(x), tf.sub(exp(tf.neg(relu(tf.neg(x)))), 1));

const SELU = { scale: 1.0507009873554805, alpha: 1.6732632423543772 };

/** Klambauer et al. 2017, equation 2, with its two constants. */
export const selu = (x: tf.Tensor): tf.Tensor =>
  tf.mul(SELU.scale, tf.add(relu(x), tf.mul(SELU.alpha, tf.sub(exp(tf.neg(relu(tf.neg(x)))), 1))));

/** x sigmoid(x) (Ramachandran et al. 2017; SiLU) */
export const swish = (x: tf.Tensor): tf.Tensor => tf.mul(x, sigmoid(x));

/** e^x / sum e^x over the last axis; the largest of a row is taken off first, which changes nothing but keeps e^x finite. */
export function softmax(x: tf.Tensor): tf.Tensor {
  const e = exp(
    tf.sub(
      x,
      detached(() => tf.max(x, -1, true)),
    ),
  );
  return tf.div(e, tf.sum(e, -1, true));
}

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
