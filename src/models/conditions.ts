// How the picture that an item is made from, its condition, enters networks: G is given it as its input, D beside what it judges.
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../errors.js';
import type { Shape } from '../numerics/shape.js';
import type { Layer } from './layers.js';

/**
 * The condition's channels beside those of a picture of its size, as a conditional D sees a pair (Isola et al. 2017, figure 2):
 * `[h, w, c]` → `[h, w, c + channels]`.
 */
export const appendCondition = (name: string, [, , channels]: Shape): Layer => ({
  name,
  outputShape: ([height, width, own]) => [height!, width!, own! + channels!],
  parameters: () => [],
  slots: () => [],
  apply: (x, { condition }) => {
    assert(condition !== undefined, () => `layer '${name}' needs a condition and is given none`);
    return tf.concat([condition, x], 3);
  },
});
