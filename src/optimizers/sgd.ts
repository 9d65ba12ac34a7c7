import type { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './options.js';
import { learningRateAt, momentumAt } from './rate-schedule.js';

/**
 * Stochastic gradient descent with momentum as pylearn2 has it: v = momentum v - rate g; w += v. PyTorch keeps the rate out of v,
 * which is the same while the rate stands still; with a falling rate, pylearn2's older gradients keep their higher one.
 */
export function sgd(options: Extract<OptimizerOptions, { name: 'sgd' }>): Optimizer {
  return {
    name: 'sgd',
    kernel: 'sgd',
    state: ['velocity'],
    scalars: (step) => [learningRateAt(options, step), momentumAt(options.momentum, step)],
  };
}
