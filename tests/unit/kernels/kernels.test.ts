// Goal: every kernel with a gradient of its own computes what its composed form computes, and its gradient is the slope.
// Method: compare with plain tfjs, and with central differences along random directions.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { addBias, leakyRelu, maxout, relu, tanh } from '../../../src/kernels/activations.js';
import {
  BATCH_NORM_EPSILON,
  batchNormInference,
  batchNormTraining,
} from '../../../src/kernels/batch-norm.js';
import { dropout, randomNormal, randomUniform, SeedSource } from '../../../src/kernels/random.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { sizeOf } from '../../../src/numerics/shape.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

/** Values away from the kinks of ReLU and maxout: at least 0.05 from zero and from each other's neighbours. */
function values(shape: number[], label: string): tf.Tensor {
  const random = new RandomStream(seedOf(label));
  return tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => {
      const v = random.normal();
      return v + Math.sign(v) * 0.05;
    }),
    shape,
  );
}

type Kernel = (...inputs: tf.Tensor[]) => tf.Tensor;
const composedBatchNorm: Kernel = (x, scale, offset) => {
  const { mean, variance } = tf.moments(x!, [0, 1, 2]);
  return tf.add(
    tf.mul(tf.div(tf.sub(x!, mean), tf.sqrt(tf.add(variance, BATCH_NORM_EPSILON))), scale!),
    offset!,
  );
};
const KERNELS: [name: string, kernel: Kernel, composed: Kernel, shapes: number[][]][] = [
  ['relu', (x) => relu(x!), (x) => tf.relu(x!), [[3, 5]]],
  ['leakyRelu', (x) => leakyRelu(x!, 0.2), (x) => tf.maximum(x!, tf.mul(x!, 0.2)), [[3, 5]]],
  ['tanh', (x) => tanh(x!), (x) => tf.tanh(x!), [[3, 5]]],
  ['addBias', (x, b) => addBias(x!, b!), (x, b) => tf.add(x!, b!), [[2, 3, 3, 4], [4]]],
  ['maxout', (x) => maxout(x!, 3), (x) => tf.max(tf.reshape(x!, [4, 2, 3]), 2), [[4, 6]]],
  [
    'batch norm',
    (x, s, o) => batchNormTraining(x!, s!, o!).output,
    composedBatchNorm,
    [[4, 3, 3, 2], [2], [2]],
  ],
];

/** A fixed weighting makes a scalar of any output. */
const project =
  (kernel: Kernel) =>
  (...inputs: tf.Tensor[]) => {
    const output = kernel(...inputs);
    return tf.sum(tf.mul(output, values(output.shape, 'projection'))) as tf.Scalar;
  };

describe.each(KERNELS)('%s', (_, kernel, composed, shapes) => {
  const inputs = () => shapes.map((shape, i) => values(shape, `input ${i}`));

  it('equals its composed form, forward and backward', () => {
    tf.tidy(() => {
      const x = inputs();
      expectClose(kernel(...x), composed(...x), 1e-5);
      const ours = tf.grads(project(kernel))(x);
      const theirs = tf.grads(project(composed))(x);
      for (const [i, gradient] of ours.entries()) expectClose(gradient, theirs[i]!, 1e-4);
    });
  });

  it('has the gradient that finite differences show', () => {
    tf.tidy(() => {
      const x = inputs();
      const gradients = tf.grads(project(kernel))(x);
      const step = 1e-2; // float32: a smaller step drowns in rounding, a larger one in curvature
      x.forEach((input, i) => {
        const direction = values(input.shape, `direction ${i}`);
        const at = (sign: number) => {
          const moved = x.map((t, j) => (j === i ? tf.add(t, tf.mul(direction, sign * step)) : t));
          return project(kernel)(...moved).dataSync()[0]!;
        };
        const slope = (at(1) - at(-1)) / (2 * step);
        const predicted = tf.sum(tf.mul(gradients[i]!, direction)).dataSync()[0]!;
        expect(Math.abs(slope - predicted)).toBeLessThan(0.02 * Math.max(1, Math.abs(predicted)));
      });
    });
  });
});

function expectClose(a: tf.Tensor, b: tf.Tensor, tolerance: number): void {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [a.dataSync(), b.dataSync()];
  x.forEach((v, i) => {
    expect(Math.abs(v - y[i]!)).toBeLessThan(tolerance * Math.max(1, Math.abs(y[i]!)));
  });
}

describe('batch norm', () => {
  it("reports the batch's mean and unbiased variance", () => {
    tf.tidy(() => {
      const x = tf.tensor4d([1, 2, 3, 6], [4, 1, 1, 1]);
      const { mean, variance } = batchNormTraining(x, tf.ones([1]), tf.zeros([1]));
      expect(mean.dataSync()[0]).toBeCloseTo(3, 6);
      expect(variance.dataSync()[0]).toBeCloseTo(14 / 3, 5); // (4 + 1 + 0 + 9) / 3
    });
  });

  it('at inference uses given statistics, so that no item depends on its neighbours', () => {
    tf.tidy(() => {
      const [scale, offset, mean, variance] = [[2], [1], [3], [4]].map((v) => tf.tensor1d(v));
      const statistics = { scale: scale!, offset: offset!, mean: mean!, variance: variance! };
      const both = batchNormInference(tf.tensor4d([5, 9], [2, 1, 1, 1]), statistics).dataSync();
      const alone = batchNormInference(tf.tensor4d([5], [1, 1, 1, 1]), statistics).dataSync();
      expect(both[0]).toBeCloseTo(1 + (2 * (5 - 3)) / Math.sqrt(4 + BATCH_NORM_EPSILON), 5);
      expect(alone[0]).toBe(both[0]);
    });
  });
});

describe('random kernels', () => {
  const draw = (kernel: typeof randomNormal, seed: [number, number], count = 20_000) =>
    tf.tidy(() => kernel([count], new SeedSource(tf.tensor1d(seed, 'int32'))).dataSync());

  it('depend on the seed alone', () => {
    expect(draw(randomNormal, [1, 2], 8)).toEqual(draw(randomNormal, [1, 2], 8));
    expect(draw(randomNormal, [1, 2], 8)).not.toEqual(draw(randomNormal, [1, 3], 8));
  });

  it('have the moments of their distributions', () => {
    const moments = (v: ArrayLike<number>) => {
      const mean = Array.from(v).reduce((a, b) => a + b, 0) / v.length;
      return [mean, Array.from(v).reduce((a, b) => a + (b - mean) ** 2, 0) / v.length] as const;
    };
    const [normalMean, normalVariance] = moments(draw(randomNormal, [3, 4]));
    expect(Math.abs(normalMean)).toBeLessThan(0.03); // 4 standard errors of 1/sqrt(20000)
    expect(Math.abs(normalVariance - 1)).toBeLessThan(0.04);
    const [uniformMean, uniformVariance] = moments(draw(randomUniform, [3, 4]));
    expect(Math.abs(uniformMean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(uniformVariance - 1 / 12)).toBeLessThan(0.003);
  });

  it('drop a share of 1 - keep and scale what is left by 1 / keep', () => {
    tf.tidy(() => {
      const dropped = dropout(
        tf.ones([20_000]),
        0.8,
        new SeedSource(tf.tensor1d([5, 6], 'int32')),
      ).dataSync();
      expect(new Set(Array.from(dropped, (v) => Number(v.toFixed(4))))).toEqual(new Set([0, 1.25]));
      expect(Math.abs(Array.from(dropped).filter((v) => v === 0).length / 20_000 - 0.2)).toBeLessThan(0.012);
    });
  });
});
