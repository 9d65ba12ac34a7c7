import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Blend, blendCall, updateCall } from '../../../src/numerics/vector-calls.js';
import { VectorMemory } from '../../../src/numerics/vector-memory.js';
import { averagingAt } from '../../../src/optimizers/averaging.js';
import { clippedShare } from '../../../src/optimizers/clipping.js';
import { lookaheadAfter } from '../../../src/optimizers/lookahead.js';
import { optimizerOf } from '../../../src/optimizers/optimizer.js';
import { averagingOptions, optimizerOptions } from '../../../src/optimizers/options.js';
import {
  cosineOfHalfTurn,
  halfToThe,
  learningRateAt,
  momentumAt,
  power,
} from '../../../src/optimizers/rate-schedule.js';

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
  const parsed = optimizerOptions.parse(options);
  const optimizer = optimizerOf(parsed);
  const vector = () => memory.allocate(start.length);
  const [weights, gradient, state] = [vector(), vector(), optimizer.state.map(vector)];
  const [slow, slowInto] = [vector(), vector()];
  for (const into of [weights, slow]) memory.write(into, 0, Float32Array.from(start));
  for (let step = 1; step <= steps; step++) {
    memory.write(gradient, 0, Float32Array.from(gradientAt(memory.view(weights), step)));
    const scalars = optimizer.scalars(step);
    const measure = memory.run(
      updateCall({ kernel: optimizer.kernel, gradient, scale: 1, weights, state, scalars }),
    );
    expect(measure.finite).toBe(true);
    for (const deed of lookaheadAfter(parsed.lookahead, step, { fast: weights, slow, slowInto }))
      memory.run(blendCall(deed as Blend));
    if (parsed.lookahead) memory.write(slow, 0, memory.view(slowInto));
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
    [{ name: 'optimistic-adam', learningRate: 0.05, beta1: 0.9 }, 1500, 1e-3],
    [{ name: 'adam', learningRate: 0.05, beta1: 0.9, lookahead: {} }, 1500, 1e-3],
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

describe('two players of x times y', () => {
  // min over x, max over y: gradients y and -x. So large an epsilon leaves plain descent at a rate of 0.1, by which every step multiplies
  // the distance by sqrt(1 + 0.01); optimistic descent comes nearer (Daskalakis et al. 2018, section 2)
  const xy = ([x, y]: Float32Array) => [y!, -x!];
  const distance = (name: string) =>
    Math.hypot(...descend({ name, learningRate: 1e5, beta1: 0, epsilon: 1e6 }, [0.5, 0.5], xy, 1000));
  it('run away from each other by Adam, and meet by optimistic Adam', () => {
    expect(distance('adam') / (Math.SQRT1_2 * 1.01 ** 500)).toBeCloseTo(1, 2);
    expect(distance('optimistic-adam')).toBeLessThan(0.02);
  });
});

describe('schedules', () => {
  /** Rates of an optimizer whose whole rate is `learningRate`, by the update. */
  const rateOf = (learningRate: number, schedule: object, warmup = 0) => {
    const options = optimizerOptions.parse({ name: 'sgd', learningRate, schedule, warmup });
    return (step: number) => learningRateAt(options, step);
  };
  it.each([
    [{ name: 'constant' }],
    [{ name: 'linear', steps: 10 }],
    [{ name: 'cosine', steps: 10 }],
    [{ name: 'exponential', factor: 1.000004, minimum: 1e-6 }],
  ])('%j has the initial rate at the first update, and at the last of a warm-up', (schedule) => {
    expect(rateOf(0.1, schedule)(1)).toBe(0.1);
    expect(rateOf(0.1, schedule, 1)(1)).toBe(0.1);
    expect(rateOf(0.1, schedule, 8)(8)).toBe(0.1);
    expect(rateOf(0.1, schedule, 8)(11)).toBe(rateOf(0.1, schedule)(4));
  });
  it('a warm-up rises in a line from 0, whatever follows', () => {
    const at = rateOf(1, { name: 'linear', steps: 4 }, 4);
    expect([1, 2, 3, 4, 5, 6, 8, 9].map(at)).toEqual([0.25, 0.5, 0.75, 1, 0.75, 0.5, 0, 0]);
  });
  it('linear is half way at half the steps and zero from the last on', () => {
    const at = rateOf(1, { name: 'linear', steps: 10 });
    expect([at(6), at(11), at(1000)]).toEqual([0.5, 0, 0]);
  });
  it('linear may begin late and end above zero', () => {
    const at = rateOf(1, { name: 'linear', after: 100, steps: 4, minimum: 0.5 });
    expect([1, 101, 102, 103, 104, 105, 1000].map(at)).toEqual([1, 1, 0.875, 0.75, 0.625, 0.5, 0.5]);
  });
  it('cosine is half way at half the steps, at its minimum from the last on, and a third of the way falls by a quarter', () => {
    const at = rateOf(1, { name: 'cosine', steps: 6, minimum: 0.5 });
    expect([at(4), at(7), at(1000)]).toEqual([0.75, 0.5, 0.5]);
    expect(at(3)).toBeCloseTo(0.875, 15);
  });
  it('the cosine is that of the engine to 1e-15, and exact where it is rational', () => {
    let worst = 0;
    for (let x = 0; x <= 1; x += 2 ** -16)
      worst = Math.max(worst, Math.abs(cosineOfHalfTurn(x) - Math.cos(Math.PI * x)));
    expect(worst).toBeLessThan(1e-15);
    expect([0, 0.5, 1].map(cosineOfHalfTurn)).toEqual([1, 0, -1]);
  });
  it('exponential after the 125,000 updates of mnist.yaml is 0.1 / sqrt(e), and never falls below its minimum', () => {
    const at = rateOf(0.1, { name: 'exponential', factor: 1.000004, minimum: 1e-6 });
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
  const averaging = (options: object) => (step: number) =>
    averagingAt(averagingOptions.parse(options), step, 64);
  it('averaging warms up: 2/11 after the first update, the configured decay in the end', () => {
    const keep = Math.fround(0.999);
    expect(averaging({ decay: 0.999 })(1).keep).toBe(Math.fround(2 / 11));
    expect(averaging({ decay: 0.999 })(1e6)).toEqual({ keep, take: 1 - keep });
    expect(averaging({ decay: 0 })(5)).toEqual({ keep: 0, take: 1 });
  });
  it('averaging by half-life keeps half over so many samples, and nothing of what was before the first of them', () => {
    const at = averaging({ halfLifeImages: 10_000, ramp: 0.05 }); // a batch of 64: the ramp ends after 200,000 samples, 3125 updates
    expect(at(1)).toEqual({ keep: 0, take: 1 });
    expect(at(2).keep).toBe(0.5 ** 20);
    expect(at(11).keep).toBe(0.25);
    expect(at(21).keep).toBe(0.5);
    const whole = Math.fround(0.99557368); // 0.5^0.0064
    for (const step of [3126, 1e6]) expect(at(step).keep).toBeCloseTo(whole, 7);
    expect(at(3000).keep).toBeLessThan(whole);
    expect(averaging({ halfLifeImages: 32 })(1)).toEqual({ keep: 0.25, take: 0.75 });
    expect(averaging({ halfLifeImages: 10_000 })(1).keep).toBeCloseTo(whole, 7);
  });
  it('averaging may begin late: until then the average is the newest weights', () => {
    const at = averaging({ decay: 0.5, start: 100 });
    expect([1, 100, 101].map((step) => at(step).keep)).toEqual([0, 0, 0.5]);
  });
  it('a half to any power is that of the engine, to 4e-16 of it', () => {
    let worst = 0;
    for (let x = 0; x < 40; x += 2 ** -10) worst = Math.max(worst, Math.abs(halfToThe(x) / 0.5 ** x - 1));
    expect(worst).toBeLessThan(4e-16);
    expect([0, 1, 10, 2e9].map(halfToThe)).toEqual([1, 0.5, 2 ** -10, 0]);
  });
});

describe('clipping', () => {
  it("a gradient's share is PyTorch's: the bound by the norm and a millionth, never more than all of it", () => {
    expect(clippedShare(5, 1)).toBe(1 / (5 + 1e-6));
    expect(clippedShare(0.5, 1)).toBe(1);
    expect(clippedShare(0, 1e-9)).toBe(1e-3);
    expect(clippedShare(5, undefined)).toBe(1);
  });
  it('a norm that is not finite leaves the gradient to whoever looks for that', () => {
    for (const norm of [Number.NaN, Number.POSITIVE_INFINITY]) expect(clippedShare(norm, 1)).toBe(1);
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
      warmup: 0,
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
    [{ name: 'sgd', schedule: { name: 'cosine' } }],
    [{ name: 'sgd', warmup: -1 }],
    [{ name: 'sgd', clipNorm: 0 }],
    [{ name: 'sgd', lookahead: { rate: 0 } }],
    [{ name: 'adamw', weightDecay: -1 }],
    [{ name: 'lion' }],
  ])('%j is refused', (options) => {
    expect(optimizerOptions.safeParse(options).success).toBe(false);
  });
  it('a ramp without a half-life is refused, with what is missing', () => {
    expect(averagingOptions.safeParse({ ramp: 0.05 }).error?.issues[0]).toMatchObject({
      path: ['ramp'],
      message: expect.stringContaining('halfLifeImages'),
    });
    expect(averagingOptions.safeParse({ halfLifeImages: 1, ramp: 0.05 }).success).toBe(true);
  });
});
