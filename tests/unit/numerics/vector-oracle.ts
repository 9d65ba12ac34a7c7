// The kernels' formulas with Math.fround around every operation: slow, plain, and the truth.
import type { Update } from '../../../src/numerics/vector-engine.js';

const f = Math.fround;

export interface Step {
  kernel: Update['kernel'];
  scale: number;
  scalars: readonly number[];
  bound?: number;
}

/** New weights and new state of one element. */
export function stepOf(step: Step, gradient: number, weight: number, state: readonly number[]): number[] {
  const [a, b, c, d, e, h, i, j] = step.scalars.map(f) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const g = f(f(step.scale) * gradient);
  const clamp = (w: number) =>
    step.bound === undefined ? w : Math.min(Math.max(w, -f(step.bound)), f(step.bound));
  switch (step.kernel) {
    case 'sgd': {
      const v = f(f(b * state[0]!) - f(a * g));
      return [clamp(f(weight + v)), v];
    }
    case 'adam': {
      const m = f(f(b * state[0]!) + f(c * g));
      const v = f(f(d * state[1]!) + f(f(e * g) * g));
      const spread = f(f(f(Math.sqrt(v)) * h) + i);
      return [clamp(f(f(j * weight) - f(a * f(m / spread)))), m, v];
    }
    case 'optimisticAdam': {
      const m = f(f(b * state[0]!) + f(c * g));
      const v = f(f(d * state[1]!) + f(f(e * g) * g));
      const x = f(j * f(m / f(f(f(Math.sqrt(v)) * h) + i)));
      return [clamp(f(weight + f(f(a * state[2]!) - f(f(2 * a) * x)))), m, v, x];
    }
    case 'rmsprop': {
      const v = f(f(b * state[0]!) + f(f(c * g) * g));
      return [clamp(f(weight - f(a * f(g / f(f(Math.sqrt(v)) + d))))), v];
    }
  }
}

/** The kernels' sum of squares: four float64 lanes, added (0 + 2) + (1 + 3). */
export function lanesSquared(values: ArrayLike<number>): number {
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) lanes[i % 4] = lanes[i % 4]! + values[i]! * values[i]!;
  return lanes[0]! + lanes[2]! + (lanes[1]! + lanes[3]!);
}
