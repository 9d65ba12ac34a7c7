// The convolutional nets of Goodfellow et al. 2014 for CIFAR-10, by goodfeli/adversarial's cifar10_convolutional.yaml: a G that ends in one
// transposed convolution, a D of convolutional maxout units with overlapping pooling and dropout.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { NashError } from '../errors.js';
import { maxout as maxoutKernel } from '../kernels/activations.js';
import { maxPoolOver } from '../kernels/resample.js';
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { conditionalOptions, labelling } from './labels.js';
import {
  activation,
  dense,
  dropout,
  hiddenSigmoid,
  type Layer,
  maxoutUnits,
  reshape,
  scaled,
} from './layers.js';
import { network } from './network.js';
import {
  keep,
  latent,
  latentCodes,
  latentDistribution,
  packing,
  span,
  spectralNorm,
  width,
} from './options.js';
import { outputBias } from './output-bias.js';

const options = z
  .strictObject({
    name: z.literal('maxout-conv'),
    latent: latent.default(100),
    latentDistribution: latentDistribution.default('normal'),
    latentCodes,
    generator: z
      .strictObject({
        hidden: width
          .default(8000)
          .describe('units of both hidden layers, the second of which is rounded up to whole pictures'),
        channels: width.default(80).describe('of what the transposed convolution makes the image of'),
        output: z.enum(['linear', 'tanh', 'sigmoid']).default('linear').describe('of the last layer'),
      })
      .prefault({}),
    discriminator: z
      .strictObject({
        channels: z
          .tuple([width, width, width])
          .default([32, 32, 192])
          .describe('maxout units of the three convolutions'),
        units: width.default(500).describe('maxout units of the dense layer'),
        keepInput: keep.default(0.8).describe('share of the input that dropout keeps'),
        keepHidden: keep.default(0.5).describe('share of hidden units that dropout keeps'),
      })
      .prefault({}),
    span,
    ...conditionalOptions,
    spectralNorm: spectralNorm.default([]),
    packing,
  })
  .describe('the convolutional nets of Goodfellow et al. 2014 for CIFAR-10; images of any side from 12 on');

const uniform = (range: number): Initializer => ({ kind: 'uniform', range });
const GENERATOR_RANGE = 0.05;
const DISCRIMINATOR_RANGE = 0.005;

/** Of G's transposed convolution. */
const KERNEL = 5;
const STRIDE = 3;
/** Convolutions of D: side of the kernel, zeros around, side and stride of the pooling. */
const CONVOLUTIONS = [
  { kernel: 8, pad: 4, pool: 4, stride: 2 },
  { kernel: 8, pad: 3, pool: 4, stride: 2 },
  { kernel: 5, pad: 3, pool: 2, stride: 2 },
] as const;
const PIECES = 2;
const DENSE_PIECES = 5;
const SIDE_MIN = 12;

/** Where a pool would reach over the edge: less than any value that it could hold there. */
const NOTHING = -1e30;

/** A convolution of `units * 2` channels, the larger of each pair, then the largest of overlapping windows, the last of which may hang over. */
function maxoutConvolution(name: string, units: number, options: (typeof CONVOLUTIONS)[number]): Layer {
  const { kernel, pad, pool, stride } = options;
  const convolved = (side: number) => side + 2 * pad - kernel + 1;
  const pooled = (side: number) => Math.ceil((convolved(side) - pool) / stride) + 1;
  const over = (side: number) => (pooled(side) - 1) * stride + pool - convolved(side);
  return {
    name,
    outputShape: ([h, w]) => [pooled(h!), pooled(w!), units],
    parameters: ([, , c]) => [
      {
        name: 'kernel',
        shape: [kernel, kernel, c!, units * PIECES],
        initializer: uniform(DISCRIMINATOR_RANGE),
      },
      { name: 'bias', shape: [units * PIECES], initializer: { kind: 'constant', value: 0 } },
    ],
    slots: () => [],
    apply: (x, { parameter }) => {
      const [batch, h, w] = x.shape as [number, number, number];
      const around = tf.pad(x, [
        [0, 0],
        [pad, pad],
        [pad, pad],
        [0, 0],
      ]) as tf.Tensor4D;
      const y = tf.add(tf.conv2d(around, parameter('kernel') as tf.Tensor4D, 1, 'valid'), parameter('bias'));
      const rows = batch * convolved(h) * convolved(w);
      const largest = maxoutKernel(tf.reshape(y, [rows, units * PIECES]), PIECES);
      const picture = tf.reshape(largest, [batch, convolved(h), convolved(w), units]);
      const hanging = tf.pad(
        picture,
        [
          [0, 0],
          [0, over(h)],
          [0, over(w)],
          [0, 0],
        ],
        NOTHING,
      );
      return maxPoolOver(hanging, { window: pool, stride });
    },
  };
}

/** Side of the pictures that the transposed convolution begins with: 10 for 32, with nothing cut off. */
const seedSide = (side: number): number => Math.ceil((side - KERNEL) / STRIDE) + 1;

/** Transposed, without padding; what is too much at the right and at the bottom is cut off. A bias for each value of the image. */
function deconvolution(name: string, [height, width, channels]: Shape): Layer {
  const full = (side: number) => (seedSide(side) - 1) * STRIDE + KERNEL;
  return {
    name,
    outputShape: () => [height!, width!, channels!],
    parameters: ([, , c]) => [
      {
        ...{ name: 'kernel', shape: [KERNEL, KERNEL, channels!, c!], outputAxis: 2 },
        initializer: uniform(GENERATOR_RANGE),
      },
      { name: 'bias', shape: [height!, width!, channels!], initializer: { kind: 'constant', value: 0 } },
    ],
    slots: () => [],
    apply: (x, { parameter }) => {
      const [batch] = x.shape as [number];
      const shape: [number, number, number, number] = [batch, full(height!), full(width!), channels!];
      const kernel = parameter('kernel') as tf.Tensor4D;
      const wide = tf.conv2dTranspose(x as tf.Tensor4D, kernel, shape, STRIDE, 'valid');
      return tf.add(tf.slice(wide, [0, 0, 0, 0], [batch, height!, width!, channels!]), parameter('bias'));
    },
  };
}

export const maxoutConv = modelEntry({
  options,
  build(options, itemShape, classes) {
    const { generator: g, discriminator: d } = options;
    const labels = labelling(options, classes);
    const [height, width] = itemShape;
    if (itemShape.length !== 3 || Math.min(height!, width!) < SIDE_MIN) {
      throw new NashError(
        'usage',
        `model maxout-conv needs images of at least ${SIDE_MIN} x ${SIDE_MIN}; the data has items of shape [${itemShape.join(', ')}]. ` +
          'Choose model.name=maxout, or set data.size for image folders.',
      );
    }
    const seed: Shape = [seedSide(height!), seedSide(width!), g.channels];
    const weights = (range: number) => ({ initializer: uniform(range), bias: true });
    return {
      generator: network('generator', labels.generatorInputs(options.latent), [
        ...labels.besideLatents,
        dense('dense1', g.hidden, weights(GENERATOR_RANGE)),
        activation.relu('relu1'),
        dense('dense2', sizeOf(seed), weights(GENERATOR_RANGE)),
        hiddenSigmoid('sigmoid2'),
        reshape('seed', seed),
        deconvolution('image', itemShape),
        activation[g.output](g.output),
        ...scaled('overSpan', 1 / options.span),
      ]),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...scaled('span', options.span),
        ...labels.besideItems,
        dropout('dropInput', d.keepInput),
        ...CONVOLUTIONS.flatMap((convolution, i) => [
          maxoutConvolution(`maxout${i + 1}`, d.channels[i]!, convolution),
          dropout(`drop${i + 1}`, d.keepHidden),
        ]),
        dense('dense4', d.units * DENSE_PIECES, weights(DISCRIMINATOR_RANGE)),
        maxoutUnits('maxout4', DENSE_PIECES),
        dropout('drop4', d.keepHidden),
        labels.head('logit', weights(DISCRIMINATOR_RANGE)),
      ]),
      outputBias: outputBias('image/bias', g.output, options.span),
    };
  },
});
