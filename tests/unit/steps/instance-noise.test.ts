// Goal: D is shown real and generated items with noise that dies away, the same whoever computes. Method: noise on nothing, whose deviation
// is measured; the line by hand; a run by one worker and by two, against the reference trainer, which is without noise after its steps.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { deviationAt, noisy } from '../../../src/augmentation/instance-noise.js';
import { runConfig } from '../../../src/config/run-config.js';
import { mixtureSource } from '../../../src/data/mixture.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { trainReference } from '../../../src/reference-trainer.js';
import { trainLocally } from '../../support/local-run.js';
import { useTensorFlow } from '../../support/steps.js';

beforeAll(useTensorFlow);

it("falls in a line with G's steps, and stays away", () => {
  const noise = { deviation: 0.4, steps: 4 };
  expect([0, 1, 3, 4, 9].map((step) => deviationAt(noise, step))).toEqual([
    0.4, 0.30000000000000004, 0.1, 0, 0,
  ]);
});

it('has the deviation that it is given, and is another for each draw', () => {
  tf.tidy(() => {
    const seeds = new SeedSource(tf.tensor1d([1, 2], 'int32'));
    const [a, b] = [1, 2].map(() => noisy(tf.zeros([100, 10, 10, 1]), tf.tensor1d([0.5]), seeds));
    expect(tf.moments(a!).variance.dataSync()[0]).toBeCloseTo(0.25, 1);
    expect(a!.dataSync()).not.toEqual(b!.dataSync());
    expect(noisy(tf.ones([2]), tf.tensor1d([0]), seeds).arraySync()).toEqual([1, 1]);
  });
});

it('gives the same bits for one worker and two, as the reference trainer has it', async () => {
  const given = (instanceNoise?: object) => ({
    data: { source: 'ring' },
    model: { name: 'mlp', generator: { hidden: [8] }, discriminator: { hidden: [8] } },
    minibatch: { size: 8, shards: 2 },
    schedule: { discriminatorSteps: 2 },
    ...(instanceNoise && { instanceNoise }),
  });
  const source = () => mixtureSource({ source: 'ring', modes: 8, radius: 1, deviation: 0.01 });
  const run = (config: object, workers: number) =>
    trainLocally(config, { source: source(), rounds: 4, workers });
  const noise = given({ deviation: 0.5, steps: 3 });
  const [alone, shared, plain] = [await run(noise, 1), await run(noise, 2), await run(given(), 1)];
  expect(shared.discriminator).toEqual(alone.discriminator);
  expect(shared.generator).toEqual(alone.generator);
  const reference = trainReference(runConfig.parse(noise), source(), 4);
  const distance = (a: Float32Array, b: Float32Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i]!)));
  expect(distance(alone.discriminator, reference.discriminator)).toBeLessThan(1e-5);
  expect(distance(alone.generator, reference.generator)).toBeLessThan(1e-5);
  expect(distance(alone.discriminator, plain.discriminator)).toBeGreaterThan(1e-4);
  expect(distance(alone.generator, plain.generator)).toBeGreaterThan(1e-4);
});
