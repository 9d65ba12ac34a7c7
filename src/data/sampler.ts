// Which real items a shard sees: decided by (seed, branch, step, shard) alone, whoever computes it and whenever.

import { permutation, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import type { DataSource, DatasetSource } from './data-source.js';

export interface Sampler {
  /**
   * Fills `out`, float32 `[shardSize, ...item]`, with the real items of one shard of D's step.
   * @param beside.labels `[shardSize]`, filled with their classes where it is given: only of data whose items all have one
   * @param beside.conditions `[shardSize, ...condition]`, filled with what they are made from where it is given: only of pairs
   */
  shard(step: number, shard: number, out: Float32Array, beside?: Beside): void;
}

/** What is read beside items. */
export interface Beside {
  labels?: Int32Array | undefined;
  conditions?: Float32Array | undefined;
}

export interface SamplerOptions {
  source: DataSource;
  seed: number;
  /** items of a whole minibatch */
  minibatchSize: number;
  shards: number;
  branch: number;
}

/**
 * A data set is sampled without replacement: the minibatches are cut, one after another, from an endless row of epochs, each
 * a permutation decided by (seed, epoch) alone. A distribution is drawn from afresh.
 */
export function createSampler({ source, seed, minibatchSize, shards, branch }: SamplerOptions): Sampler {
  if (source.kind === 'distribution') {
    return {
      shard: (step, shard, out, { labels } = {}) =>
        source.draw(seedOf(seed, branch, 'data', step, shard), out, labels),
    };
  }
  const order = epochOrder(source, seed);
  const shardSize = minibatchSize / shards;
  return {
    shard(step, shard, out, { labels, conditions } = {}) {
      const first = step * minibatchSize + shard * shardSize;
      const indices = Array.from({ length: out.length / sizeOf(source.shape) }, (_, i) => order(first + i));
      source.read(indices, out);
      labels?.set(indices.map((index) => source.label(index)!));
      if (conditions) source.conditions!.read(indices, conditions);
    },
  };
}

/** Epochs whose order is remembered: a minibatch touches two at most, unless the data set is smaller than it. */
const EPOCHS_MAX = 4;

/** The item at a position of the endless row of epochs. */
function epochOrder(source: DatasetSource, seed: number): (position: number) => number {
  const orders = new Map<number, Uint32Array>();
  return (position) => {
    const epoch = Math.floor(position / source.count);
    let order = orders.get(epoch);
    if (!order) {
      if (orders.size >= EPOCHS_MAX) orders.delete(orders.keys().next().value!);
      order = permutation(source.count, seedOf(seed, 'epoch', epoch));
      orders.set(epoch, order);
    }
    return order[position % source.count]!;
  };
}
