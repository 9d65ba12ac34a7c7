// Goal: networks and a loss of one's own, from a folder that no package lies near, train over processes to the same bits however many
// there are, go on and are sampled after their source was deleted and the run moved; a worker with another text is sent home by name; a
// mistake ends the run before it leaves a folder. Method: real processes, weights compared.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nash, resultOf, scratch, start, statusWhen, until, workersOnly } from '../support/nash.js';

const NETS = `import * as tf from '@tensorflow/tfjs-core';
import { activation, dense, type Shape, network } from 'nash/models';
import { fourierFeatures } from './lib/fourier.js';

export default ({ latent, width }: { latent: number; width: number }, itemShape: Shape) => ({
  generator: network('generator', [latent], [
    dense('dense1', width), activation.relu('relu1'), dense('item', 2),
  ]),
  discriminator: network('discriminator', itemShape, [
    fourierFeatures('fourier', 8), dense('dense1', width), activation.leakyRelu('leaky1'), dense('logit', 1),
  ]),
});

export const loss = ({ margin }: { margin: number }) => ({
  discriminator: ({ real, fake }: Record<'real' | 'fake', tf.Tensor>) =>
    tf.add(tf.mean(tf.relu(tf.sub(margin, real))), tf.mean(tf.relu(tf.add(margin, fake)))),
  generator: ({ fake }: Record<'fake', tf.Tensor>) => tf.neg(tf.mean(fake)),
});
`;
const FOURIER = `import * as tf from '@tensorflow/tfjs-core';
import { type Layer, layer } from 'nash/models';

export const fourierFeatures = (name: string, count: number): Layer =>
  layer({
    name,
    outputShape: () => [2 * count],
    parameters: ([features]) => [
      { name: 'frequencies', shape: [features!, count], initializer: { kind: 'normal', deviation: 2 } },
    ],
    apply(x, { parameter }) {
      const angles = tf.matMul(x as tf.Tensor2D, parameter('frequencies') as tf.Tensor2D);
      return tf.concat([tf.sin(angles), tf.cos(angles)], 1);
    },
  });
`;
const CONFIG = `data: { source: ring }
model: { module: ./nets.ts, latent: 2, width: 16 }
loss: { module: ./nets.ts, margin: 0.5 }
minibatch: { size: 32, shards: 4 }
checkpoint: { everySteps: 10 }
evaluation: { everySteps: 100 }
server: { http: "127.0.0.1:0" }
`;

function writeGame(name: string, change = (text: string) => text): string {
  const folder = scratch(name);
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, 'nets.ts'), change(NETS));
  writeFileSync(join(folder, 'lib/fourier.ts'), FOURIER);
  writeFileSync(join(folder, 'game.yaml'), CONFIG);
  return join(folder, 'game.yaml');
}

const upTo = (steps: number) => ['--set', `stop.generatorSteps=${steps}`];

it('train to the same bits over 1 + 1 and 2 + 2 workers, and go on and are sampled without their source', async () => {
  const [one, two] = [1, 2].map((count) => workersOnly(`discriminator=${count},generator=${count}`));
  const wide = await nash(
    'train',
    writeGame('elsewhere'),
    '--run-dir',
    scratch('wide'),
    ...upTo(30),
    ...two!,
  );
  expect([wide.exitCode, wide.stderr]).toEqual([0, '']);

  const config = writeGame('game');
  expect((await nash('train', config, '--run-dir', scratch('first'), ...upTo(20), ...one!)).exitCode).toBe(0);
  writeGame('game', (text) => text.replace('activation.relu(', 'activation.tanh('));
  expect(await nash('train', config, '--run-dir', scratch('first'), '--resume', ...upTo(30))).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(
      /the text of model\.module had the hash [0-9a-f]{12}, now .* with which it goes on where no config is named: nash train --resume RUN_DIR/,
    ),
  });
  rmSync(scratch('game'), { recursive: true });
  renameSync(scratch('first'), scratch('moved'));
  const sampled = await nash('sample', scratch('moved'), '--count', '3', '--out', scratch('three.npy'));
  expect([sampled.exitCode, sampled.stderr]).toEqual([0, '']);
  const resumed = await nash('train', '--resume', scratch('moved'), ...upTo(30));
  expect([resumed.exitCode, resumed.stderr]).toEqual([0, '']);
  expect(resultOf('moved').weights).toEqual(resultOf('wide').weights);
  expect(readdirSync(scratch('moved/modules')).map((name) => name.replace(/^[0-9a-f]{64}/, ''))).toEqual([
    '.cjs',
    '.sources.txt',
  ]);
});

it('are refused on a worker whose file has another text, and taken from one that is named', async () => {
  const config = writeGame('served');
  const server = start(['server', config, '--run-dir', scratch('run'), ...upTo(20)]);
  const address = join(scratch('run'), 'server.json');
  const { endpoint } = await until('the server to listen', () =>
    existsSync(address) ? (JSON.parse(readFileSync(address, 'utf8')) as { endpoint: string }) : undefined,
  );
  writeGame('served', (text) => text.replace('activation.relu(', 'activation.tanh('));
  const [copy] = readdirSync(scratch('run/modules')).filter((name) => name.endsWith('.cjs'));
  const hash = copy!.slice(0, 12);
  const other = await nash('worker', '--endpoint', endpoint);
  expect(other).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(
      new RegExp(
        `text has the hash ${hash}, and on this host .*nets\\.ts has the hash (?!${hash})[0-9a-f]{12}.*--module FILE`,
      ),
    ),
  });
  expect(
    (await statusWhen('run', 'the refused worker to be gone', ({ workers }) => workers.length === 0)).step
      .generator,
  ).toBe(0);
  const fitting = await nash(
    'worker',
    '--endpoint',
    endpoint,
    '--module',
    join(scratch('run/modules'), copy!),
  );
  expect([fitting.exitCode, fitting.stderr]).toEqual([0, '']);
  expect((await server.finished).exitCode).toBe(0);
});

it('that are wrong leave no folder and start no worker', async () => {
  const wrong = writeGame('wrong', (text) =>
    text.replace(
      'latent], [',
      "latent], [\n    { ...activation.relu('noise'), apply: (x) => tf.add(x, tf.randomNormal(x.shape)) },",
    ),
  );
  const { exitCode, stdout, stderr } = await nash('train', wrong, '--run-dir', scratch('none'), ...upTo(5));
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^nash: .*nets\.ts:7: layer 'generator\/noise' cannot be compiled: [^\n]*\n$/);
  expect(existsSync(scratch('none'))).toBe(false);
});
