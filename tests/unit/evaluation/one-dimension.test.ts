// Goal: the distances of a one-dimensional game to its optimum. Method: normal quantiles for samples, whose total variation from another
// normal is known (2 Phi(shift / 2) - 1), logits solved by hand.
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { spaced } from '../../../src/cli/one-dimension.js';
import { mixtureSource } from '../../../src/data/mixture.js';
import { drawAnimation } from '../../../src/evaluation/animation.js';
import { metricsNamed, prepareMeasures } from '../../../src/evaluation/measures/measures.js';
import { oneDimension, sigmoid } from '../../../src/evaluation/measures/one-dimension.js';

const DATA = { mean: 4, deviation: 0.5 };
const COUNT = 100_000;

/** Evenly spaced quantiles of a normal distribution, by bisection of its distribution function (Abramowitz and Stegun 26.2.17). */
function quantiles(mean: number, deviation: number): Float32Array {
  const below = (z: number): number => {
    const t = 1 / (1 + 0.2316419 * Math.abs(z));
    const tail =
      (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
      t *
      (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return z > 0 ? 1 - tail : tail;
  };
  return Float32Array.from({ length: COUNT }, (_, i) => {
    let [low, high] = [-8, 8];
    for (let k = 0; k < 40; k++) {
      const middle = (low + high) / 2;
      if (below(middle) < (i + 0.5) / COUNT) low = middle;
      else high = middle;
    }
    return mean + deviation * low;
  });
}

const at = Array.from({ length: 61 }, (_, i) => DATA.mean + DATA.deviation * (i / 10 - 3));
const constant = (logit: number) => ({
  generatedLogits: new Float32Array(10).fill(logit),
  realLogits: new Float32Array(10).fill(logit),
  support: { at, logits: new Float32Array(61).fill(logit) },
});

it('at the optimum all distances are 0, and the value is -log 4', () => {
  const found = oneDimension(DATA, { generated: quantiles(4, 0.5), ...constant(0) });
  expect(found.total_variation_ratio).toBeLessThan(1e-3);
  expect(Math.abs(found.js_divergence_nats)).toBeLessThan(1e-4);
  expect(found.discriminator_distance_ratio).toBe(0);
  expect(found.optimal_discriminator_distance_ratio).toBeLessThan(1e-2);
  expect(found.value_function_nats).toBeCloseTo(-Math.log(4), 6);
});

it('a shift by one deviation has the total variation of two normals, 2 Phi(1/2) - 1', () => {
  const found = oneDimension(DATA, { generated: quantiles(4.5, 0.5), ...constant(0) });
  expect(found.total_variation_ratio).toBeCloseTo(0.3829, 2);
});

it('samples beyond the support are as far as can be', () => {
  const found = oneDimension(DATA, { generated: new Float32Array(100).fill(40), ...constant(0) });
  expect(found.total_variation_ratio).toBeGreaterThan(0.995);
  expect(found.js_divergence_nats).toBeGreaterThan(0.98 * Math.log(2));
});

it("D's distances and the value are those of its probabilities", () => {
  const logit = Math.log(3); // D = 3/4
  expect(sigmoid(logit)).toBeCloseTo(0.75, 12);
  const found = oneDimension(DATA, { generated: quantiles(4, 0.5), ...constant(logit) });
  expect(found.discriminator_distance_ratio).toBeCloseTo(0.25, 6);
  expect(found.optimal_discriminator_distance_ratio).toBeCloseTo(0.25, 2);
  expect(found.value_function_nats).toBeCloseTo(Math.log(0.75) + Math.log(0.25), 6);
});

it("G's loss is -log D of samples", () => {
  const found = oneDimension(DATA, { generated: quantiles(4, 0.5), ...constant(Math.log(3)) });
  expect(found.generator_loss_nats).toBeCloseTo(-Math.log(0.75), 6);
});

it('the evaluator has the distances of samples of one Gaussian, and says that a ring has none', () => {
  const of = (source: ReturnType<typeof mixtureSource>, samples: Float32Array) => {
    const reference = { source, real: samples, size: source.shape[0]! };
    const { measure, leftOut } = prepareMeasures(reference, { asked: metricsNamed('gaussian-divergence')! });
    return { found: measure(samples), leftOut };
  };
  const shifted = of(mixtureSource({ source: 'gaussian-1d', ...DATA }), quantiles(4.5, 0.5)).found;
  expect(shifted.gan_total_variation_ratio).toBeCloseTo(0.3829, 2);
  const ring = mixtureSource({ source: 'ring', modes: 8, radius: 1, deviation: 0.01 });
  const pair = { ...mixtureSource({ source: 'gaussian-1d', ...DATA }), modes: [[0], [4]] };
  for (const other of [ring, pair])
    expect(of(other, new Float32Array(200)).leftOut.gan_js_divergence_nats).toMatch(/one Gaussian/);
});

it('the evaluator has the distance of D from the best one for its G, and what the value lacks of -log 4 + 2 JS', () => {
  const source = mixtureSource({ source: 'gaussian-1d', ...DATA });
  const real = quantiles(4, 0.5);
  const reference = { source, real, size: 1, generator: true, discriminator: true };
  const asked = metricsNamed('optimal-discriminator')!;
  const of = (samples: Float32Array, logitOf: (x: number) => number) => {
    const nets = { latentSize: 1, latents: () => samples, drawAt: () => samples };
    const players = { ...nets, logits: (items: Float32Array) => items.map(logitOf) };
    return prepareMeasures(reference, { asked }).measure(samples, { players });
  };
  const threeQuarters = of(real, () => Math.log(3));
  expect(threeQuarters.gan_discriminator_distance_ratio).toBeCloseTo(0.25, 6);
  expect(threeQuarters.gan_optimal_discriminator_distance_ratio).toBeCloseTo(0.25, 2);
  expect(threeQuarters.gan_optimal_value_function_nats).toBeCloseTo(-Math.log(4), 3);
  // V = log 3/4 + log 1/4
  expect(threeQuarters.gan_value_function_shortfall_nats).toBeCloseTo(Math.log(4 / 3), 3);
  // G is one deviation off: the logit of D* is log p_data - log p_g = 1/2 - (x - 4) / deviation
  const best = of(quantiles(4.5, 0.5), (x) => 0.5 - (x - 4) / 0.5);
  expect(best.gan_optimal_discriminator_distance_ratio).toBeLessThan(0.02); // D* within a bin is one number
  expect(Math.abs(best.gan_value_function_shortfall_nats!)).toBeLessThan(0.003);
  expect(best.gan_optimal_value_function_nats).toBeGreaterThan(-1.2); // JS is .11 nats, half of which would be -1.28
  const { leftOut } = prepareMeasures({ ...reference, discriminator: false }, { asked });
  expect(leftOut.gan_discriminator_distance_ratio).toMatch(/no D that says of one number/);
});

it('moments lie closer at the beginning, and none is shown twice', () => {
  const steps = Array.from({ length: 10 }, (_, i) => i);
  expect([spaced(steps, 4), spaced([7], 4)]).toEqual([[0, 1, 4, 9], [7]]);
});

it('an animation has a page for each picture', async () => {
  const picture = (grey: number) => {
    const png = new PNG({ width: 8, height: 6 });
    png.data.fill(255).forEach((_, i) => {
      if (i % 4 < 3) png.data[i] = grey;
    });
    return PNG.sync.write(png);
  };
  const { pages, pageHeight, loop } = await sharp(
    await drawAnimation([picture(10), picture(99), picture(200)]),
    {
      animated: true,
    },
  ).metadata();
  expect([pages, pageHeight, loop]).toEqual([3, 6, 0]);
});
