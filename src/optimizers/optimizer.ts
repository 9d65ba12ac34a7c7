// What an optimizer is: a kernel over flat vectors, the state that it keeps, and scalars decided by the count of updates alone.
// Knows nothing of nets, versions or where vectors live.
import type { OptimizerKernel } from '../numerics/vector-calls.js';
import { adam } from './adam.js';
import { optimisticAdam } from './optimistic-adam.js';
import type { OptimizerOptions } from './options.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

export interface Optimizer {
  readonly name: OptimizerOptions['name'];
  readonly kernel: OptimizerKernel;
  /** names of the state vectors, each as long as the weights and zero at first, in the kernel's order */
  readonly state: readonly string[];
  /** The kernel's scalars for update `step`, counted from 1. */
  scalars(step: number): readonly number[];
}

/** The optimizer that the config names. */
export function optimizerOf(options: OptimizerOptions): Optimizer {
  switch (options.name) {
    case 'adam':
    case 'adamw':
      return adam(options);
    case 'optimistic-adam':
      return optimisticAdam(options);
    case 'sgd':
      return sgd(options);
    case 'rmsprop':
      return rmsprop(options);
  }
}
