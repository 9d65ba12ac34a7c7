// Goal: G taken elsewhere is the same function of latents and labels, whatever it is made of and however many are asked for. Method: every
// network, and layers by which a batch's size enters a graph, with weights by chance; tfjs-node reads the SavedModel as any other and gives
// what `nash sample` draws. Python's TensorFlow likewise, where there is one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { savedModel } from '../../../src/compiler/graph.js';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { filesOf } from '../../../src/export/files.js';
import type { Taken } from '../../../src/export/taken.js';
import { pythonLacks, pythonOfFolders } from '../../support/python.js';
import { largestDifference, NETWORKS, ownLayer, takenOf } from '../../support/taken.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-graph-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

/** What the exported graph gives for samples of a model, in the words of tfjs-node. */
async function given(taken: Taken, rows: readonly number[]): Promise<Float32Array> {
  const to = mkdtempSync(join(folder, 'm-'));
  writeFileSync(join(to, 'saved_model.pb'), savedModel(taken.graph));
  const { node } = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
  const model = await node.loadSavedModel(to);
  const { latents, labels } = taken.samples;
  const size = latents.length / taken.samples.count;
  const inputs = {
    latents: tf.tensor(rows.map((row) => Array.from(latents.subarray(row * size, (row + 1) * size)))),
    ...(labels && {
      labels: tf.tensor1d(
        rows.map((row) => labels[row]!),
        'int32',
      ),
    }),
  };
  const { samples } = model.predict(inputs) as { samples: tf.Tensor };
  expect(samples.shape).toEqual([rows.length, ...taken.samples.shape]);
  const values = samples.dataSync() as Float32Array;
  model.dispose();
  tf.dispose([inputs, samples]);
  return values;
}

const first = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('gives what nash sample draws, of one, of several and of more than it has noise for', () => {
  it.each(NETWORKS)('%s', async (_, options) => {
    const taken = takenOf(options);
    const { items, count } = taken.samples;
    const size = items.length / count;
    expect(Math.max(...items.map(Math.abs))).toBeGreaterThan(0.05);
    const bound = 1e-5 * Math.max(1, ...items.map(Math.abs));
    for (const many of [count, 1, 5])
      expect(largestDifference(await given(taken, first(many)), items.subarray(0, many * size))).toBeLessThan(
        bound,
      );
    // sample i has the noise of sample i modulo 16
    const twice = await given(taken, [...first(count), ...first(count)]);
    expect(largestDifference(twice.subarray(0, items.length), twice.subarray(items.length))).toBeLessThan(
      bound,
    );
    const known = taken.graph.nodes.map(({ op }) => op);
    expect(known.filter((op) => /Grad|^Depthwise.*Backprop|Stateless/.test(op))).toEqual([]);
  });
});

describe('layers of one’s own', () => {
  it.each<[string, (x: tf.Tensor) => tf.Tensor]>([
    ['a tensor of as many rows made on the host', (x) => tf.add(x, tf.ones([x.shape[0]!, 4]))],
    [
      'a shape with a multiple of the batch',
      (x) => tf.reshape(tf.mul(tf.reshape(x, [2 * x.shape[0]!, 2]), 2), [x.shape[0]!, 4]),
    ],
    [
      'a part of the batch from its beginning',
      (x) => tf.slice(tf.concat([x, x], 1), [0, 2], [x.shape[0]!, 4]),
    ],
  ])('%s goes with a batch of any size', async (_, apply) => {
    const taken = takenOf(ownLayer(apply));
    for (const many of [1, 16])
      expect(
        largestDifference(await given(taken, first(many)), taken.samples.items.subarray(0, 4 * many)),
      ).toBeLessThan(1e-5);
  });

  it('what depends on the size of the batch otherwise is refused, by the name of its layer', () => {
    const odd = ownLayer((x) =>
      tf.add(
        x,
        tf.tensor(
          Array.from({ length: 4 * x.shape[0]! }, (_, i) => i),
          [x.shape[0]!, 4],
        ),
      ),
    );
    const square = ownLayer((x) => tf.slice(tf.tile(x, [1, x.shape[0]! ** 2]), [0, 0], [x.shape[0]!, 4]));
    for (const each of [odd, square])
      expect(() => takenOf(each)).toThrow(/layer 'generator\/own' depends on the number of samples/);
  });
});

const PROGRAM = `
import os, sys, numpy, tensorflow
for folder in sys.argv[1:]:
    generate = tensorflow.saved_model.load(folder).signatures["serving_default"]
    names = [name for name in ("latents", "labels") if os.path.exists(f"{folder}/{name}.npy")]
    given = {name: tensorflow.constant(numpy.load(f"{folder}/{name}.npy")) for name in names}
    wanted = numpy.load(f"{folder}/samples.npy")
    print(abs(generate(**given)["samples"].numpy() - wanted).max() / max(1, abs(wanted).max()))
`;

/** Python takes seconds to load what is asked of it, and on a busy machine many. */
const PYTHON_MS = 200_000;

const lacking = pythonLacks('tensorflow', 'numpy');
it.skipIf(lacking)(
  `Python's TensorFlow gives of every network the same${lacking ? `: ${lacking}` : ''}`,
  async () => {
    const files = await Promise.all(
      NETWORKS.map(([, options]) => filesOf(takenOf(options), ['saved-model'])),
    );
    const said = pythonOfFolders(PROGRAM, files);
    expect(said.length).toBe(files.length);
    for (const difference of said) expect(Number(difference)).toBeLessThan(1e-4);
  },
  PYTHON_MS,
);
