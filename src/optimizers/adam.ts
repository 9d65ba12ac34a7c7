import type { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './options.js';
import { learningRateAt, power } from './rate-schedule.js';

/**
 * Adam with bias correction (Kingma and Ba 2015, algorithm 1):
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= rate * mHat / (sqrt(vHat) + epsilon),
 * mHat = m / (1 - beta1^t), vHat = v / (1 - beta2^t). Epsilon stands beside the corrected root, as in the algorithm and in PyTorch;
 * TensorFlow, and the paper's remark on speed, put it beside the uncorrected one.
 * AdamW takes a share of the weights off before that (Loshchilov and Hutter 2019, algorithm 2), rate * weightDecay as PyTorch has it; the
 * paper's decay is that product already.
 */
export function adam(options: Extract<OptimizerOptions, { name: 'adam' | 'adamw' }>): Optimizer {
  const { beta1, beta2, epsilon } = options;
  return {
    name: options.name,
    kernel: 'adam',
    state: ['m', 'v'],
    scalars(step) {
      const rate = learningRateAt(options, step);
      const shrink = options.name === 'adamw' ? 1 - rate * options.weightDecay : 1;
      return [
        ...[rate / (1 - power(beta1, step)), beta1, 1 - beta1, beta2, 1 - beta2],
        ...[correctionAt(beta2, step), epsilon, shrink],
      ];
    },
  };
}

/** 1 / sqrt(1 - beta2^t), which v's root is multiplied with. */
export const correctionAt = (beta2: number, step: number): number => 1 / Math.sqrt(1 - power(beta2, step));
