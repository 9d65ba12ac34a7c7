// Goal: a graph model is one that TensorFlow.js reads and computes by itself. Method: every network, with weights by chance, on the plain
// JavaScript and the WebAssembly back end, here without a browser; what stands in the files is taken from them alone.
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { graphModel } from '../../../src/export/graph-model.js';
import { requireRuns } from '../../../src/export/tried.js';
import { callKernel, floats } from '../../../src/kernels/kernel.js';
import { largestDifference, NETWORKS, ownLayer, takenOf } from '../../support/taken.js';

const require = createRequire(import.meta.url);
beforeAll(() => {
  loadTensorFlow({ kind: 'cpu', threads: 1 });
  require('@tensorflow/tfjs-backend-wasm');
});
afterAll(() => tf.setBackend('tensorflow'));

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  it.each(NETWORKS)('%s gives what nash sample draws', async (_, options) => {
    await tf.setBackend('tensorflow');
    const { graph, samples } = takenOf(options);
    const { json, shards } = graphModel(graph);
    const { modelTopology, signature, weightsManifest } = JSON.parse(JSON.stringify(json)) as typeof json;
    const { paths, weights } = weightsManifest[0]!;
    const data = new Uint8Array(Buffer.concat(paths.map((path) => shards.get(path)!)));
    await tf.setBackend(backend);
    const load = async () => ({ modelTopology, signature, weightSpecs: weights, weightData: data.buffer });
    const model = await require('@tensorflow/tfjs-converter').loadGraphModel({ load });
    const { latents, labels, items, count } = samples;
    const given = {
      latents: tf.tensor(latents, [count, latents.length / count]),
      ...(labels && { labels: tf.tensor1d(labels, 'int32') }),
    };
    const values = (model.execute(given) as tf.Tensor).dataSync();
    const most = Math.max(1, ...items.map(Math.abs));
    expect(largestDifference(values, items)).toBeLessThan(1e-4 * most); // a hundredth of 1 of 255
    model.dispose();
  });
});

describe('before it is written it is run', () => {
  const refused = async (apply: (x: tf.Tensor) => tf.Tensor, spoil = 0) => {
    await tf.setBackend('tensorflow');
    const { graph, samples } = takenOf(ownLayer(apply));
    samples.items[3]! += spoil;
    const tried = requireRuns(graphModel(graph), samples);
    await tried.finally(() => expect(tf.getBackend()).toBe('tensorflow'));
  };

  it('what gives the same is written', () => refused((x) => x));
  it('an operation that TensorFlow.js has not is named', () =>
    expect(refused((x) => callKernel('Erfinv', floats(), [x]))).rejects.toThrow(
      /cannot run this generator: .*Erfinv/,
    ));
  it('other samples are refused', () =>
    expect(refused((x) => x, 0.1)).rejects.toThrow(/gives other samples than this generator/));
});

it('weights are cut into shards of 4 MiB', async () => {
  await tf.setBackend('tensorflow');
  const { graph } = takenOf({ model: { name: 'mlp', generator: { hidden: [1100, 1100] } }, item: [2] });
  const { shards } = graphModel(graph);
  expect([...shards].map(([name, { length }]) => [name, length])).toEqual([
    ['group1-shard1of2.bin', 4 * 2 ** 20],
    ['group1-shard2of2.bin', expect.any(Number)],
  ]);
});
