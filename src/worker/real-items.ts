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
  private readonly labels: Int32Array;
  /** what `values` and `labels` hold */
  private held: Place | undefined;

  /**
   * @param shape `[batch, ...item]` of one shard
   * @param isLabelled whether the run is conditional: every item then has a label
   */
  constructor(
    private readonly sampler: Sampler,
    private readonly shape: readonly number[],
    private readonly isLabelled: boolean,
  ) {
    this.values = new Float32Array(sizeOf(shape));
    this.labels = new Int32Array(isLabelled ? shape[0]! : 0);
  }

  /** @returns a tensor of the shard's items, over memory that the next call uses again: to be disposed before it */
  take(place: Place): tf.Tensor {
    this.read(place);
    return tf.tensor(this.values, [...this.shape]);
  }

  /** @returns int32 `[batch]`, the classes of the shard's items; likewise */
  takeLabels(place: Place): tf.Tensor {
    this.read(place);
    return tf.tensor1d(this.labels, 'int32');
  }

  /** To be called while there is nothing else to do: workers are mostly given the same shards; a wrong guess costs one more read. */
  read({ minibatch, shard }: Place): void {
    if (this.held?.minibatch === minibatch && this.held.shard === shard) return;
    this.held = undefined; // a read that fails leaves nothing that could be taken for whole
    this.sampler.shard(minibatch, shard, this.values, this.isLabelled ? this.labels : undefined);
    this.held = { minibatch, shard };
  }
}
