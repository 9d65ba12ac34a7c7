// Pooling and filtered resampling of pictures `[batch, height, width, channels]`: linear operations, each by a kernel and its adjoint.
import * as tf from '@tensorflow/tfjs-core';
import { type KernelAttribute, nodeBackend } from '../compiler/tensorflow.js';
import { attribute, callKernel, floats } from './kernel.js';
import { linear } from './own-gradient.js';
import { withOwnGradient } from './second-derivatives.js';

const integers = (name: string, value: number[]): KernelAttribute => ({
  name,
  type: nodeBackend().binding.TF_ATTR_INT,
  value,
});

const windowAttributes = (window: number, stride = window): KernelAttribute[] => [
  ...floats(),
  integers('ksize', [1, window, window, 1]),
  integers('strides', [1, stride, stride, 1]),
  attribute.text('padding', 'VALID'),
  attribute.text('data_format', 'NHWC'),
];

/** Largest of squares of `factor` x `factor`: `[b, h, w, c]` → `[b, h/factor, w/factor, c]`; the factor divides both sides. */
export const maxPool = (x: tf.Tensor, factor: number): tf.Tensor =>
  maxPoolOver(x, { window: factor, stride: factor });

/** Largest of windows of `window` x `window`, one every `stride` pixels: sides (h - window) / stride + 1, rounded down. */
export function maxPoolOver(x: tf.Tensor, { window, stride }: { window: number; stride: number }): tf.Tensor {
  const attributes = () => windowAttributes(window, stride);
  return withOwnGradient(() =>
    tf.customGrad((...args) => {
      const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
      const value = callKernel('MaxPool', attributes(), [input]);
      save([input, value]);
      const gradFunc = (dy: tf.Tensor, [x, y]: tf.Tensor[]) =>
        linear(
          (v) => callKernel('MaxPoolGrad', attributes(), [x!, y!, v]),
          (v) => callKernel('MaxPoolGradGrad', attributes(), [x!, y!, v]),
        )(dy);
      return { value, gradFunc };
    })(x),
  );
}

const poolKernel = (factor: number) => (x: tf.Tensor) => callKernel('AvgPool', windowAttributes(factor), [x]);

/** Spreads each value over a square of `factor` x `factor`, divided by its size. */
const spreadKernel = (factor: number) => (x: tf.Tensor) => {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const shape = tf.tensor1d([batch, height * factor, width * factor, channels], 'int32');
  return callKernel('AvgPoolGrad', windowAttributes(factor), [shape, x]);
};

/** Means of squares of `factor` x `factor`: `[b, h, w, c]` → `[b, h/factor, w/factor, c]`; the factor divides both sides. */
export const averagePool = (x: tf.Tensor, factor: number): tf.Tensor =>
  linear(poolKernel(factor), spreadKernel(factor))(x);

/** Each value as a square of `factor` x `factor`: `[b, h, w, c]` → `[b, h*factor, w*factor, c]`. */
export const upsampleNearest = (x: tf.Tensor, factor: number): tf.Tensor =>
  linear(spreadKernel(factor), poolKernel(factor))(tf.mul(x, factor * factor));

/** How a filter is laid over a picture: zeros around it, and every how many pixels a value is taken. */
interface Laying {
  pad: number;
  stride: number;
}

/** The same filter for every channel: the outer product of `taps` with itself, whose sum is 1. `[taps, taps, channels, 1]` */
function filterOf(taps: readonly number[], channels: number): tf.Tensor {
  const sum = taps.reduce((a, b) => a + b, 0);
  const cells = taps.flatMap((a) => taps.flatMap((b) => Array(channels).fill((a * b) / sum ** 2)));
  return tf.tensor(cells, [taps.length, taps.length, channels, 1]);
}

const depthwiseAttributes = ({ pad, stride }: Laying): KernelAttribute[] => [
  ...floats(),
  integers('strides', [1, stride, stride, 1]),
  attribute.text('padding', 'EXPLICIT'),
  integers('explicit_paddings', [0, 0, pad, pad, pad, pad, 0, 0]),
  attribute.text('data_format', 'NHWC'),
  integers('dilations', [1, 1, 1, 1]),
];

/** `[b, h, w, c]` → `[b, h', w', c]` with h' = (h + 2 pad - taps) / stride + 1, and what is linear in the other direction. */
const filterKernels = (taps: readonly number[], laying: Laying, sides: readonly [number, number]) => ({
  down: (x: tf.Tensor) => {
    const attributes = depthwiseAttributes(laying);
    return callKernel('DepthwiseConv2dNative', attributes, [x, filterOf(taps, x.shape[3]!)]);
  },
  up: (y: tf.Tensor) => {
    const [batch, , , channels] = y.shape as [number, number, number, number];
    const shape = tf.tensor1d([batch, ...sides, channels], 'int32');
    const attributes = depthwiseAttributes(laying);
    const filter = filterOf(taps, channels);
    return callKernel('DepthwiseConv2dNativeBackpropInput', attributes, [shape, filter, y]);
  },
});

const sidesOf = (x: tf.Tensor): [number, number] => [x.shape[1]!, x.shape[2]!];

/**
 * Filters each channel with the outer product of `taps`, normalized to sum 1, and takes every `stride`-th value: StyleGAN2's blur and
 * downsampling (Karras et al. 2020; taps 1, 3, 3, 1). `[b, h, w, c]` → sides (h + 2 pad - taps) / stride + 1, rounded down.
 */
export function filtered(x: tf.Tensor, taps: readonly number[], laying: Laying): tf.Tensor {
  const { down, up } = filterKernels(taps, laying, sidesOf(x));
  return linear(down, up)(x);
}

/** Doubles both sides with the filter of `filtered` between the pixels; a constant picture stays what it is but for its border. */
export function upsampleFiltered(x: tf.Tensor, taps: readonly number[]): tf.Tensor {
  const [height, width] = sidesOf(x);
  const laying = { pad: taps.length / 2 - 1, stride: 2 };
  const { down, up } = filterKernels(taps, laying, [2 * height, 2 * width]);
  return linear(up, down)(tf.mul(x, 4));
}
