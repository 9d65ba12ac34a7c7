// Residual generators and discriminators of pictures, as SNGAN's (Miyato et al. 2018, tables 4 to 6) and those that followed have them.
import * as tf from '@tensorflow/tfjs-core';
import { relu } from '../kernels/activations.js';
import type { Initializer } from '../parameters/manifest.js';
import { residual } from './blocks.js';
import type { Geometry } from './geometry.js';
import { activation, batchNorm, convolution, dense, glorotUniform, type Layer, reshape } from './layers.js';
import { averagePool, selfAttention, sumPool, upsample } from './pictures.js';

/** What the parts of a residual net are made with. */
export interface Parts {
  /** in G's blocks, before each activation */
  norm(name: string): Layer;
  initializer(fanIn: number, fanOut: number, gain?: number): Initializer;
  /** D's blocks that halve are as wide inside as what they make, not as what comes in */
  isWideInside?: boolean;
}

export const plainly: Parts = {
  norm: (name) => batchNorm(name),
  initializer: glorotUniform,
};

const conv3 = (name: string, fanIn: number, units: number, { initializer }: Parts): Layer =>
  convolution(name, units, {
    ...{ kernel: 3, stride: 1, bias: true },
    initializer: initializer(9 * fanIn, 9 * units, Math.SQRT2),
  });

const conv1 = (name: string, fanIn: number, units: number, { initializer }: Parts): Layer =>
  convolution(name, units, {
    ...{ kernel: 1, stride: 1, bias: true },
    initializer: initializer(fanIn, units),
  });

/**
 * ReLU of a block's sum, which it looks at as a matrix. TensorFlow's remapper would fuse a convolution's bias, the sum and a ReLU right
 * after it although the sum has another reader, fail, and leave the whole graph without fused kernels.
 */
const reluOfSum = (name: string): Layer => ({
  ...activation.relu(name),
  apply: (x) => tf.reshape(relu(tf.reshape(x, [-1, x.shape.at(-1)!])), x.shape),
});

/** Twice the side: norm, ReLU, upsampling, convolution, norm, ReLU, convolution. */
export const upBlock = (name: string, fanIn: number, units: number, parts: Parts): Layer =>
  residual(name, {
    main: [
      parts.norm('norm1'),
      activation.relu('relu1'),
      upsample('up'),
      conv3('conv1', fanIn, units, parts),
      parts.norm('norm2'),
      activation.relu('relu2'),
      conv3('conv2', units, units, parts),
    ],
    shortcut: [upsample('up'), conv1('conv', fanIn, units, parts)],
  });

/** Half the side: ReLU, convolution, ReLU, convolution, pooling. */
export function downBlock(name: string, fanIn: number, units: number, parts: Parts): Layer {
  const inside = parts.isWideInside ? units : fanIn;
  return residual(name, {
    main: [
      reluOfSum('relu1'),
      conv3('conv1', fanIn, inside, parts),
      activation.relu('relu2'),
      conv3('conv2', inside, units, parts),
      averagePool('pool'),
    ],
    shortcut: [conv1('conv', fanIn, units, parts), averagePool('pool')],
  });
}

/** The first block of D: the picture is not rectified, and its shortcut pools first. */
export const firstBlock = (name: string, fanIn: number, units: number, parts: Parts): Layer =>
  residual(name, {
    main: [
      conv3('conv1', fanIn, units, parts),
      activation.relu('relu'),
      conv3('conv2', units, units, parts),
      averagePool('pool'),
    ],
    shortcut: [averagePool('pool'), conv1('conv', fanIn, units, parts)],
  });

/** The same side. */
export const levelBlock = (name: string, fanIn: number, units: number, parts: Parts): Layer =>
  residual(name, {
    main: [
      reluOfSum('relu1'),
      conv3('conv1', fanIn, units, parts),
      activation.relu('relu2'),
      conv3('conv2', units, units, parts),
    ],
    shortcut: fanIn === units ? [] : [conv1('conv', fanIn, units, parts)],
  });

/** Channels of each stage, from the latents to the picture, and of the first, smallest one. */
export interface GeneratorWidths {
  start: number;
  stages: readonly number[];
}

/** @param attentionSide side of the pictures on which attention is laid; absent: nowhere */
export function resnetGenerator(
  latent: number,
  { base, channels }: Geometry,
  { start, stages }: GeneratorWidths,
  parts: Parts,
  attentionSide?: number,
): Layer[] {
  const { norm, initializer } = parts;
  const seed = base * base * start;
  return [
    dense('project', seed, { initializer: initializer(latent, seed), bias: true }),
    reshape('seed', [base, base, start]),
    ...stages.flatMap((units, i) => [
      upBlock(`block${i + 1}`, i === 0 ? start : stages[i - 1]!, units, parts),
      ...attentionAt(base * 2 ** (i + 1), units, attentionSide, parts),
    ]),
    norm('norm'),
    activation.relu('relu'),
    convolution('image', channels, {
      ...{ kernel: 3, stride: 1, bias: true },
      initializer: initializer(9 * stages.at(-1)!, 9 * channels),
    }),
    activation.tanh('tanh'),
  ];
}

/** @param widths channels of each block that halves the side, then of those that do not */
export function resnetDiscriminator(
  { base, stages, channels }: Geometry,
  { halving, level }: { halving: readonly number[]; level: readonly number[] },
  parts: Parts,
  attentionSide?: number,
): Layer[] {
  return [
    ...halving.flatMap((units, i) => [
      i === 0
        ? firstBlock('block1', channels, units, parts)
        : downBlock(`block${i + 1}`, halving[i - 1]!, units, parts),
      ...attentionAt(base * 2 ** (stages - i - 1), units, attentionSide, parts),
    ]),
    ...level.map((units, i) =>
      levelBlock(`block${halving.length + i + 1}`, level[i - 1] ?? halving.at(-1)!, units, parts),
    ),
    reluOfSum('relu'),
    sumPool('pool'),
  ];
}

export const attentionAt = (
  side: number,
  units: number,
  wanted: number | undefined,
  parts: Parts,
): Layer[] => {
  return side === wanted ? [selfAttention('attention', units, parts.initializer(units, units))] : [];
};
