import type { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './options.js';
import { learningRateAt, power } from './rate-schedule.js';

/**
 * Adam with bias correction (Kingma and Ba 2015, algorithm 1):
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= rate * mHat / (sqrt(vHat) + epsilon),
 * mHat = m / (1 - beta1^t), vHat = v / (1 - beta2^t). Epsilon stands beside the corrected root, as in the algorithm and in PyTorch;
 * TensorFlow, and the paper's remark on speed, put it beside the uncorrected one.
 */
export function adam(options: Extract<OptimizerOptions, { name: 'adam' }>): Optimizer {
  const { beta1, beta2, epsilon } = options;
  return {
    name: 'adam',
    kernel: 'adam',
    state: ['m', 'v'],
    scalars(step) {
      const rate = learningRateAt(options, step) / (1 - power(beta1, step));
      const correction = 1 / Math.sqrt(1 - power(beta2, step));
      return [rate, beta1, 1 - beta1, beta2, 1 - beta2, correction, epsilon];
    },
  };
}
