// Goal: the second derivatives of every operation that networks under a penalty are made of. Method: against PyTorch's double backward and
// finite differences in double precision (tests/golden/second-derivatives.py); the largest differences are printed as a table.
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import * as activations from '../../../src/kernels/activations.js';
import { batchNormTraining } from '../../../src/kernels/batch-norm.js';
import { attention, modulated } from '../../../src/kernels/modulation.js';
import * as normalization from '../../../src/kernels/normalization.js';
import * as resample from '../../../src/kernels/resample.js';
import { withSecondDerivatives } from '../../../src/kernels/second-derivatives.js';
import { sizeOf } from '../../../src/numerics/shape.js';
import { pattern } from '../../support/pattern.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

type Fn = (x: tf.Tensor, ...parameters: tf.Tensor[]) => tf.Tensor;

interface Case {
  name: string;
  x: number[];
  parameters: number[][];
  /** by x, then by each parameter */
  doubleBackward: number[][];
  differences: number[][];
}

const { cases } = JSON.parse(readFileSync('tests/golden/second-derivatives.json', 'utf8')) as {
  cases: Case[];
};

const TAPS = [1, 3, 3, 1];
const square =
  (f: Fn): Fn =>
  (...args) =>
    tf.square(f(...args));
const conv =
  (stride: number): Fn =>
  (x, k) =>
    tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, stride, 'same');
const transposed: Fn = (x, k) => {
  const [batch, height, width] = x.shape as [number, number, number];
  const shape = [batch, 2 * height, 2 * width, k!.shape[2]!] as [number, number, number, number];
  return tf.conv2dTranspose(x as tf.Tensor4D, k as tf.Tensor4D, shape, 2, 'same');
};
const rows = (x: tf.Tensor) => tf.reshape(x, [x.shape[0]!, x.size / x.shape[0]! / x.shape.at(-1)!, -1]);
const by = (x: tf.Tensor, matrix: tf.Tensor) => {
  const flat = tf.reshape(x, [-1, matrix.shape[0]!]) as tf.Tensor2D;
  return tf.reshape(tf.matMul(flat, matrix as tf.Tensor2D), [...x.shape.slice(0, -1), matrix.shape[1]!]);
};

const FUNCTIONS: Readonly<Record<string, Fn>> = {
  relu: square(activations.relu),
  'leaky ReLU': square((x) => activations.leakyRelu(x, 0.2)),
  tanh: activations.tanh,
  sigmoid: activations.sigmoid,
  softplus: activations.softplus,
  exp: activations.exp,
  elu: activations.elu,
  selu: activations.selu,
  swish: activations.swish,
  softmax: activations.softmax,
  maxout: square((x) => activations.maxout(x, 3)),
  bias: square((x, b) => activations.addBias(x, b!)),
  dense: square((x, k) => by(x, k!)),
  convolution: square(conv(1)),
  'convolution, stride 2': square(conv(2)),
  'transposed convolution, stride 2': square(transposed),
  'average pooling': square((x) => resample.averagePool(x, 2)),
  'max pooling': square((x) => resample.maxPool(x, 2)),
  'nearest upsampling': square((x) => resample.upsampleNearest(x, 2)),
  blur: square((x) => resample.filtered(x, TAPS, { pad: 2, stride: 1 })),
  'filtered downsampling': square((x) => resample.filtered(x, TAPS, { pad: 1, stride: 2 })),
  'filtered upsampling': square((x) => resample.upsampleFiltered(x, TAPS)),
  'batch norm': (x, scale, offset) => batchNormTraining(x, scale!, offset!).output,
  'layer norm': normalization.layerNorm,
  'instance norm': normalization.instanceNorm,
  'pixel norm': normalization.pixelNorm,
  'minibatch deviation': (x) => normalization.groupDeviation(x, 2),
  'spectral norm': square((x, k) => {
    const u = tf.tensor1d(pattern('u', 3));
    return by(x, tf.div(k!, normalization.spectralNorm(k as tf.Tensor2D, u).norm));
  }),
  attention: (x, q, k, v) => attention(by(rows(x), q!), by(rows(x), k!), by(rows(x), v!)),
  'modulated convolution': (x, k, styles) =>
    modulated(x, { kernel: k!, styles: styles! }, (scaled) => conv(1)(scaled, k!)),
  'residual block': (x, k) => tf.add(conv(1)(activations.swish(x), k!), x),
  'slope of a square': (x) =>
    tf.sub(tf.mul(x, tf.square(x)), tf.reshape(tf.transpose(tf.reshape(x, [4, 2])), [2, 4])),
};

/** As tests/golden/second-derivatives.py has it, in float32: the slope along `weights`, differentiated once more. */
function second(f: Fn, { x: xShape, parameters: shapes }: Case): Float32Array[] {
  const made = (name: string, shape: readonly number[]) =>
    tf.tensor(pattern(name, sizeOf(shape)), [...shape]);
  return tf.tidy(() => {
    const weights = made('weights', xShape);
    const along = (x: tf.Tensor, ...parameters: tf.Tensor[]) => {
      const slope = withSecondDerivatives(() =>
        tf.grad((at) => {
          const out = f(at, ...parameters);
          return tf.sum(tf.mul(out, made('projection', out.shape)));
        })(x),
      );
      // keeps every parameter on the way: one that the slope does not depend on has the gradient 0
      const rest = parameters.reduce((sum, p) => tf.add(sum, tf.mul(0, tf.sum(p))), tf.scalar(0));
      return tf.add(tf.add(tf.sum(tf.mul(slope, weights)), rest), tf.mul(0, tf.sum(x))) as tf.Scalar;
    };
    const inputs = [made('x', xShape), ...shapes.map((shape, i) => made(`parameter ${i}`, shape))];
    return tf
      .grads(along as never)(inputs)
      .map((grad) => grad.dataSync() as Float32Array);
  });
}

/** The largest difference, as a share of the largest golden number (or of 1). */
function relative(found: Float32Array[], golden: number[][]): number {
  const scale = Math.max(1, ...golden.flat().map(Math.abs));
  const off = golden.flatMap((values, i) => values.map((v, j) => Math.abs(v - found[i]![j]!)));
  return Math.max(...off) / scale;
}

const table: [name: string, torch: number, differences: number][] = [];
/** float32 against double; measured at most 3e-7, and 5e-7 from finite differences */
const TOLERANCE = 2e-6;

describe('second derivatives', () => {
  it('there is a function for every golden case, and no other', () => {
    expect(Object.keys(FUNCTIONS)).toEqual(cases.map(({ name }) => name));
  });

  it.each(cases)("$name: are PyTorch's, and those of finite differences", (golden) => {
    const found = second(FUNCTIONS[golden.name]!, golden);
    const [torch, differences] = [golden.doubleBackward, golden.differences].map((g) => relative(found, g));
    table.push([golden.name, torch!, differences!]);
    expect(torch).toBeLessThan(TOLERANCE);
    expect(differences).toBeLessThan(TOLERANCE);
  });

  afterAll(() => {
    const line = (name: string, ...values: string[]) =>
      `${name.padEnd(34)}${values.map((v) => v.padStart(14)).join('')}`;
    const lines = table.map(([name, ...values]) => line(name, ...values.map((v) => v.toExponential(1))));
    process.stdout.write(
      `${[line('largest relative difference from', 'PyTorch', 'differences'), ...lines].join('\n')}\n`,
    );
  });
});
