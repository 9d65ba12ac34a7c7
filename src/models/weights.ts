// What may be done to kernels before they are used: divided by their spectral norm, or scaled so that all layers learn at one rate.
import * as tf from '@tensorflow/tfjs-core';
import { layer as inLayer } from '../compiler/layer-scope.js';
import { spectralNorm as spectralNormOf } from '../kernels/normalization.js';
import { sizeOf } from '../numerics/shape.js';
import type { SlotSpec } from '../parameters/manifest.js';
import type { Layer } from './layers.js';
import { type Application, type Network, withSlots } from './network.js';

/** Parameters that are matrices of a linear map, or what is unrolled to one; an embedding's rows are vectors of its last axis. */
const isKernel = (path: string): boolean => ['kernel', 'embedding'].includes(lastOf(path));

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * A network under spectral normalization (Miyato et al. 2018, algorithm 1): each kernel divided by its largest singular value, as a matrix
 * of what it makes and all the rest. The vectors of the power iteration are state slots, of which the first shard's value counts.
 */
export function spectrallyNormed(given: Network): Network {
  const kernels = given.manifest.entries.filter(({ name }) => isKernel(name));
  const slots = kernels.map(
    ({ name, shape, outputAxis = shape.length - 1 }): SlotSpec => ({
      ...{ name: vectorOf(name), shape: [shape[outputAxis]!], merge: 'first', momentum: 0 },
      initializer: { kind: 'normal', deviation: 1 },
    }),
  );
  const normed = ({ parameters, slots, ...rest }: Application) => {
    const [seen, written] = [new Map(parameters), new Map<string, tf.Tensor>()];
    for (const { name, outputAxis } of kernels)
      inLayer(`${given.net}/${name}`, () => {
        const kernel = parameters.get(name)!;
        const { norm, u } = spectralNormOf(matrixOf(kernel, outputAxis), slots.get(vectorOf(name))!);
        seen.set(name, tf.div(kernel, norm));
        written.set(vectorOf(name), u);
      });
    return { application: { ...rest, parameters: seen, slots }, written };
  };
  return {
    ...withSlots(given, slots),
    apply(inputs, unnormed) {
      const { application, written } = normed(unnormed);
      const { output, slots } = given.apply(inputs, application);
      return { output, slots: new Map([...slots, ...written]) };
    },
  };
}

/** `a/kernel` has `a/u`, `a/embedding` has `a/embeddingU`. */
const vectorOf = (path: string): string => path.replace(/kernel$/, 'u').replace(/embedding$/, 'embeddingU');

/** `[..., outputs]`, or outputs on another axis → `[everything else, outputs]` */
function matrixOf(kernel: tf.Tensor, outputAxis = kernel.rank - 1): tf.Tensor2D {
  const axes = kernel.shape.map((_, axis) => axis).filter((axis) => axis !== outputAxis);
  const outputs = kernel.shape[outputAxis]!;
  const last = outputAxis === kernel.rank - 1 ? kernel : tf.transpose(kernel, [...axes, outputAxis]);
  return tf.reshape(last, [kernel.size / outputs, outputs]);
}

/**
 * Equalized learning rate (Karras et al. 2018, section 4.1): weights of unit variance, scaled by gain / sqrt(fan-in) where they are used.
 * @param rate StyleGAN2's multiplier of the learning rate: weights are as many times larger as they are scaled less; the bias too
 */
export function equalized(
  layer: Layer,
  { gain = 1, rate = 1 }: { gain?: number; rate?: number } = {},
): Layer {
  const scaled = (name: string, value: tf.Tensor): tf.Tensor => {
    if (isKernel(name)) return tf.mul(value, (gain * rate) / Math.sqrt(fanIn(name, value.shape)));
    return rate === 1 ? value : tf.mul(value, rate);
  };
  return {
    ...layer,
    apply: (x, context) =>
      layer.apply(x, { ...context, parameter: (name) => scaled(name, context.parameter(name)) }),
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
