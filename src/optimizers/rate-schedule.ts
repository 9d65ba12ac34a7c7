// Numbers that move with the count of updates. Only IEEE operations, no Math.pow: the same bits on every machine and engine.
import type { MomentumOptions, RateScheduleOptions } from './options.js';

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

/** The learning rate of update `step`, counted from 1: the first update has the initial rate. */
export function learningRateAt(initial: number, schedule: RateScheduleOptions, step: number): number {
  switch (schedule.name) {
    case 'constant':
      return initial;
    case 'linear':
      return initial * Math.max(0, 1 - (step - 1) / schedule.steps);
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
