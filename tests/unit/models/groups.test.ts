// minibatch.group: what batch norm couples is the group, not the shard. A shard of two groups is normalized as two shards of one would be.
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { batchNorm, dense } from '../../../src/models/layers.js';
import { network, unpack } from '../../../src/models/network.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { initialParameters } from '../../../src/parameters/initial.js';

loadTensorFlow({ kind: 'cpu', threads: 1 });

const net = network(
  'discriminator',
  [3],
  [dense('dense', 4, { initializer: { kind: 'normal', deviation: 1 }, bias: false }), batchNorm('norm')],
);
const random = new RandomStream(seedOf('groups'));
const items = Array.from({ length: 8 * 3 }, () => random.normal());

function apply(from: number, to: number, group?: number) {
  const weights = initialParameters(net.manifest, { seed: 1, net: 'discriminator' });
  return tf.tidy(() => {
    const x = tf.tensor2d(items.slice(3 * from, 3 * to), [to - from, 3]);
    const seeds = new SeedSource(tf.tensor1d([1, 1], 'int32'));
    const { output, slots } = net.apply(
      { items: x },
      { ...unpack(tf.tensor1d(weights), net), isTraining: true, group, seeds },
    );
    const read = (name: string) => [...slots.get(`norm/${name}`)!.dataSync()];
    return { output: [...output.dataSync()], mean: read('mean'), variance: read('variance') };
  });
}

describe('a batch of two groups', () => {
  const [first, second, both] = [apply(0, 4), apply(4, 8), apply(0, 8, 4)];

  it('is normalized group by group', () => {
    expect(both.output).toEqual([...first.output, ...second.output]);
    expect(apply(0, 8).output).not.toEqual(both.output);
  });

  it('gives the mean of the groups’ statistics', () => {
    for (const key of ['mean', 'variance'] as const)
      both[key].forEach((value, i) => {
        expect(value).toBeCloseTo((first[key][i]! + second[key][i]!) / 2, 5);
      });
  });

  it('of the whole batch is the batch', () => {
    expect(apply(0, 8, 8)).toEqual(apply(0, 8));
  });
});
