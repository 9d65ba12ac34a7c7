// Goal: an evaluator that has nothing to do keeps its place: each time that it came anew it would load its data and train its classifier
// again. And one whose data have nothing to measure says so and stays. Method: a run whose workers sleep through two seconds an iteration,
// with no evaluation between its ends; a run of four equal pictures.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { FORGOTTEN_MS } from '../../src/protocol/timing.js';
import { nash, resultOf, scratch, start, statusWhen, trainWords } from '../support/nash.js';

const STEPS = 5;
const RUN = scratch('quiet');

it('an evaluator that is asked nothing for long stays', async () => {
  const sets = { 'server.http': '127.0.0.1:0', 'stop.generatorSteps': STEPS, 'minibatch.shards': 4 };
  const words = Object.entries(sets).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const server = start(['server', 'configs/ring.yaml', '--run-dir', RUN, '--expect-evaluator', ...words]);
  await statusWhen('quiet', 'the server to listen', () => true);
  start(['evaluator', '--run-dir', RUN]);
  await statusWhen('quiet', 'the evaluator', ({ workers }) => workers.some(({ state }) => state === 'idle'));
  start(['worker', '--run-dir', RUN, '--delay-ms', '250']);
  expect((await server.finished).exitCode).toBe(0);
  const log = readFileSync(join(RUN, 'logs', 'server.ndjson'), 'utf8')
    .trimEnd()
    .split('\n');
  const events = log.map((line) => JSON.parse(line)).filter(({ peer }) => peer === 'evaluator');
  expect(events.map(({ msg }) => msg)).toEqual(['worker ready']);
  const result = JSON.parse(readFileSync(join(RUN, 'result.json'), 'utf8'));
  expect(1000 * result.seconds).toBeGreaterThan(1.5 * FORGOTTEN_MS);
});

it('equal pictures are trained on; what cannot be measured of them is left out by name', async () => {
  const pictures = scratch('equal');
  mkdirSync(pictures);
  const grey = new PNG({ width: 16, height: 16 });
  grey.data.fill(128);
  for (const name of 'abcd') writeFileSync(join(pictures, `${name}.png`), PNG.sync.write(grey));
  const sets = {
    'data.source': 'images',
    'data.path': pictures,
    'data.size': 16,
    'model.width': 4,
    'minibatch.size': 4,
    'stop.generatorSteps': 6,
  };
  const words = trainWords('equal-run', 'configs/cifar10-dcgan.yaml', sets, ['--workers', 'any=1']);
  const { exitCode, stderr } = await nash(...words);
  expect([exitCode, stderr]).toEqual([0, expect.not.stringMatching(/error|died/)]);
  expect(resultOf('equal-run').steps.generator).toBe(6);
  const log = readFileSync(join(scratch('equal-run'), 'logs', 'evaluator.ndjson'), 'utf8');
  const { measures } = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .find(({ msg }) => msg === 'measures left out');
  expect(measures).toMatchObject({ gan_sample_diversity_ratio: 'the real images are all alike' });
  expect(log.match(/"msg":"started"/g)).toHaveLength(1);
});
