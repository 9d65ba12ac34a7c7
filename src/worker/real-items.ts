// The real items of a shard, read ahead where it can be guessed which shard comes next.

import * as tf from '@tensorflow/tfjs-core';
import type { Sampler } from '../data/sampler.js';
import { sizeOf } from '../numerics/shape.js';

/** A shard of a minibatch of real items. */
export interface Place {
  minibatch: number;
  shard: number;
}

export class RealItems {
  private readonly values: Float32Array;
  /** what `values` hold */
  private held: Place | undefined;

  /** @param shape `[batch, ...item]` of one shard */
  constructor(
    private readonly sampler: Sampler,
    private readonly shape: readonly number[],
  ) {
    this.values = new Float32Array(sizeOf(shape));
  }

  /** @returns a tensor of the shard's items, over memory that the next call uses again: to be disposed before it */
  take(place: Place): tf.Tensor {
    this.read(place);
    return tf.tensor(this.values, [...this.shape]);
  }

  /** To be called while there is nothing else to do: workers are mostly given the same shards; a wrong guess costs one more read. */
  read({ minibatch, shard }: Place): void {
    if (this.held?.minibatch === minibatch && this.held.shard === shard) return;
    this.held = undefined; // a read that fails leaves nothing that could be taken for whole
    this.sampler.shard(minibatch, shard, this.values);
    this.held = { minibatch, shard };
  }
}
