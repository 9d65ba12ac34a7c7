import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile.js';
import type { StepFunction } from '../../../src/compiler/recording.js';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

/** y = a b, straight from the matrix kernel. */
const product: StepFunction = ({ a, b }) => ({ y: tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D) });

it('a bfloat16 product rounds its operands to eight bits, and is float32 outside the graph', () => {
  const inputs = ['a', 'b'].map((name) => ({ name, shape: [2, 2], dtype: 'float32' as const }));
  const [a, b] = [tf.tensor2d([1, 2, 257, 4], [2, 2]), tf.tensor2d([1, 0, 0, 1], [2, 2])];
  const results = (['float32', 'bfloat16'] as const).map((precision) => {
    const compiled = compile(product, inputs, { precision });
    const { y } = compiled.run({ a, b });
    compiled.dispose();
    return Array.from(y!);
  });
  expect(results).toEqual([
    [1, 2, 257, 4],
    [1, 2, 256, 4], // 257 needs nine bits
  ]);
});
