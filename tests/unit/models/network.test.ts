// A network is what its body makes of named inputs: layers in sequence are one body, anything that names its parameters another.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { activation, dense } from '../../../src/models/layers.js';
import { type Body, network, unpack } from '../../../src/models/network.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const ones = { initializer: { kind: 'constant', value: 1 }, bias: true } as const;

/** A dot product of a latent and a label, each scaled by a weight of its own. */
const conditional: Body = {
  plan: () => ({
    outputShape: [1],
    parameters: ['latents', 'labels'].map((name) => ({
      name: `${name}/scale`,
      shape: [2],
      initializer: ones.initializer,
    })),
    slots: [],
  }),
  apply: ({ latents, labels }, context) =>
    tf.sum(
      tf.mul(
        tf.mul(latents!, context.parameter('latents/scale')),
        tf.mul(labels!, context.parameter('labels/scale')),
      ),
      1,
      true,
    ),
};

describe('a network', () => {
  const apply = (net: ReturnType<typeof network>, vector: number[], inputs: Record<string, tf.Tensor>) => {
    const seeds = new SeedSource(tf.tensor1d([1, 1], 'int32'));
    return [
      ...net
        .apply(inputs, { ...unpack(tf.tensor1d(vector), net), isTraining: true, seeds })
        .output.dataSync(),
    ];
  };

  it('of one input calls it latents in G and items in D', () => {
    expect(network('generator', [3], [dense('a', 2, ones)]).inputs).toEqual({ latents: [3] });
    expect(network('discriminator', [3], [dense('a', 2, ones)]).inputs).toEqual({ items: [3] });
  });

  it('of layers lays their parameters one after another under their names', () => {
    const net = network(
      'discriminator',
      [2],
      [dense('a', 1, ones), activation.relu('r'), dense('b', 1, ones)],
    );
    expect(net.manifest.entries.map(({ name, offset, size }) => [name, offset, size])).toEqual([
      ['a/kernel', 0, 2],
      ['a/bias', 2, 1],
      ['b/kernel', 3, 1],
      ['b/bias', 4, 1],
    ]);
    tf.tidy(() => {
      // relu(1*3 + 2*4 + 5) = 16, then 10 * 16 + 20
      expect(apply(net, [1, 2, 5, 10, 20], { items: tf.tensor2d([3, 4], [1, 2]) })).toEqual([180]);
    });
  });

  it('may have a body of its own, with several inputs', () => {
    const net = network('generator', { latents: [2], labels: [2] }, conditional);
    tf.tidy(() => {
      const inputs = { latents: tf.tensor2d([1, 2], [1, 2]), labels: tf.tensor2d([3, 4], [1, 2]) };
      expect(apply(net, [1, 10, 2, 1], inputs)).toEqual([1 * 1 * 3 * 2 + 2 * 10 * 4 * 1]);
    });
  });

  it('of layers in sequence refuses several inputs', () => {
    expect(() => network('generator', { latents: [2], picture: [2] }, [dense('a', 1, ones)])).toThrow(
      /one input beside labels and a condition, not latents, picture/,
    );
  });
});
