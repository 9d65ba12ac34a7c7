// Goal: the distances of a one-dimensional game to its optimum. Method: normal quantiles for samples, whose total variation from another
// normal is known (2 Phi(shift / 2) - 1), logits solved by hand.
import { expect, it } from 'vitest';
import { oneDimension, sigmoid } from '../../../src/evaluation/one-dimension.js';

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
