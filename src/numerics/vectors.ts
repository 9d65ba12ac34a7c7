// Plain loops over float32 arrays on the host: the oracle of the compiled kernels, and enough where vectors are short.
import { assert } from '../errors.js';

/** into[i] = into[i] + from[i] in float32: the bits of the compiled kernel. */
export function addInto(into: Float32Array, from: Float32Array): void {
  const length = into.length;
  assert(from.length === length, () => `adding ${from.length} floats to ${length}`);
  for (let i = 0; i < length; i++) into[i] = into[i]! + from[i]!;
}

/** Sum of squares in float64, in index order. */
export function squaredNorm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

/** Index of the first value that is NaN or infinite, or -1. */
export function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
