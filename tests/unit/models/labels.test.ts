// Goal: layers that look at labels compute what their papers say. Method: small numbers, worked out by hand in float64. What they do in
// whole networks, gradients included, is held against PyTorch in tests/unit/steps/golden.test.ts.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { appendLabels } from '../../../src/models/labels.js';
import { conditionalBatchNorm, dense, type Layer } from '../../../src/models/layers.js';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { network } from '../../../src/models/network.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

/** The layer as a network of its own. */
function applied(
  layer: Layer,
  x: tf.Tensor,
  labels: number[][],
  {
    parameters = {},
    slots = {},
    isTraining = true,
  }: { parameters?: Record<string, tf.Tensor>; slots?: Record<string, tf.Tensor>; isTraining?: boolean } = {},
) {
  const net = network('generator', { latents: x.shape.slice(1), labels: [labels[0]!.length] }, [layer]);
  const named = (tensors: Record<string, tf.Tensor>) =>
    new Map(Object.entries(tensors).map(([name, tensor]) => [`${layer.name}/${name}`, tensor]));
  const given = {
    ...Object.fromEntries(
      net.manifest.slots.map(({ name, shape }) => [name.split('/')[1]!, tf.zeros([...shape])]),
    ),
    ...slots,
  };
  const result = net.apply(
    { latents: x, labels: tf.tensor2d(labels) },
    {
      parameters: named(parameters),
      slots: named(given),
      isTraining,
      seeds: new SeedSource(tf.tensor1d([1, 2], 'int32')),
    },
  );
  return { net, output: result.output, slots: result.slots };
}

describe('labels beside what comes in', () => {
  it('are numbers beside numbers', () => {
    tf.tidy(() => {
      const { net, output } = applied(appendLabels('labels', 2), tf.tensor2d([[5, 6]]), [[0, 1]]);
      expect(net.outputShape).toEqual([4]);
      expect([...output.dataSync()]).toEqual([5, 6, 0, 1]);
    });
  });

  it('are constant maps beside the channels of a picture', () => {
    tf.tidy(() => {
      const picture = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1]);
      const labels = [
        [0, 1],
        [1, 0],
      ];
      const { net, output } = applied(appendLabels('labels', 2), picture, labels);
      expect(net.outputShape).toEqual([2, 2, 3]);
      const each = [...picture.dataSync()].flatMap((value, i) => [value, ...(i < 4 ? [0, 1] : [1, 0])]);
      expect([...output.dataSync()]).toEqual(each);
    });
  });

  it('are asked for where there are none', () => {
    const layer = appendLabels('labels', 2);
    const net = network('generator', [2], [layer]);
    const seeds = () => new SeedSource(tf.tensor1d([1, 2], 'int32'));
    const none = new Map();
    tf.tidy(() => {
      const apply = () =>
        net.apply(
          { latents: tf.zeros([1, 2]) },
          { parameters: none, slots: none, isTraining: true, seeds: seeds() },
        );
      expect(apply).toThrow(/layer 'labels' needs labels of 2 classes and is given \[none\]/);
    });
  });
});

describe('conditional batch norm', () => {
  const layer = conditionalBatchNorm('norm', 2);
  const parameters = () => ({
    scale: tf.tensor2d([
      [2, 3],
      [10, 20],
    ]),
    offset: tf.tensor2d([
      [0.5, 0.25],
      [-1, -2],
    ]),
  });
  const labels = [
    [1, 0],
    [0, 1],
    [1, 0],
  ];

  it("normalizes by the batch, then has each item's class scale and move it", () => {
    tf.tidy(() => {
      // two channels: 1, 2, 6 and 0, 3, 3: means 3 and 2, biased variances 14/3 and 2, unbiased 7 and 3
      const x = tf.tensor2d([
        [1, 0],
        [2, 3],
        [6, 3],
      ]);
      const { output, slots } = applied(layer, x, labels, { parameters: parameters() });
      const [a, b] = [Math.sqrt(14 / 3 + 1e-5), Math.sqrt(2 + 1e-5)];
      const expected = [
        [2 * (-2 / a) + 0.5, 3 * (-2 / b) + 0.25],
        [10 * (-1 / a) - 1, 20 * (1 / b) - 2],
        [2 * (3 / a) + 0.5, 3 * (1 / b) + 0.25],
      ].flat();
      output.dataSync().forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 5);
      });
      expect([...slots.get('norm/mean')!.dataSync()]).toEqual([3, 2]);
      slots
        .get('norm/variance')!
        .dataSync()
        .forEach((value, i) => {
          expect(value).toBeCloseTo([7, 3][i]!, 5);
        });
    });
  });

  it('at inference goes by running statistics', () => {
    tf.tidy(() => {
      const slots = { mean: tf.tensor1d([1, 2]), variance: tf.tensor1d([4, 9]) };
      const { output } = applied(layer, tf.ones([3, 1, 1, 2]), labels, {
        parameters: parameters(),
        slots,
        isTraining: false,
      });
      const second = -1 / 3; // (1 - 2) / sqrt(9)
      const expected = [0.5, 3 * second + 0.25, -1, 20 * second - 2, 0.5, 3 * second + 0.25];
      output.dataSync().forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 5);
      });
    });
  });

  it('gives each class what it learns from its own items', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([
        [1, 0],
        [2, 3],
        [6, 3],
      ]);
      const gradient = tf.grad((offset) =>
        tf.sum(applied(layer, x, labels, { parameters: { ...parameters(), offset } }).output),
      )(parameters().offset);
      expect([...gradient.dataSync()]).toEqual([2, 2, 1, 1]); // two items of the first class, one of the second
    });
  });
});

describe('networks of a conditional run', () => {
  const build = (model: object, classes: number, item = [28, 28, 1]) =>
    buildArchitecture(modelOptions.parse(model), item, classes);
  const shapesOf = (model: object, classes: number) => {
    const { generator, discriminator } = build(model, classes);
    const entry = (net: typeof generator, name: string) =>
      net.manifest.entries.find((each) => each.name === name)?.shape;
    return { generator, discriminator, entry };
  };

  it.each([{ name: 'mlp' }, { name: 'maxout' }, { name: 'dcgan' }])(
    '$name without labels has the manifests that it has',
    (model) => {
      const manifests = (classes: number, conditional: object) =>
        JSON.stringify(
          Object.values(build({ ...model, ...conditional }, classes)).map(({ manifest }) => manifest),
        );
      expect(manifests(10, {})).toBe(manifests(0, {}));
      expect(manifests(0, { conditional: 'concat' })).toBe(manifests(0, {}));
      for (const conditional of ['concat', 'projection', 'auxiliary'])
        expect(manifests(10, { conditional }), conditional).not.toBe(manifests(0, {}));
    },
  );

  it('dcgan: labels enter where they should', () => {
    const concat = shapesOf({ name: 'dcgan', width: 4, latent: 5, conditional: 'concat' }, 3);
    expect(concat.entry(concat.generator, 'project/kernel')).toEqual([8, 7 * 7 * 8]);
    expect(concat.entry(concat.discriminator, 'conv1/kernel')).toEqual([4, 4, 4, 4]);
    const projection = shapesOf({ name: 'dcgan', width: 4, latent: 5, conditional: 'projection' }, 3);
    expect(projection.entry(projection.discriminator, 'logit/embedding')).toEqual([3, 7 * 7 * 8]);
    expect(projection.discriminator.inputs).toEqual({ items: [28, 28, 1], labels: [3] });
    const auxiliary = shapesOf({ name: 'dcgan', width: 4, latent: 5, conditional: 'auxiliary' }, 3);
    expect(auxiliary.discriminator.outputShape).toEqual([4]);
    expect(auxiliary.discriminator.inputs).toEqual({ items: [28, 28, 1] });
    expect(auxiliary.generator.inputs).toEqual({ latents: [5], labels: [3] });
  });

  it('a layer in the middle may look at labels too', () => {
    tf.tidy(() => {
      const body = [
        dense('a', 2, { initializer: { kind: 'constant', value: 1 }, bias: false }),
        appendLabels('b', 2),
      ];
      const net = network('generator', { latents: [1], labels: [2] }, body);
      expect(net.outputShape).toEqual([4]);
    });
  });
});
