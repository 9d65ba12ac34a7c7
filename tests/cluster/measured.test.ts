// Goal: what a person is shown of a run is so. Method: one run whose D is a critic, on numbers of one dimension, with all its processes.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nash, resultOf, scratch, trainWords } from '../support/nash.js';

const STEPS = 40;
const RUN = 'critic';

it('a critic has neither accuracy nor V, anywhere, but its means; real items are drawn beside the samples', async () => {
  const words = trainWords(
    RUN,
    'configs/ring.yaml',
    {
      'loss.name': 'wasserstein',
      'data.source': 'gaussian-1d',
      'evaluation.everySteps': STEPS,
      'stop.generatorSteps': STEPS,
    },
    ['--workers', 'any=1'],
  );
  const { exitCode, stdout, stderr } = await nash(...words);
  expect([exitCode, stderr]).toEqual([0, '']);
  const file = (name: string) => join(scratch(RUN), name);
  const { metrics } = resultOf(RUN);
  const mean = (source: string) => metrics[`gan_critic_mean{source="${source}"}`]!;
  expect(metrics.gan_critic_difference).toBeCloseTo(mean('real') - mean('fake'), 5);
  expect(metrics['gan_loss{net="discriminator"}']).toBeCloseTo(-metrics.gan_critic_difference!, 5);
  const lines = readFileSync(file('metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ kind }) => kind === 'step').at(-1)).toMatchObject({
    criticReal: mean('real'),
    criticFake: mean('fake'),
    criticDifference: metrics.gan_critic_difference,
  });
  const said = [stdout, JSON.stringify(metrics), JSON.stringify(lines)].join();
  expect(stdout).toMatch(/critic real -?\d\.\d{3} fake -?\d\.\d{3} apart -?\d\.\d{3}/);
  expect(said).not.toMatch(/accuracy|value_?function|right on real/i);
  for (const name of ['real.png', 'points-latest.png', 'collapse.png'])
    expect(existsSync(file(`figures/${name}`)), name).toBe(true);
}, 60_000);
