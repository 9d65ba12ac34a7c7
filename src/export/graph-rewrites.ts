// Operations that TensorFlow has for gradients, and Nash for resampling, said with operations that every reader of a graph knows.
import * as tf from '@tensorflow/tfjs-core';
import type { RecordedNode } from '../compiler/recording.js';
import { attribute, floats } from '../kernels/kernel.js';
import type { GraphBuilder } from './graph-builder.js';

/** @param known values of those inputs that do not depend on the latents @returns what stands for the node's first output */
type Rewrite = (
  builder: GraphBuilder,
  node: RecordedNode,
  inputs: readonly string[],
  known: readonly (tf.Tensor | undefined)[],
) => string;

const attributeOf = <T>({ attributes }: RecordedNode, name: string): T =>
  attributes.find((each) => each.name === name)!.value as T;

/** Each value as a square, divided by its size: nearest neighbours. */
const spread: Rewrite = (builder, node, [, x]) => {
  const [, height, width, channels] = node.outputs[0]!.shape;
  const [, factor] = attributeOf<number[]>(node, 'ksize');
  const sides = builder.constant(`${node.name}/sides`, tf.tensor1d([height!, width!], 'int32'));
  const attributes = [
    ...floats(),
    attribute.bool('align_corners', false),
    attribute.bool('half_pixel_centers', false),
  ];
  const large = builder.operation(node.name, 'ResizeNearestNeighbor', [x!, sides], {
    ...{ attributes, shape: [-1, height!, width!, channels!] },
  });
  const share = builder.constant(`${node.name}/share`, tf.scalar(1 / factor! ** 2));
  return builder.operation(node.name, 'Mul', [large, share]);
};

/** The same filter for every channel, transposed: a picture of each channel by itself. */
const filteredUp: Rewrite = (builder, node, [, , y], [, filter]) => {
  const [, height, width, channels] = node.outputs[0]!.shape as [number, number, number, number];
  const [taps] = filter!.shape as [number];
  const [, stride] = attributeOf<number[]>(node, 'strides') as [number, number];
  const [, , pad] = attributeOf<number[]>(node, 'explicit_paddings') as [number, number, number];
  const sideOf = (side: number) => Math.floor((side + 2 * pad - taps) / stride) + 1;
  const name = node.name;
  const apart = builder.transpose(name, y!, [0, 3, 1, 2]);
  const single = builder.reshape(name, apart, [-1, sideOf(height), sideOf(width), 1]);
  const one = builder.constant(`${name}/filter`, tf.slice(filter!, [0, 0, 0, 0], [taps, taps, 1, 1]));
  const fixed = (size: number) => ({ fixed: size, perItem: 0 });
  const shape = builder.shape(name, [{ fixed: 0, perItem: channels }, ...[height, width, 1].map(fixed)]);
  const attributes = [...node.attributes];
  const large = builder.operation(name, 'Conv2DBackpropInput', [shape, one, single], {
    ...{ attributes, shape: [-1, height, width, 1] },
  });
  const together = builder.reshape(name, large, [-1, channels, height, width]);
  return builder.transpose(name, together, [0, 2, 3, 1]);
};

const REWRITES: Readonly<Record<string, Rewrite>> = {
  AvgPoolGrad: spread,
  DepthwiseConv2dNativeBackpropInput: filteredUp,
};

/** The node in other words, undefined where it stays as it is. */
export const rewriteOf = (op: string): Rewrite | undefined => REWRITES[op];
