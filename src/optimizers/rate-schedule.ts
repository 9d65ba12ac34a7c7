// Numbers that move with the count of updates. Only IEEE operations, no Math.pow: the same bits on every machine and engine.
import type { MomentumOptions, OptimizerOptions, RateScheduleOptions } from './options.js';

/** base^exponent for a whole exponent >= 0, by squaring. */
export function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** Terms of exp(-x) for x < ln 2: the next one is below 1e-18. */
const POWER_TERMS = 18;

/** 0.5^exponent for any exponent >= 0, to 2e-16 of it. */
export function halfToThe(exponent: number): number {
  const whole = Math.floor(exponent);
  const x = (exponent - whole) * Math.LN2;
  let sum = 1;
  for (let n = POWER_TERMS; n > 0; n--) sum = 1 - (x / n) * sum;
  return sum * power(0.5, whole);
}

/** Terms of a wave's series at most; at |x| <= pi / 4 the next one is below 1e-20. */
const WAVE_TERMS = 10;

/** The sum 1 - x^2 / (b + 1)(b + 2) (1 - x^2 / (b + 3)(b + 4) (1 - …)): cos(x) for b = 0, sin(x) / x for b = 1; |x| <= pi / 4. */
function waveSeries(x: number, b: 0 | 1): number {
  let sum = 1;
  for (let n = 2 * WAVE_TERMS - 1 + b; n > b; n -= 2) sum = 1 - ((x * x) / (n * (n + 1))) * sum;
  return sum;
}

/** cos(pi x) for x in [0, 1], to 2e-16. */
export function cosineOfHalfTurn(x: number): number {
  if (x > 0.5) return -cosineOfHalfTurn(1 - x);
  if (x <= 0.25) return waveSeries(Math.PI * x, 0);
  const rest = Math.PI * (0.5 - x);
  return rest * waveSeries(rest, 1);
}

/** The learning rate of update `step`, counted from 1: the warm-up's, then that of the schedule, which begins with the whole rate. */
export function learningRateAt(
  { learningRate, schedule, warmup }: Pick<OptimizerOptions, 'learningRate' | 'schedule' | 'warmup'>,
  step: number,
): number {
  if (step < warmup) return learningRate * (step / warmup);
  return scheduledRate(learningRate, schedule, step - Math.max(0, warmup - 1));
}

function scheduledRate(initial: number, schedule: RateScheduleOptions, step: number): number {
  const between = (share: number, { minimum }: { minimum: number }) => minimum + (initial - minimum) * share;
  switch (schedule.name) {
    case 'constant':
      return initial;
    case 'linear': {
      const done = Math.max(0, step - 1 - schedule.after);
      return between(Math.max(0, 1 - done / schedule.steps), schedule);
    }
    case 'cosine': {
      const done = Math.min(1, (step - 1) / schedule.steps);
      return between((1 + cosineOfHalfTurn(done)) / 2, schedule);
    }
    case 'exponential':
      return Math.max(schedule.minimum, initial / power(schedule.factor, step - 1));
  }
}

/** The momentum of update `step`, counted from 1: pylearn2's MomentumAdjustor, in updates where that counts epochs. */
export function momentumAt(momentum: MomentumOptions, step: number): number {
  if (typeof momentum === 'number') return momentum;
  const share = Math.min(1, (step - 1) / momentum.steps);
  return momentum.from * (1 - share) + momentum.to * share;
}
