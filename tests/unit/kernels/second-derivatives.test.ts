// Goal: whatever may stand in a gradient that is differentiated once more has a right second derivative, and nothing else may.
// Method: each registered kernel stands in a small function f; the gradient of a projection of f's gradient is held against central
// differences of that gradient, which needs first derivatives only. The list of kernels and the list of functions must be the same.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { addBias, leakyRelu, maxout, relu, tanh } from '../../../src/kernels/activations.js';
import { batchNormTraining } from '../../../src/kernels/batch-norm.js';
import { dropout, SeedSource } from '../../../src/kernels/random.js';
import { TWICE_DIFFERENTIABLE, withSecondDerivatives } from '../../../src/kernels/second-derivatives.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { sizeOf } from '../../../src/numerics/shape.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

/** Away from zero, where ReLU and its kind have a kink. */
function values(shape: readonly number[], label: string): tf.Tensor {
  const random = new RandomStream(seedOf(label));
  const draw = () => {
    const v = random.normal();
    return v + Math.sign(v) * 0.1;
  };
  return tf.tensor(Float32Array.from({ length: sizeOf(shape) }, draw), [...shape]);
}

type Fn = (x: tf.Tensor) => tf.Tensor;
const positive: Fn = (x) => tf.add(tf.square(x), 1);
const image: Fn = (x) => tf.reshape(x, [2, 2, 2, 1]);
const kernel = () => values([2, 2, 1, 3], 'filter') as tf.Tensor4D;

/** Functions of x `[2, 4]`, one a registered kernel; a cube is laid over those that are linear, so that there is something to see. */
const CASES: Readonly<Record<string, Fn>> = {
  Add: (x) => tf.mul(tf.add(x, tf.square(x)), x),
  AddN: (x) => tf.square(tf.addN([x, tf.square(x), x])),
  BatchMatMul: (x) => tf.square(tf.matMul(x as tf.Tensor2D, values([4, 3], 'matrix') as tf.Tensor2D)),
  Concat: (x) => tf.mul(tf.concat([x, tf.square(x)], 1), tf.concat([tf.square(x), x], 1)),
  Conv2D: (x) => tf.square(tf.conv2d(image(x) as tf.Tensor4D, kernel(), 1, 'same')),
  Conv2DBackpropInput: (x) =>
    tf.square(
      tf.conv2dTranspose(
        image(x) as tf.Tensor4D,
        values([2, 2, 3, 1], 'up') as tf.Tensor4D,
        [2, 4, 4, 3],
        2,
        'same',
      ),
    ),
  ExpandDims: (x) => tf.square(tf.mul(tf.expandDims(x, 1), tf.expandDims(x, 2))),
  Identity: (x) => tf.mul(tf.square(tf.clone(x)), x),
  Mean: (x) => tf.square(tf.mul(x, tf.mean(x, [0], true))),
  Multiply: (x) => tf.mul(x, tf.mul(x, x)),
  Neg: (x) => tf.mul(tf.neg(tf.square(x)), x),
  PadV2: (x) =>
    tf.square(
      tf.mul(
        tf.pad(x, [
          [1, 0],
          [0, 2],
        ]),
        tf.pad(tf.square(x), [
          [1, 0],
          [0, 2],
        ]),
      ),
    ),
  Pow: (x) => tf.pow(positive(x), 1.5),
  RealDiv: (x) => tf.div(x, positive(x)),
  Relu: (x) => tf.mul(tf.square(tf.relu(x)), x),
  Reshape: (x) => tf.mul(tf.reshape(tf.square(x), [4, 2]), tf.reshape(x, [4, 2])),
  Rsqrt: (x) => tf.rsqrt(positive(x)),
  Slice: (x) => tf.mul(tf.square(tf.slice(x, [0, 1], [2, 2])), tf.slice(x, [0, 0], [2, 2])),
  SplitV: (x) => tf.mul(...(tf.split(tf.square(x), 2, 1) as [tf.Tensor, tf.Tensor])),
  Square: (x) => tf.square(tf.square(x)),
  Sub: (x) => tf.square(tf.sub(tf.square(x), x)),
  Sum: (x) => tf.square(tf.mul(x, tf.sum(x, 0))),
  Tile: (x) => tf.square(tf.mul(tf.tile(x, [2, 1]), tf.tile(tf.square(x), [2, 1]))),
  Transpose: (x) => tf.mul(tf.square(tf.transpose(x)), tf.transpose(x)),
};

/** Layer kernels in their composed form, and what layers are made of them. */
const LAYERS: Readonly<Record<string, Fn>> = {
  relu: (x) => tf.square(relu(x)),
  'leaky ReLU': (x) => tf.square(leakyRelu(x, 0.2)),
  tanh: (x) => tanh(x),
  'tanh of a square': (x) => tanh(tf.mul(tf.square(x), 0.3)),
  maxout: (x) => tf.square(maxout(x, 2)),
  bias: (x) => tf.square(addBias(x, values([4], 'bias'))),
  'batch norm': (x) =>
    batchNormTraining(tf.reshape(x, [4, 1, 1, 2]), values([2], 'scale'), values([2], 'offset')).output,
  dropout: (x) => tf.square(dropout(x, 0.7, new SeedSource(tf.tensor1d([3, 4], 'int32')))),
};

/** The slope of a projection of f at x; differentiable again. */
const slope =
  (f: Fn): Fn =>
  (x) =>
    withSecondDerivatives(() =>
      tf.grad((y) => {
        const out = f(y);
        return tf.sum(tf.mul(out, values(out.shape, 'projection')));
      })(x),
    );

describe.each(Object.entries({ ...CASES, ...LAYERS }))('%s', (_, f) => {
  it('has the second derivative that finite differences of its gradient show', () => {
    tf.tidy(() => {
      const x = values([2, 4], 'x');
      const weights = values([2, 4], 'weights');
      const projected = (at: tf.Tensor) => tf.sum(tf.mul(slope(f)(at), weights)) as tf.Scalar;
      const second = tf.grad(projected)(x);
      for (const label of ['one direction', 'another']) {
        const direction = values([2, 4], label);
        const step = 4e-3; // float32: a smaller step drowns in rounding, a larger one in curvature
        const at = (sign: number) => projected(tf.add(x, tf.mul(direction, sign * step))).dataSync()[0]!;
        const shown = (at(1) - at(-1)) / (2 * step);
        const found = tf.sum(tf.mul(second, direction)).dataSync()[0]!;
        expect(Math.abs(found - shown)).toBeLessThan(0.02 * Math.max(1, Math.abs(shown)));
      }
    });
  });
});

describe('the guard', () => {
  it('knows a case for every kernel that it lets through, and no other', () => {
    expect(Object.keys(CASES).sort()).toEqual([...TWICE_DIFFERENTIABLE].sort());
  });

  it.each([
    ['tf.tanh', (x: tf.Tensor) => tf.tanh(x)],
    ['tf.sigmoid', (x: tf.Tensor) => tf.sigmoid(x)],
    ['tf.exp', (x: tf.Tensor) => tf.exp(x)],
    ['tf.softplus', (x: tf.Tensor) => tf.softplus(x)],
    ['tf.leakyRelu', (x: tf.Tensor) => tf.leakyRelu(x, 0.2)],
    ['tf.elu', (x: tf.Tensor) => tf.elu(x)],
    ['tf.max', (x: tf.Tensor) => tf.max(x, 1)],
    ['tf.abs', (x: tf.Tensor) => tf.abs(x)],
    [
      'a gradient of its own',
      tf.customGrad((x) => ({ value: tf.square(x as tf.Tensor), gradFunc: (dy) => dy })),
    ],
  ])('refuses %s, which nobody has registered, by name', (_, f) => {
    expect(() => tf.tidy(() => slope(f)(values([2, 4], 'x')))).toThrow(
      /operation '[\w.]+'.*second derivative/,
    );
  });

  it('lets them through where no gradient is differentiated', () => {
    tf.tidy(() => {
      expect(tf.grad((x) => tf.sum(tf.tanh(x)))(values([2, 4], 'x')).shape).toEqual([2, 4]);
    });
  });
});

describe.each(Object.entries(LAYERS))('%s where a gradient is differentiated', (_, f) => {
  it('computes what its fused form does', () => {
    tf.tidy(() => {
      const x = values([2, 4], 'x');
      const [composed, fused] = [withSecondDerivatives(() => f(x)), f(x)].map((t) => t.dataSync());
      composed!.forEach((v, i) => {
        expect(Math.abs(v - fused![i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(v)));
      });
    });
  });
});
