// Goal: what G's samples are made of is what the config says. Method: many are drawn, and looked at: a truncated normal's bound and variance
// by hand, one-hot numbers, shares and ranges of codes.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { runConfig } from '../../../src/config/run-config.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { drawLatents } from '../../../src/steps/latents.js';
import { architectureOf, judgesItems } from '../../../src/steps/steps.js';
import { useTensorFlow } from '../../support/steps.js';

beforeAll(useTensorFlow);

const BATCH = 4000;

/** Rows of latents. */
function drawn(model: object): number[][] {
  const options = modelOptions.parse({ name: 'mlp', ...model });
  const architecture = buildArchitecture(options, [2]);
  return tf.tidy(() => {
    const seeds = new SeedSource(tf.tensor1d([3, 4], 'int32'));
    const { latentDistribution } = options;
    return drawLatents({ architecture, latentDistribution, batch: BATCH }, seeds).arraySync() as number[][];
  });
}

const meanOf = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

it('truncated latents lie within two deviations, with the variance of such a normal', () => {
  const values = drawn({ latent: 2, latentDistribution: 'truncated' }).flat();
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(2);
  expect(Math.max(...values)).toBeGreaterThan(1.9);
  expect(meanOf(values)).toBeCloseTo(0, 1);
  // 1 - 2 * 2 phi(2) / (2 Phi(2) - 1) = 1 - 4 * 0.05399 / 0.95450
  expect(meanOf(values.map((v) => v * v))).toBeCloseTo(0.7737, 1);
});

it('codes come after noise: one-hot numbers of each category, all as often, and numbers on [-1, 1]', () => {
  const rows = drawn({ latent: 8, latentCodes: { categories: [3, 2], continuous: 2 } });
  const [noise, three, two, continuous] = [
    [0, 1],
    [1, 4],
    [4, 6],
    [6, 8],
  ].map(([from, to]) => rows.map((row) => row.slice(from, to)));
  expect(meanOf(noise!.flat().map((v) => v * v))).toBeCloseTo(1, 1);
  for (const [category, values] of [
    [three!, 3],
    [two!, 2],
  ] as const) {
    for (const one of category) expect([...one].sort()).toEqual([...new Array(values - 1).fill(0), 1]);
    for (let i = 0; i < values; i++)
      expect(meanOf(category.map((one) => one[i]!))).toBeCloseTo(1 / values, 1);
  }
  expect(meanOf(three!.map((one, i) => one[0]! * two![i]![0]!))).toBeCloseTo(1 / 6, 1); // apart from each other
  const numbers = continuous!.flat();
  expect(Math.min(...numbers)).toBeLessThan(-0.99);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(-1);
  expect(meanOf(numbers.map((v) => v * v))).toBeCloseTo(1 / 3, 1);
});

it('codes that leave no latents for noise are refused', () => {
  const model = (latent: number) => () => drawn({ latent, latentCodes: { categories: [3] } });
  expect(model(3)).toThrow(
    'model.latentCodes are 3 numbers, of latents of shape [3]: some have to be left for noise. Raise model.latent, or take codes away.',
  );
  expect(model(4)).not.toThrow();
});

it('codes that D is to tell are refused where it gives one number, or for packed items', () => {
  const latentCodes = { categories: [3], weight: 1 };
  for (const wrong of [{ conditional: 'projection' }, { packing: 2 }])
    expect(() => drawn({ latent: 8, latentCodes, ...wrong })).toThrow(
      /^model.latentCodes.weight asks D for the codes of each item, and model.conditional is .*, model.packing [12]: .* leave the weight out\.$/,
    );
  const architecture = buildArchitecture(modelOptions.parse({ name: 'mlp', latent: 8, latentCodes }), [2]);
  expect(architecture.discriminator.outputShape).toEqual([1 + 3]);
});

it('a G that takes none has no path length, and D of pairs says nothing of one item alone', () => {
  const of = (penalties: object) =>
    runConfig.parse({
      data: { source: 'cifar10', pairs: { name: 'grayscale' } },
      model: { name: 'pix2pix', width: 2 },
      penalties,
    });
  expect(() => architectureOf(of({ generator: [{ name: 'path-length' }] }), [16, 16, 3])).toThrow(
    /^the penalty path-length follows latents, and the run's G takes none: leave it out/,
  );
  const config = of({});
  const architecture = architectureOf(config, [16, 16, 3]);
  expect(architecture.generator.inputs).toEqual({ condition: [16, 16, 1] });
  expect(judgesItems(config, architecture)).toBe(false);
});
