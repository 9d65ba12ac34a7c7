// Goal: whoever is killed, whenever, the server included, a run ends with the weights of the undisturbed one. Three of the runs that
// `npm run soak -- --runs 50` makes.
import { expect, it } from 'vitest';
import { type Ended, killedRun } from '../soak/killed-run.mjs';
import { scratch } from '../support/nash.js';

const STEPS = 300;
const env = { NASH_CACHE: scratch('cache') };

it('three runs with random kills end with the weights of the undisturbed run', async () => {
  const undisturbed = await killedRun({
    runDir: scratch('undisturbed'),
    steps: STEPS,
    workers: 'any=1',
    env,
  });
  expect([undisturbed.exitCode, undisturbed.trouble]).toEqual([0, '']);
  const all: Ended[] = [];
  for (let seed = 101; seed <= 103; seed++) {
    const kill = { seed, fromMs: 100, toMs: 1500, countMax: 6 }; // on a busy machine it would go on for minutes
    const workers = 'discriminator=2,generator=2';
    const ended = await killedRun({ runDir: scratch('killed'), steps: STEPS, workers, env, kill });
    expect([ended.exitCode, ended.trouble], `seed ${seed}`).toEqual([0, '']);
    expect(ended.result.weights, `seed ${seed}, killed: ${JSON.stringify(ended.kills)}`).toEqual(
      undisturbed.result.weights,
    );
    expect(ended.result.restarts).toBeGreaterThanOrEqual(ended.restartsMin);
    expect(ended.result.restarts).toBeLessThanOrEqual(ended.restartsMax);
    all.push(ended);
  }
  const names = all.flatMap(({ kills }) => kills.map(({ name }) => name));
  expect(names).toContain('server');
  expect(names.length).toBeGreaterThanOrEqual(6);
}, 600_000);
