// Random numbers inside a step: kernels fed by the step's seed input, so that a graph draws what the eager step drew.
import * as tf from '@tensorflow/tfjs-core';
import { attribute, callKernel } from './kernel.js';

/**
 * Hands out a fresh seed for every draw of one step: the step's own seed plus the number of the draw.
 * Two draws of one step never share a stream, and the same step always draws the same.
 */
export class SeedSource {
  private drawCount = 0;

  /** @param seed int32 `[2]` */
  constructor(private readonly seed: tf.Tensor) {}

  next(): tf.Tensor {
    this.drawCount += 1;
    return tf.add(this.seed, tf.tensor1d([this.drawCount, 0], 'int32'));
  }
}

function stateless(op: string, shape: readonly number[], seed: tf.Tensor): tf.Tensor {
  // The V2 kernels need a uint64 key, a type that tfjs refuses.
  return callKernel(
    op,
    [attribute.type('dtype', 'float32'), attribute.type('T', 'int32'), attribute.type('Tseed', 'int32')],
    [tf.tensor1d([...shape], 'int32'), seed],
  );
}

/** Standard normals. */
export const randomNormal = (shape: readonly number[], seeds: SeedSource): tf.Tensor =>
  stateless('StatelessRandomNormal', shape, seeds.next());

/** Standard normals, each drawn anew until it lies within two deviations. */
export const randomTruncatedNormal = (shape: readonly number[], seeds: SeedSource): tf.Tensor =>
  stateless('StatelessTruncatedNormal', shape, seeds.next());

/** Uniform on [0, 1). */
export const randomUniform = (shape: readonly number[], seeds: SeedSource): tf.Tensor =>
  stateless('StatelessRandomUniform', shape, seeds.next());

/**
 * Inverted dropout (Srivastava et al. 2014): keeps each element with probability `keep` and scales it by 1/keep,
 * so that inference needs no scaling.
 */
export function dropout(x: tf.Tensor, keep: number, seeds: SeedSource): tf.Tensor {
  const kept = tf.cast(tf.less(randomUniform(x.shape, seeds), keep), 'float32');
  return tf.mul(x, tf.mul(kept, 1 / keep));
}
