// The operations of the vector kernels as calls: shapes are checked here, once, before an address leaves for the kernels.
import { assert } from '../errors.js';
import type { Call, Vector } from './vector-memory.js';

/** Slot vectors and scalars that each optimizer kernel takes; their meaning is in kernels.as.ts and src/optimizers. */
export const OPTIMIZER_KERNELS = {
  sgd: { slotCount: 1, scalarCount: 2 },
  adam: { slotCount: 2, scalarCount: 7 },
  rmsprop: { slotCount: 1, scalarCount: 4 },
} as const;
export type OptimizerKernel = keyof typeof OPTIMIZER_KERNELS;

/** One optimizer step over vectors, or parts of vectors, of one length. */
export interface Update {
  kernel: OptimizerKernel;
  /** sum of the shards' gradients */
  gradient: Vector;
  /** what the sum is multiplied with, usually 1 / shards */
  scale: number;
  weights: Vector;
  /** where the new weights go; default: in place */
  into?: Vector;
  slots: readonly Vector[];
  scalars: readonly number[];
  /** new weights are clamped to [-bound, bound] (Arjovsky et al. 2017, algorithm 1); default: not at all */
  bound?: number;
}

/** into = keep * into + take * from, both factors rounded to float32. */
export interface Blend {
  into: Vector;
  from: Vector;
  keep: number;
  take: number;
}

function assertLengths(name: string, vectors: readonly Vector[]): void {
  const lengths = vectors.map((vector) => vector.length);
  assert(new Set(lengths).size === 1, () => `${name} over vectors of ${lengths.join(', ')} floats`);
}

export const scanCall = (vector: Vector): Call => ['scan', vector.offset, vector.length];

export function addCall(into: Vector, from: Vector): Call {
  assertLengths('add', [into, from]);
  return ['add', into.offset, from.offset, into.length];
}

export function blendCall({ into, from, keep, take }: Blend): Call {
  assertLengths('blend', [into, from]);
  return ['blend', into.offset, from.offset, into.length, keep, take];
}

export function updateCall(update: Update): Call {
  const { kernel, gradient, scale, weights, into = weights, slots, scalars, bound = Infinity } = update;
  const { slotCount, scalarCount } = OPTIMIZER_KERNELS[kernel];
  assert(slots.length === slotCount, () => `${kernel} takes ${slotCount} slots, not ${slots.length}`);
  assert(
    scalars.length === scalarCount,
    () => `${kernel} takes ${scalarCount} scalars, not ${scalars.length}`,
  );
  assert(
    [scale, ...scalars].every(Number.isFinite),
    () => `${kernel} with scalars ${[scale, ...scalars].join(', ')}`,
  );
  assert(bound > 0, () => `weights clamped to [-${bound}, ${bound}]`);
  assertLengths(kernel, [gradient, weights, into, ...slots]);
  const addresses = [into.offset, weights.offset, gradient.offset, weights.length];
  return [kernel, ...addresses, scale, bound, ...slots.map((slot) => slot.offset), ...scalars];
}

/** One of several operations that are done in a single visit to the thread. */
export type Operation =
  | { kind: 'scan'; vector: Vector }
  | { kind: 'add'; into: Vector; from: Vector }
  | ({ kind: 'blend' } & Blend)
  | ({ kind: 'update' } & Update);

export function callOf(operation: Operation): Call {
  switch (operation.kind) {
    case 'scan':
      return scanCall(operation.vector);
    case 'add':
      return addCall(operation.into, operation.from);
    case 'blend':
      return blendCall(operation);
    case 'update':
      return updateCall(operation);
  }
}
