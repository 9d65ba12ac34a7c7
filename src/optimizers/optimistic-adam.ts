import { correctionAt } from './adam.js';
import type { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './options.js';
import { learningRateAt, power } from './rate-schedule.js';

/**
 * Optimistic Adam (Daskalakis et al. 2018, algorithm 1): with x_t = mHat / (sqrt(vHat) + epsilon), Adam's step without its rate,
 * w = w - 2 rate x_t + rate x_(t-1), and x_0 = 0. Where the rate moves, both have that of update t.
 */
export function optimisticAdam(options: Extract<OptimizerOptions, { name: 'optimistic-adam' }>): Optimizer {
  const { beta1, beta2, epsilon } = options;
  return {
    name: 'optimistic-adam',
    kernel: 'optimisticAdam',
    state: ['m', 'v', 'last'],
    scalars: (step) => [
      ...[learningRateAt(options, step), beta1, 1 - beta1, beta2, 1 - beta2],
      ...[correctionAt(beta2, step), epsilon, 1 / (1 - power(beta1, step))],
    ],
  };
}
