// Goal: PacGAN's packing (Lin et al. 2018, section 2). Method: by hand, on items whose values say what they are; then D's steps, which judge
// half as many packs as there are items.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { validateConfig } from '../../../src/config/load-config.js';
import { packed } from '../../../src/steps/shown.js';
import { architectureOf } from '../../../src/steps/steps.js';
import { useTensorFlow } from '../../support/steps.js';

beforeAll(useTensorFlow);

const pack = (items: tf.Tensor, packing: number) => packed(items, { packing });

it('lays neighbours beside each other in the last axis', () => {
  tf.tidy(() => {
    const points = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    expect(pack(points, 2).arraySync()).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    const pictures = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1]);
    expect(pack(pictures, 2).arraySync()).toEqual([
      [
        [
          [1, 5],
          [2, 6],
        ],
        [
          [3, 7],
          [4, 8],
        ],
      ],
    ]);
    expect(pack(points, 1)).toBe(points);
  });
});

const config = (more: object, model: object = {}) =>
  validateConfig({ data: { source: 'ring' }, model: { name: 'mlp', packing: 2, ...model }, ...more }, 'here');

it('gives D packs and leaves G as it is', () => {
  const { generator, discriminator, packing } = architectureOf(config({}), [2]);
  expect([generator.outputShape, discriminator.inputs.items, packing]).toEqual([[2], [4], 2]);
});

it.each([
  [
    'packs that do not divide a shard',
    { minibatch: { size: 6, shards: 2 } },
    /packs of 2 items do not divide a shard, which has 3/,
  ],
  [
    'packs that do not divide a group',
    { minibatch: { size: 18, shards: 1, group: 9 } },
    /packs of 2 items do not divide a group, which has 9/,
  ],
])('refuses %s', (_, more, message) => {
  expect(() => config(more)).toThrow(message);
});

it('refuses packs of a conditional run', () => {
  expect(() => architectureOf(config({}, { conditional: 'concat' }), [2], 8)).toThrow(/no label in common/);
});
