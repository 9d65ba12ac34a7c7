// Goal: an evaluator that has nothing to do keeps its place. Each time that it came anew it would load its data and train its
// classifier again. Method: a run whose workers sleep through two seconds an iteration, and no evaluation between its ends.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FORGOTTEN_MS } from '../../src/protocol/timing.js';
import { scratch, start, statusWhen } from '../support/nash.js';

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
}, 60_000);
