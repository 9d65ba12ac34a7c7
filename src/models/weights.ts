// What may be done to the kernel of a layer before it is used: divided by its spectral norm, or scaled so that all layers learn at one rate.
import * as tf from '@tensorflow/tfjs-core';
import { spectralNorm as spectralNormOf } from '../kernels/normalization.js';
import { sizeOf } from '../numerics/shape.js';
import type { SlotSpec } from '../parameters/manifest.js';
import type { Layer, LayerContext } from './layers.js';

/** Parameters that are matrices of a linear map, or what is unrolled to one; an embedding's rows are vectors of its last axis. */
const isKernel = (name: string): boolean => name === 'kernel' || name === 'embedding';

/** The same layer with what `change` makes of its parameters. */
const withParameters = (
  layer: Layer,
  change: (name: string, value: tf.Tensor, context: LayerContext) => tf.Tensor,
): Layer => ({
  ...layer,
  apply: (x, context) =>
    layer.apply(x, {
      ...context,
      parameter: (name) => change(name, context.parameter(name), context),
    }),
});

/**
 * Spectral normalization (Miyato et al. 2018, algorithm 1): the kernel divided by its largest singular value, as a matrix of its last axis
 * and all others. The vector of the power iteration is a state slot, of which the first shard's value counts.
 */
export function spectrallyNormed(layer: Layer): Layer {
  const vector = (name: string) => (name === 'kernel' ? 'u' : `${name}U`);
  const normed = withParameters(layer, (name, value, { slot, writeSlot }) => {
    if (!isKernel(name)) return value;
    const columns = value.shape.at(-1)!;
    const matrix = tf.reshape(value, [value.size / columns, columns]) as tf.Tensor2D;
    const { norm, u } = spectralNormOf(matrix, slot(vector(name)));
    writeSlot(vector(name), u);
    return tf.div(value, norm);
  });
  return {
    ...normed,
    slots: (input) => [
      ...layer.slots(input),
      ...layer
        .parameters(input)
        .filter(({ name }) => isKernel(name))
        .map(
          ({ name, shape }): SlotSpec => ({
            ...{ name: vector(name), shape: shape.slice(-1), merge: 'first', momentum: 0 },
            initializer: { kind: 'normal', deviation: 1 },
          }),
        ),
    ],
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
  const scaled = withParameters(layer, (name, value) => {
    if (isKernel(name)) return tf.mul(value, (gain * rate) / Math.sqrt(fanIn(name, value.shape)));
    return rate === 1 ? value : tf.mul(value, rate);
  });
  return {
    ...scaled,
    parameters: (input) =>
      layer
        .parameters(input)
        .map((spec) =>
          isKernel(spec.name) ? { ...spec, initializer: { kind: 'normal', deviation: 1 / rate } } : spec,
        ),
  };
}

/** Inputs that one output is made of: all axes but the last, of an embedding the last. */
const fanIn = (name: string, shape: readonly number[]): number =>
  name === 'embedding' ? shape.at(-1)! : sizeOf(shape.slice(0, -1));
