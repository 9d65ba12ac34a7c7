// Every mistake that a person can make gets its exit status and one message, and leaves nothing behind.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nash, scratch, syntheticCifar, syntheticMnist, trainWords } from '../support/nash.js';

const RING = 'configs/ring.yaml';
const SMALL = { 'stop.generatorSteps': 3, 'minibatch.size': 8, 'evaluation.everySteps': 1000 };

let taken: Server;
let port = 0;
beforeAll(async () => {
  taken = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => taken.once('listening', listening));
  port = (taken.address() as { port: number }).port;
  const finished = await nash(...trainWords('whole', RING, SMALL));
  expect([finished.exitCode, finished.stderr]).toEqual([0, '']);
});
afterAll(() => void taken.close());

/** A copy of the finished run, to be spoiled. */
function spoiled(name: string, spoil: (folder: string) => void): string {
  const folder = scratch(name);
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  for (const file of ['config.yaml', 'checkpoints/step-3.safetensors']) {
    writeFileSync(join(folder, file), readFileSync(join(scratch('whole'), file)));
  }
  spoil(folder);
  return folder;
}
const flipByte = (file: string, at: number) => {
  const bytes = readFileSync(file);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  writeFileSync(file, bytes);
};
const broken = (name: string, file: string, bytes: Uint8Array | string): string => {
  const folder = scratch(name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), bytes);
  return folder;
};

/** [what, words, exit status, message]; `fresh` must not exist afterwards. */
const ROWS: [what: string, words: () => string[], exitCode: number, says: RegExp][] = [
  ['no command', () => [], 2, /Usage: nash/],
  ['an unknown command', () => ['tran'], 2, /unknown command 'tran'[\s\S]*Did you mean train/],
  ['an unknown option', () => ['train', RING, '--fast'], 2, /unknown option '--fast'/],
  ['no config', () => ['train'], 2, /missing required argument 'config'/],
  [
    'a config that is not there',
    () => trainWords('fresh', 'configs/absent.yaml', {}),
    2,
    /configs\/absent.yaml cannot be read/,
  ],
  ['a folder for a config', () => trainWords('fresh', 'configs', {}), 2, /cannot be read/],
  [
    'an unknown key',
    () => trainWords('fresh', RING, { 'optimiser.name': 'adam' }),
    2,
    /unknown key 'optimiser'; did you mean 'optimizer'/,
  ],
  [
    'a wrong value',
    () => trainWords('fresh', RING, { 'minibatch.size': 'large' }),
    2,
    /'minibatch.size' is "large"/,
  ],
  [
    'shards that do not divide',
    () => trainWords('fresh', RING, { 'minibatch.shards': 7 }),
    2,
    /7 shards do not divide/,
  ],
  [
    'a network that cannot make the data',
    () => trainWords('fresh', RING, { model: '{name: dcgan}' }),
    2,
    /dcgan needs square images/,
  ],
  [
    'workers that are no counts',
    () => trainWords('fresh', RING, {}, ['--workers', 'generators=2']),
    2,
    /'generators=2' is no count of workers/,
  ],
  [
    'a negative count of workers',
    () => trainWords('fresh', RING, {}, ['--workers', 'any=-1']),
    2,
    /no count of workers/,
  ],
  [
    '--resume with --force',
    () => trainWords('fresh', RING, {}, ['--resume', '--force']),
    2,
    /give one of them/,
  ],
  ['a folder that holds a run', () => trainWords('whole', RING, SMALL), 2, /already holds a run\. --resume/],
  ['a file for a run folder', () => ['train', RING, '--run-dir', 'package.json'], 2, /is a file/],
  [
    'a run folder where the system makes none',
    () => ['train', RING, '--run-dir', '/proc/nash/run'],
    3,
    /the run folder \/proc\/nash\/run cannot be written/,
  ],
  [
    'a run to resume that is not there',
    () => trainWords('fresh', RING, SMALL, ['--resume']),
    2,
    /holds no run/,
  ],
  [
    'a checkpoint that is not there',
    () => trainWords('whole', RING, SMALL, ['--resume', scratch('no.safetensors')]),
    2,
    /there is no such file or folder. Expected latest, a step that has a checkpoint/,
  ],
  [
    'a named checkpoint with a flipped bit',
    () => {
      const folder = spoiled('flipped', (f) => flipByte(join(f, 'checkpoints/step-3.safetensors'), -5));
      return trainWords('flipped', RING, SMALL, ['--resume', join(folder, 'checkpoints/step-3.safetensors')]);
    },
    2,
    /damaged/,
  ],
  [
    'a named checkpoint cut short',
    () => {
      const folder = spoiled('short', (f) => {
        const file = join(f, 'checkpoints/step-3.safetensors');
        writeFileSync(file, readFileSync(file).subarray(0, 1000));
      });
      return trainWords('short', RING, SMALL, ['--resume', join(folder, 'checkpoints/step-3.safetensors')]);
    },
    2,
    /damaged/,
  ],
  [
    'other settings on resume',
    () => trainWords('whole', RING, { ...SMALL, seed: 2 }, ['--resume']),
    2,
    /seed was 1, now 2/,
  ],
  [
    'a taken HTTP port',
    () => trainWords('fresh', RING, { ...SMALL, 'server.http': `127.0.0.1:${port}` }),
    3,
    /server.http 127.0.0.1:\d+ cannot be bound/,
  ],
  [
    'a taken ZeroMQ port',
    () => trainWords('fresh', RING, { ...SMALL, 'server.endpoint': `tcp://127.0.0.1:${port}` }),
    3,
    /server.endpoint .* cannot be bound/,
  ],
  [
    "an address that is not this host's",
    () =>
      trainWords('fresh', RING, {
        ...SMALL,
        'server.endpoint': 'tcp://192.0.2.1:5555',
        'server.trustedNetwork': 'true',
      }),
    3,
    /cannot be bound/,
  ],
  [
    'a GPU where there is none',
    () => trainWords('fresh', RING, { ...SMALL, 'device.kind': 'gpu' }),
    3,
    /asks for a GPU/,
  ],
  [
    'a data folder that is not there',
    () => trainWords('fresh', 'configs/mnist-gan.yaml', { 'data.path': scratch('nowhere') }),
    2,
    /nowhere/,
  ],
  [
    'a truncated CIFAR-10 file',
    () => {
      const folder = broken('cut-cifar', 'data_batch_1.bin', new Uint8Array(3073 * 2 - 1));
      return trainWords('fresh', 'configs/cifar10-dcgan.yaml', { 'data.path': folder });
    },
    2,
    /data_batch_1.bin/,
  ],
  [
    'a CIFAR-10 label out of range',
    () => {
      const folder = broken('label-cifar', 'some.bin', new Uint8Array(3073 * 2).fill(11));
      return trainWords('fresh', 'configs/cifar10-dcgan.yaml', { 'data.path': folder });
    },
    2,
    /some.bin/,
  ],
  [
    'an IDX file with a wrong magic number',
    () => {
      broken('magic-mnist', 'train-labels-idx1-ubyte', new Uint8Array(800));
      const folder = broken('magic-mnist', 'train-images-idx3-ubyte', new Uint8Array(800));
      return trainWords('fresh', 'configs/mnist-gan.yaml', { 'data.path': folder });
    },
    2,
    /train-images-idx3-ubyte/,
  ],
  [
    'MNIST files for CIFAR-10',
    () => trainWords('fresh', 'configs/cifar10-dcgan.yaml', { 'data.path': syntheticMnist() }),
    2,
    /cifar/i,
  ],
  [
    'an image that is none',
    () => {
      const folder = broken('bad-image', 'a.png', 'this is no picture');
      return trainWords('fresh', 'configs/cifar10-dcgan.yaml', {
        data: `{source: images, path: ${folder}, size: 32}`,
      });
    },
    2,
    /a\.png/,
  ],
  ['a worker without a server to go to', () => ['worker', '--pool', 'generator'], 2, /give --endpoint/],
  [
    'a worker with an odd endpoint',
    () => ['worker', '--endpoint', 'here'],
    2,
    /expected tcp:\/\/address:port/,
  ],
  [
    'an unknown pool',
    () => ['worker', '--pool', 'critic'],
    2,
    /Allowed choices are discriminator, generator, any/,
  ],
  ['status before any end', () => ['status', spoiled('endless', () => {})], 2, /server is not running/],
  ['stopping what does not run', () => ['stop', scratch('nowhere')], 2, /no such folder/],
  [
    'samples of a folder without a run',
    () => ['sample', scratch('nowhere'), '--count', '4', '--out', scratch('fresh.npy')],
    2,
    /holds no run/,
  ],
  [
    'samples into an unknown format',
    () => ['sample', scratch('whole'), '--count', '4', '--out', scratch('fresh.gif')],
    2,
    /\.npy, \.png, \.safetensors/,
  ],
  [
    'no samples at all',
    () => ['sample', scratch('whole'), '--count', '0', '--out', scratch('fresh.npy')],
    2,
    /whole number from 1/,
  ],
];

describe('nash refuses', () => {
  it.each(ROWS)('%s', async (_, words, exitCode, says) => {
    const finished = await nash(...words());
    expect(finished.stderr).toMatch(says);
    expect(finished.exitCode).toBe(exitCode);
    expect(finished.stderr).not.toMatch(/\n\s+at .*:\d+/); // no stack trace
    for (const left of ['fresh', 'fresh.npy', 'fresh.gif'])
      expect(existsSync(scratch(left)), left).toBe(false);
  });

  it('nothing of a run whose newest checkpoint is damaged: it warns and takes the one before', async () => {
    const words = (rest: string[]) => trainWords('two', RING, { ...SMALL, 'checkpoint.everySteps': 2 }, rest);
    expect((await nash(...words([]))).exitCode).toBe(0);
    const checkpoints = join(scratch('two'), 'checkpoints');
    expect(readdirSync(checkpoints).sort()).toEqual(['step-2.safetensors', 'step-3.safetensors']);
    const weights = JSON.parse(readFileSync(join(scratch('two'), 'result.json'), 'utf8')).weights;
    flipByte(join(checkpoints, 'step-3.safetensors'), -5);
    const resumed = await nash(...words(['--resume']));
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stderr).toMatch(/warning: .*step-3.safetensors is damaged/);
    expect(JSON.parse(readFileSync(join(scratch('two'), 'result.json'), 'utf8')).weights).toEqual(weights);
  });

  it('nothing of a well-meant run: the same words without the mistake train', async () => {
    const words = trainWords('fine', 'configs/cifar10-dcgan.yaml', {
      ...SMALL,
      'model.width': 2,
      'data.path': syntheticCifar(),
    });
    expect((await nash(...words)).exitCode).toBe(0);
  });
});
