// R3GAN (Huang et al. 2024, configuration E): residual nets without any normalization, made to begin as the identity, for the relativistic
// loss with R1 and R2. Its 3x3 convolutions are grouped in the paper; here they are dense, of the block's own width.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { addBias, leakyRelu } from '../kernels/activations.js';
import type { Shape } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { residual } from './blocks.js';
import { geometryOf } from './geometry.js';
import { conditionalOptions, labelling } from './labels.js';
import { convolution, type Layer } from './layers.js';
import { network } from './network.js';
import { latent, latentCodes, latentDistribution, packing, width } from './options.js';
import { filteredDouble, filteredHalf } from './pictures.js';

const options = z
  .strictObject({
    name: z.literal('r3gan'),
    width: width.default(128).describe('channels of every stage (paper, for CIFAR-10: 768)'),
    blocks: z.int().min(1).max(16).default(2).describe('residual blocks of each stage'),
    expansion: z
      .int()
      .min(1)
      .max(8)
      .default(1)
      .describe('width inside a block, in widths (paper, grouped: 2)'),
    latent: latent.default(64),
    latentDistribution: latentDistribution.default('normal'),
    latentCodes,
    ...conditionalOptions,
    packing,
  })
  .describe(
    'Huang et al. 2024, configuration E, for square images whose side is 7 or less times a power of two',
  );

type Options = z.output<typeof options>;

const SLOPE = 0.2;
/** What keeps the mean square through leaky ReLU (He et al. 2015, equation 15). */
const GAIN = Math.sqrt(2 / (1 + SLOPE ** 2));

const scaled = (fanIn: number, gain = 1): Initializer => ({
  kind: 'normal',
  deviation: gain / Math.sqrt(fanIn),
});

const conv = (name: string, fanIn: number, units: number, kernel: number, gain: number): Layer =>
  convolution(name, units, {
    kernel,
    stride: 1,
    initializer: gain === 0 ? { kind: 'constant', value: 0 } : scaled(kernel ** 2 * fanIn, gain),
    bias: false,
  });

/** A bias for each channel, then leaky ReLU. */
const biasedLeaky = (name: string): Layer => ({
  name,
  outputShape: (input) => input,
  parameters: (input) => [
    { name: 'bias', shape: input.slice(-1), initializer: { kind: 'constant', value: 0 } },
  ],
  slots: () => [],
  apply: (x, { parameter }) => leakyRelu(addBias(x, parameter('bias')), SLOPE),
});

/** Linear layers of a block. */
const LINEAR_LAYERS = 3;

/** @param count all blocks of the net: the more, the smaller their first weights (Zhang et al. 2019, Fixup) */
function block(name: string, { width, expansion }: Options, count: number): Layer {
  const inner = width * expansion;
  const gain = GAIN * count ** (-1 / (2 * LINEAR_LAYERS - 2));
  return residual(name, {
    main: [
      conv('conv1', width, inner, 1, gain),
      biasedLeaky('leaky1'),
      conv('conv2', inner, inner, 3, gain),
      biasedLeaky('leaky2'),
      conv('conv3', inner, width, 1, 0),
    ],
  });
}

/** G's start: learned pictures, one a channel, each as strong as z says. `[latent]` → `[base, base, width]` */
const generativeBasis = (name: string, base: number, width: number): Layer => ({
  name,
  outputShape: () => [base, base, width],
  parameters: ([latent]) => [
    { name: 'basis', shape: [base, base, width], initializer: { kind: 'normal', deviation: 1 } },
    { name: 'kernel', shape: [latent!, width], initializer: scaled(latent!) },
  ],
  slots: () => [],
  apply: (x, { parameter }) => {
    const strengths = tf.matMul(x as tf.Tensor2D, parameter('kernel') as tf.Tensor2D);
    return tf.mul(parameter('basis'), tf.reshape(strengths, [x.shape[0]!, 1, 1, width]));
  },
});

/** D's end: each channel's product with a learned picture. `[base, base, width]` → `[width]` */
const discriminativeBasis = (name: string): Layer => ({
  name,
  outputShape: (input) => input.slice(-1),
  parameters: (input: Shape) => [{ name: 'basis', shape: input, initializer: scaled(input[0]! * input[1]!) }],
  slots: () => [],
  apply: (x, { parameter }) => tf.sum(tf.mul(x, parameter('basis')), [1, 2]),
});

export const r3gan = modelEntry({
  options,
  build(options, itemShape, classes) {
    const labels = labelling(options, classes);
    const { latent, width, blocks } = options;
    const { base, stages, channels } = geometryOf('r3gan', itemShape);
    const count = blocks * (stages + 1);
    const blocksOf = (side: number) =>
      Array.from({ length: blocks }, (_, i) => block(`${side}block${i + 1}`, options, count));
    const sides = Array.from({ length: stages + 1 }, (_, i) => base * 2 ** i);
    return {
      generator: network('generator', labels.generatorInputs(latent), [
        ...labels.besideLatents,
        generativeBasis('basis', base, width),
        ...sides.flatMap((side, i) => [...(i === 0 ? [] : [filteredDouble(`${side}up`)]), ...blocksOf(side)]),
        conv('image', width, channels, 1, 1),
      ]),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...labels.besideItems,
        conv('fromImage', channels, width, 1, 1),
        ...[...sides]
          .reverse()
          .flatMap((side, i) => [...(i === 0 ? [] : [filteredHalf(`${side}down`)]), ...blocksOf(side)]),
        discriminativeBasis('basis'),
        labels.head('logit', { initializer: scaled(width), bias: false }),
      ]),
    };
  },
});
