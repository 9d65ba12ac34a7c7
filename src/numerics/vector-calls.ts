// The operations of the vector kernels as calls: shapes are checked here, once, before an address leaves for the kernels.
import { assert } from '../errors.js';
import { type Call, part, type Vector } from './vector-memory.js';

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

function addCall({ into, from }: { into: Vector; from: Vector }): Call {
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

/** What a thread can be asked for. `followedBy` follows each finite part at once, while it is in the core's cache, and is not measured. */
export type Operation = (
  | { kind: 'scan'; vector: Vector }
  | { kind: 'add'; into: Vector; from: Vector }
  | ({ kind: 'blend' } & Blend)
  | ({ kind: 'update' } & Update)
) & { followedBy?: Blend };

/** Floats `start` to `start + length` of an operation's vectors, and the calls that do them, one after the other. */
export interface Part {
  operation: Operation;
  start: number;
  length: number;
  calls: Call[];
}

/** So many floats are one call: few enough for threads to share an operation out, and enough to be worth a message (1 MB). */
const PART_FLOATS = 2 ** 18;

/** An operation as parts that may be done side by side: kernels go element by element. */
export function partsOf(operation: Operation): Part[] {
  const whole = callsOf(operation); // asserts what it asserts of the whole
  const total = lengthOf(operation);
  if (total <= PART_FLOATS) return [{ operation, start: 0, length: total, calls: whole }];
  return Array.from({ length: Math.ceil(total / PART_FLOATS) }, (_, i) => {
    const start = i * PART_FLOATS;
    const length = Math.min(PART_FLOATS, total - start);
    return { operation, start, length, calls: callsOf(partOf(operation, start, length)) };
  });
}

function lengthOf(operation: Operation): number {
  switch (operation.kind) {
    case 'scan':
      return operation.vector.length;
    case 'add':
    case 'blend':
      return operation.into.length;
    case 'update':
      return operation.weights.length;
  }
}

function partOf(operation: Operation, start: number, length: number): Operation {
  const cut = (vector: Vector) => part(vector, start, length);
  const cutBoth = <T extends { into: Vector; from: Vector }>(pair: T): T => ({
    ...pair,
    into: cut(pair.into),
    from: cut(pair.from),
  });
  const followedBy = operation.followedBy && { followedBy: cutBoth(operation.followedBy) };
  switch (operation.kind) {
    case 'scan':
      return { kind: 'scan', vector: cut(operation.vector), ...followedBy };
    case 'add':
    case 'blend':
      return { ...cutBoth(operation), ...followedBy };
    case 'update': {
      const { gradient, weights, into = weights, slots } = operation;
      return {
        ...operation,
        ...followedBy,
        gradient: cut(gradient),
        weights: cut(weights),
        into: cut(into),
        slots: slots.map(cut),
      };
    }
  }
}

function callsOf(operation: Operation): Call[] {
  const { followedBy } = operation;
  if (!followedBy) return [callOf(operation)];
  assert(
    followedBy.into.length === lengthOf(operation),
    () => `${operation.kind} followed by a blend of another length`,
  );
  return [callOf(operation), blendCall(followedBy)];
}

function callOf(operation: Operation): Call {
  switch (operation.kind) {
    case 'scan':
      return ['scan', operation.vector.offset, operation.vector.length];
    case 'add':
      return addCall(operation);
    case 'blend':
      return blendCall(operation);
    case 'update':
      return updateCall(operation);
  }
}
