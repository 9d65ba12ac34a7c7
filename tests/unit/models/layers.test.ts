import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { dropout } from '../../../src/models/layers.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

it('dropout is the identity at inference, and where everything is kept', () => {
  tf.tidy(() => {
    const apply = (keep: number, isTraining: boolean) => {
      const seeds = new SeedSource(tf.tensor1d([1, 2], 'int32'));
      const none = () => tf.scalar(0);
      const context = { parameter: none, slot: none, writeSlot: () => {}, isTraining, group: 1, seeds };
      return Array.from(
        dropout('dropout', keep)
          .apply(tf.ones([1000]), context)
          .dataSync(),
      );
    };
    const ones = new Array<number>(1000).fill(1);
    expect(apply(0.5, false)).toEqual(ones);
    expect(apply(1, true)).toEqual(ones);
    expect(apply(0.5, true)).not.toEqual(ones);
  });
});
