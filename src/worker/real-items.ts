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
  private readonly conditions: Float32Array;
  /** what `values`, `labels` and `conditions` hold */
  private held: Place | undefined;

  /**
   * @param shape `[batch, ...item]` of one shard
   * @param beside.isLabelled whether the run is conditional: every item then has a label
   * @param beside.condition `[batch, ...condition]`, where the data are pairs
   */
  constructor(
    private readonly sampler: Sampler,
    private readonly shape: readonly number[],
    private readonly beside: { isLabelled: boolean; condition: readonly number[] | undefined },
  ) {
    this.values = new Float32Array(sizeOf(shape));
    this.labels = new Int32Array(beside.isLabelled ? shape[0]! : 0);
    this.conditions = new Float32Array(beside.condition ? sizeOf(beside.condition) : 0);
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

  /** @returns `[batch, ...condition]`, what the shard's items are made from; likewise */
  takeConditions(place: Place): tf.Tensor {
    this.read(place);
    return tf.tensor(this.conditions, [...this.beside.condition!]);
  }

  /** To be called while there is nothing else to do: workers are mostly given the same shards; a wrong guess costs one more read. */
  read({ minibatch, shard }: Place): void {
    if (this.held?.minibatch === minibatch && this.held.shard === shard) return;
    this.held = undefined; // a read that fails leaves nothing that could be taken for whole
    const { isLabelled, condition } = this.beside;
    this.sampler.shard(minibatch, shard, this.values, {
      labels: isLabelled ? this.labels : undefined,
      conditions: condition && this.conditions,
    });
    this.held = { minibatch, shard };
  }
}
