// What may be done to the kernel of a layer before it is used: divided by its spectral norm, or scaled so that all layers learn at one rate.
import * as tf from '@tensorflow/tfjs-core';
import { spectralNorm as spectralNormOf } from '../kernels/normalization.js';
import { sizeOf } from '../numerics/shape.js';
import type { Layer } from './layers.js';

const KERNEL = 'kernel';

const kernelShape = (layer: Layer, input: readonly number[]): readonly number[] | undefined =>
  layer.parameters(input).find(({ name }) => name === KERNEL)?.shape;

/** The same layer with another kernel in the place of its own. */
const withKernel = (
  layer: Layer,
  change: (kernel: tf.Tensor, context: Parameters<Layer['apply']>[1]) => tf.Tensor,
): Layer => ({
  ...layer,
  apply: (x, context) =>
    layer.apply(x, {
      ...context,
      parameter: (name) => {
        const value = context.parameter(name);
        return name === KERNEL ? change(value, context) : value;
      },
    }),
});

/**
 * Spectral normalization (Miyato et al. 2018, algorithm 1): the kernel divided by its largest singular value, as a matrix of its last axis
 * and all others. The vector of the power iteration is a state slot, of which the first shard's value counts.
 */
export function spectrallyNormed(layer: Layer): Layer {
  const normed = withKernel(layer, (kernel, { slot, writeSlot }) => {
    const columns = kernel.shape.at(-1)!;
    const matrix = tf.reshape(kernel, [kernel.size / columns, columns]) as tf.Tensor2D;
    const { norm, u } = spectralNormOf(matrix, slot('u'));
    writeSlot('u', u);
    return tf.div(kernel, norm);
  });
  return {
    ...normed,
    slots: (input) => {
      const shape = kernelShape(layer, input);
      const own = layer.slots(input);
      if (shape === undefined) return own;
      const initializer = { kind: 'normal', deviation: 1 } as const;
      return [...own, { name: 'u', shape: shape.slice(-1), initializer, merge: 'first', momentum: 0 }];
    },
  };
}

/**
 * Equalized learning rate (Karras et al. 2018, section 4.1): weights of unit variance, scaled by gain / sqrt(fan-in) where they are used.
 * @param rate StyleGAN2's multiplier of the learning rate: weights are as many times larger as they are scaled less; the bias too
 */
export function equalized(
  layer: Layer,
  { gain = 1, rate = 1 }: { gain?: number; rate?: number } = {},
): Layer {
  const specs = (input: readonly number[]) => layer.parameters(input);
  return {
    ...layer,
    parameters: (input) =>
      specs(input).map((spec) =>
        spec.name === KERNEL ? { ...spec, initializer: { kind: 'normal', deviation: 1 / rate } } : spec,
      ),
    apply: (x, context) =>
      layer.apply(x, {
        ...context,
        parameter: (name) => {
          const value = context.parameter(name);
          if (name === KERNEL) return tf.mul(value, (gain * rate) / Math.sqrt(fanIn(value.shape)));
          return rate === 1 ? value : tf.mul(value, rate);
        },
      }),
  };
}

/** Inputs that one output is made of: all axes but the last. */
const fanIn = (kernel: readonly number[]): number => sizeOf(kernel.slice(0, -1));
