// Goal: a worker with --delay-ms takes part in everything but computing, says so, and takes the time that it was told to take.
import { expect, it } from 'vitest';
import { nash, resultOf, scratch, start, statusWhen } from '../support/nash.js';

const DELAY_MS = 20;
const STEPS = 10;
const SHARDS = 4;

it('workers that only sleep carry a run to its end, in no less than their sleep', async () => {
  const sets = { 'server.http': '127.0.0.1:0', 'minibatch.shards': SHARDS, 'stop.generatorSteps': STEPS };
  const words = Object.entries(sets).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const server = start(['server', 'configs/ring.yaml', '--run-dir', scratch('delayed'), ...words]);
  await statusWhen('delayed', 'the server to listen', () => true);
  const worker = start(['worker', '--run-dir', scratch('delayed'), '--delay-ms', String(DELAY_MS)]);
  const status = await statusWhen('delayed', 'the worker to be ready', ({ step }) => step.generator > 0);
  expect(status.workers).toMatchObject([{ device: `none: noise after ${DELAY_MS} ms a shard` }]);
  expect((await server.finished).exitCode).toBe(0);
  const { exitCode, stdout } = await worker.finished;
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('noise') });
  expect(resultOf('delayed').seconds).toBeGreaterThanOrEqual((2 * STEPS * SHARDS * DELAY_MS) / 1000);
});

it('a delay that is no number is refused', async () => {
  const { exitCode, stderr } = await nash('worker', '--run-dir', scratch('none'), '--delay-ms', 'soon');
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: 'nash: --delay-ms soon: expected milliseconds, such as 50\n',
  });
});
