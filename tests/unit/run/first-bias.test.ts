// Goal: G's output bias begins at what makes the mean of each pixel of zeros, whatever its last activation, and a run for which there is no
// such bias is refused. Method: pictures of two pixels whose means are chosen, logits by hand, and G itself with nothing before its bias.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { runConfig } from '../../../src/config/run-config.js';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { SampleDrawer } from '../../../src/evaluation/sample-drawer.js';
import { firstBias } from '../../../src/run/first-bias.js';
import { networksOf, openRun } from '../../../src/run/open-run.js';
import { folderWith } from '../data/folders.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const COUNT = 600; // more than are read at a time

/** Items of a shape, of which value p is `high` in so many sixths of the items as p is odd or even, and else `low`. */
function itemsOf(shape: readonly number[], [even, odd]: readonly [number, number], [low, high] = [-1, 1]) {
  const size = shape.reduce((product, d) => product * d, 1);
  const source: DatasetSource = {
    kind: 'dataset',
    ...{ shape, count: COUNT, digest: 'd' },
    read(indices, out) {
      for (let i = 0; i < indices.length; i++)
        for (let p = 0; p < size; p++)
          out[i * size + p] = indices[i]! % 6 < (p % 2 === 0 ? even : odd) ? high! : low!;
    },
    label: () => undefined,
    close: () => {},
  };
  return source;
}

const PIXELS = [1, 2, 1];
const configOf = (model: object, outputBias = 'pixel-means') =>
  runConfig.parse({ data: { source: 'mnist' }, model, init: { outputBias } });

async function biasOf(model: object, source: DatasetSource, outputBias?: string) {
  const config = configOf(model, outputBias);
  const networks = await networksOf(config, source.shape);
  return { ...networks, bias: firstBias({ config, source, ...networks }) };
}

const maxout = (output: string, rest: object = {}) => ({
  name: 'maxout',
  generator: { hidden: [2], output },
  ...rest,
});

describe('the first bias', () => {
  // three of six are white, then five of six; of the pixel that is always black the mean is taken for 1e-7
  it.each<[output: string, sixths: [number, number], bias: [number, number]]>([
    ['sigmoid', [3, 5], [0, Math.log(5)]],
    ['tanh', [3, 5], [0, Math.log(5) / 2]],
    ['linear', [3, 5], [0, 4 / 6]],
    ['sigmoid', [0, 6], [-Math.log(1e7 - 1), Math.log(1e7 - 1)]],
    ['tanh', [0, 6], [-Math.log(1e7 - 1) / 2, Math.log(1e7 - 1) / 2]],
    ['linear', [0, 6], [-1, 1]],
  ])('of a %s output and pixels that %j sixths of the items have is %j', async (output, sixths, expected) => {
    const { bias } = await biasOf(maxout(output), itemsOf(PIXELS, sixths));
    expect(bias!.entry.name).toBe('output/bias');
    expect(Array.from(bias!.values)).toEqual(expected.map((value) => expect.closeTo(value, 6)));
  });

  it.each<[name: string, model: object, shape: number[]]>([
    ['maxout, sigmoid', maxout('sigmoid'), PIXELS],
    ['maxout, tanh', maxout('tanh'), PIXELS],
    ['maxout, linear, a span', maxout('linear', { span: 4 }), PIXELS],
    ['maxout, tanh, a span', maxout('tanh', { span: 2 }), PIXELS],
    ['maxout, sigmoid, a span', maxout('sigmoid', { span: 2 }), PIXELS],
    ['mlp, sigmoid', { name: 'mlp', generator: { hidden: [2], output: 'sigmoid' } }, PIXELS],
    ['mlp, linear', { name: 'mlp', generator: { hidden: [2] } }, PIXELS],
    ['maxout-conv', { name: 'maxout-conv', generator: { hidden: 4, channels: 2 }, span: 4 }, [13, 12, 3]],
    [
      'maxout-conv, sigmoid',
      { name: 'maxout-conv', generator: { hidden: 4, channels: 2, output: 'sigmoid' } },
      [12, 13, 1],
    ],
  ])('of %s is that with which G makes the means', async (_, model, shape) => {
    const { architecture, bias } = await biasOf(model, itemsOf(shape, [1, 5], [-0.6, 0.3]));
    const { entry, values } = bias!;
    const vector = new Float32Array(architecture.generator.manifest.size);
    vector.set(values, entry.offset);
    const drawer = new SampleDrawer({ architecture, latentDistribution: 'normal' });
    const weights = tf.tensor1d(vector);
    const item = Array.from(drawer.draw(weights, { count: 1, seed: 1 }));
    drawer.dispose();
    weights.dispose();
    const means = [-0.6 + 0.9 / 6, -0.6 + (5 * 0.9) / 6];
    expect(item).toEqual(item.map((__, p) => expect.closeTo(means[p % 2]!, 5)));
  });

  it('is of sums in double precision, one item after another', async () => {
    const tenth = Math.fround(0.1);
    const { bias } = await biasOf(maxout('linear'), itemsOf(PIXELS, [6, 3], [-1, tenth]));
    let sum = 0;
    for (let i = 0; i < COUNT; i++) sum += i % 6 < 3 ? tenth : -1;
    expect(Array.from(bias!.values)).toEqual([tenth, Math.fround(sum / COUNT)]);
  });

  it('is drawn where nobody asks for more', async () => {
    expect((await biasOf(maxout('sigmoid'), itemsOf(PIXELS, [3, 5]), 'drawn')).bias).toBeUndefined();
    expect(runConfig.parse({ data: { source: 'ring' }, model: { name: 'mlp' } }).init.outputBias).toBe(
      'drawn',
    );
  });
});

describe('what has no such bias is refused:', () => {
  const says =
    /^init\.outputBias: pixel-means takes a G .* model (dcgan|sngan) has none; expected model\.name mlp, /;

  it.each(['dcgan', 'sngan'])('%s', async (name) => {
    await expect(biasOf({ name }, itemsOf([8, 8, 1], [3, 5]))).rejects.toMatchObject({
      fault: 'usage',
      message: expect.stringMatching(says),
    });
  });

  it('a network whose pictures are still to be decoded', async () => {
    const data = { source: 'images', path: folderWith({ 'a.png': Buffer.from('no picture') }) };
    const config = runConfig.parse({ data, model: { name: 'dcgan' }, init: { outputBias: 'pixel-means' } });
    await expect(openRun(config)).rejects.toThrow(says);
  });

  it.each(['ring', 'grid', 'gaussian-1d'])('data of points: %s', (source) => {
    const init = { outputBias: 'pixel-means' };
    const { error } = runConfig.safeParse({ data: { source }, model: { name: 'mlp' }, init });
    expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      [
        'init.outputBias',
        `pixel-means are those of stored items, and 'data.source' is ${source}, of which points are drawn: say drawn, or choose data of pictures`,
      ],
    ]);
  });
});
