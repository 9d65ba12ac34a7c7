import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { updateCall } from '../../../src/numerics/vector-calls.js';
import { VectorMemory } from '../../../src/numerics/vector-memory.js';
import { averagingAt } from '../../../src/optimizers/averaging.js';
import { optimizerOf } from '../../../src/optimizers/optimizer.js';
import { optimizerOptions } from '../../../src/optimizers/options.js';
import { learningRateAt, momentumAt, power } from '../../../src/optimizers/rate-schedule.js';

interface Golden {
  cases: { options: { name: string }; weights: Record<string, number[]> }[];
}
const golden: Golden = JSON.parse(readFileSync('tests/golden/optimizers.json', 'utf8'));
const memory = new VectorMemory();

/** Runs an optimizer from `start`; `gradientAt` sees the weights and the count of updates, from 1; `seen` the new weights. */
function descend(
  options: unknown,
  start: number[],
  gradientAt: (weights: Float32Array, step: number) => number[],
  steps: number,
  seen: (step: number, weights: number[]) => void = () => {},
): number[] {
  const optimizer = optimizerOf(optimizerOptions.parse(options));
  const vector = () => memory.allocate(start.length);
  const [weights, gradient, state] = [vector(), vector(), optimizer.state.map(vector)];
  memory.write(weights, 0, Float32Array.from(start));
  for (let step = 1; step <= steps; step++) {
    memory.write(gradient, 0, Float32Array.from(gradientAt(memory.view(weights), step)));
    const scalars = optimizer.scalars(step);
    const measure = memory.run(
      updateCall({ kernel: optimizer.kernel, gradient, scale: 1, weights, state, scalars }),
    );
    expect(measure.finite).toBe(true);
    seen(step, [...memory.view(weights)]);
  }
  return [...memory.view(weights)];
}

describe('golden numbers of PyTorch in float64', () => {
  for (const { options, weights } of golden.cases) {
    it(`${JSON.stringify(options)} follows them over 1000 updates`, () => {
      const gradientAt = (w: Float32Array, t: number) =>
        Array.from(w, (_, i) => (((37 * i + 101 * t) % 64) - 32) / 16);
      const start = [0, 1, 2, 3, 4].map((i) => (i - 2) / 4);
      descend(options, start, gradientAt, 1000, (step, found) => {
        // 1000 roundings of weights below 2 in size: at most 1000 * 2^-24, and far less where they do not all go one way
        for (const [i, w] of (weights[step] ?? []).entries()) {
          expect(Math.abs(found[i]! - w), `element ${i}, update ${step}`).toBeLessThan(2e-5);
        }
      });
    });
  }
});

describe('descent', () => {
  const parabola = (w: Float32Array) => Array.from(w, (x, i) => 2 * (x - i) * (i + 1));
  const rosenbrock = ([x, y]: Float32Array) => [
    -2 * (1 - x!) - 400 * x! * (y! - x! * x!),
    200 * (y! - x! * x!),
  ];
  it.each([
    [{ name: 'sgd', learningRate: 0.02, momentum: 0.5 }, 600, 1e-3],
    [{ name: 'adam', learningRate: 0.05, beta1: 0.9 }, 1500, 1e-3],
    [{ name: 'rmsprop', learningRate: 0.05, schedule: { name: 'linear', steps: 1500 } }, 1500, 1e-3],
  ])('%j finds the bottom of a parabola in %i updates', (options, steps, tolerance) => {
    const found = descend(options, [3, -2, 5, 0], parabola, steps);
    for (const [i, x] of found.entries()) expect(Math.abs(x - i)).toBeLessThan(tolerance);
  });
  it.each([
    [{ name: 'sgd', learningRate: 0.001, momentum: 0.9 }, 5000],
    [{ name: 'adam', learningRate: 0.02, beta1: 0.9 }, 5000],
    [{ name: 'rmsprop', learningRate: 0.01, schedule: { name: 'linear', steps: 5000 } }, 5000],
  ])('%j follows the valley of Rosenbrock to (1, 1) in %i updates', (options, steps) => {
    const found = descend(options, [-1.2, 1], rosenbrock, steps);
    for (const x of found) expect(Math.abs(x - 1)).toBeLessThan(0.05);
  });
});

describe('schedules', () => {
  it('the first update has the initial rate, in every schedule', () => {
    expect(learningRateAt(0.1, { name: 'constant' }, 1)).toBe(0.1);
    expect(learningRateAt(0.1, { name: 'linear', steps: 10 }, 1)).toBe(0.1);
    expect(learningRateAt(0.1, { name: 'exponential', factor: 1.000004, minimum: 1e-6 }, 1)).toBe(0.1);
  });
  it('linear is half way at half the steps and zero from the last on', () => {
    const at = (step: number) => learningRateAt(1, { name: 'linear', steps: 10 }, step);
    expect([at(6), at(11), at(1000)]).toEqual([0.5, 0, 0]);
  });
  it('exponential after the 125,000 updates of mnist.yaml is 0.1 / sqrt(e), and never falls below its minimum', () => {
    const at = (step: number) =>
      learningRateAt(0.1, { name: 'exponential', factor: 1.000004, minimum: 1e-6 }, step);
    expect(at(125_001)).toBeCloseTo(0.1 * Math.exp(-0.5), 6);
    expect(at(1e8)).toBe(1e-6);
  });
  it('momentum moves in a line and stays at its end', () => {
    const at = (step: number) => momentumAt({ from: 0.5, to: 0.75, steps: 100 }, step);
    expect([at(1), at(51), at(101), at(1e6)]).toEqual([0.5, 0.625, 0.75, 0.75]);
  });
  it('power agrees with repeated multiplication where that is exact', () => {
    for (let n = 0; n < 30; n++) expect([power(3, n), power(0.5, n)]).toEqual([3 ** n, 2 ** -n]);
  });
  it('averaging warms up: 2/11 after the first update, the configured decay in the end', () => {
    expect(averagingAt({ decay: 0.999 }, 1).keep).toBe(Math.fround(2 / 11));
    const keep = Math.fround(0.999);
    expect(averagingAt({ decay: 0.999 }, 1e6)).toEqual({ keep, take: 1 - keep });
    expect(averagingAt({ decay: 0 }, 5)).toEqual({ keep: 0, take: 1 });
  });
});

describe('options', () => {
  it('a name alone is enough, and brings the defaults', () => {
    expect(optimizerOptions.parse({ name: 'adam' })).toEqual({
      name: 'adam',
      learningRate: 2e-4,
      beta1: 0.5,
      beta2: 0.999,
      epsilon: 1e-8,
      schedule: { name: 'constant' },
    });
  });
  it.each([
    [{ name: 'adam', beta1: 1 }],
    [{ name: 'adam', learningRate: 0 }],
    [{ name: 'adam', epsilon: 0 }],
    [{ name: 'adam', momentum: 0.5 }],
    [{ name: 'sgd', momentum: -0.1 }],
    [{ name: 'sgd', schedule: { name: 'exponential', factor: 0.9 } }],
    [{ name: 'rmsprop', schedule: { name: 'linear', steps: 1.5 } }],
    [{ name: 'lion' }],
  ])('%j is refused', (options) => {
    expect(optimizerOptions.safeParse(options).success).toBe(false);
  });
});
