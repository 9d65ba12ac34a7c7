// What D says of items at inference.
import * as tf from '@tensorflow/tfjs-core';
import { SeedSource } from '../kernels/random.js';
import type { Architecture } from '../models/architecture.js';
import { unpack } from '../models/network.js';
import { sizeOf } from '../numerics/shape.js';

/**
 * @param weights D's weights and slots, float32 `[size + slotSize]`; stays the caller's
 * @param items `[count, ...item]`, of a run without labels, pairs and packing
 * @returns `[count]`
 */
export function discriminatorLogits(
  { discriminator }: Architecture,
  weights: tf.Tensor1D,
  items: Float32Array,
): Float32Array {
  return tf.tidy(() => {
    const d = unpack(weights, discriminator);
    const shape = discriminator.inputs.items!;
    const given = tf.tensor(items, [items.length / sizeOf(shape), ...shape]);
    const seeds = new SeedSource(tf.tensor1d([0, 0], 'int32')); // nothing is drawn at inference
    return discriminator
      .apply({ items: given }, { ...d, isTraining: false, seeds })
      .output.dataSync() as Float32Array;
  });
}
