import type { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './options.js';
import { learningRateAt } from './rate-schedule.js';

/**
 * RMSProp (Tieleman and Hinton 2012) in PyTorch's form, neither centred nor with momentum:
 * v = decay v + (1 - decay) g^2; w -= rate * g / (sqrt(v) + epsilon). TensorFlow puts epsilon under the root.
 */
export function rmsprop(options: Extract<OptimizerOptions, { name: 'rmsprop' }>): Optimizer {
  const { decay, epsilon } = options;
  return {
    name: 'rmsprop',
    kernel: 'rmsprop',
    state: ['square'],
    scalars: (step) => [learningRateAt(options, step), decay, 1 - decay, epsilon],
  };
}
