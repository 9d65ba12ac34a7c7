// The operations of the vector kernels as calls: shapes are checked here, once, before an address leaves for the kernels.
import { assert } from '../errors.js';
import { sizeOf } from './shape.js';
import { type Call, part, type Vector } from './vector-memory.js';

/** State vectors and scalars that each optimizer kernel takes; their meaning is in kernels.as.ts and src/optimizers. */
export const OPTIMIZER_KERNELS = {
  sgd: { stateCount: 1, scalarCount: 2 },
  adam: { stateCount: 2, scalarCount: 8 },
  optimisticAdam: { stateCount: 3, scalarCount: 8 },
  rmsprop: { stateCount: 1, scalarCount: 4 },
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
  state: readonly Vector[];
  /** where the new state goes; default: in place */
  stateInto?: readonly Vector[];
  scalars: readonly number[];
  /** new weights are clamped to [-bound, bound] (Arjovsky et al. 2017, algorithm 1); default: not at all */
  bound?: number;
  /** a new weight of a larger magnitude, before that, counts as not finite; default: the largest float32 */
  limit?: number;
}

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/** into = keep * old + take * from, both factors rounded to float32. */
export interface Blend {
  into: Vector;
  /** default: what lies there already */
  old?: Vector;
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

export function blendCall({ into, old = into, from, keep, take }: Blend): Call {
  assertLengths('blend', [into, old, from]);
  return ['blend', into.offset, old.offset, from.offset, into.length, keep, take];
}

export function updateCall(update: Update): Call {
  const {
    kernel,
    gradient,
    scale,
    weights,
    into = weights,
    state,
    stateInto = state,
    scalars,
    bound = Infinity,
    limit = FLOAT32_MAX,
  } = update;
  const { stateCount, scalarCount } = OPTIMIZER_KERNELS[kernel];
  for (const { length } of [state, stateInto])
    assert(length === stateCount, () => `${kernel} takes ${stateCount} state, not ${length}`);
  assert(
    scalars.length === scalarCount,
    () => `${kernel} takes ${scalarCount} scalars, not ${scalars.length}`,
  );
  assert(
    [scale, ...scalars].every(Number.isFinite),
    () => `${kernel} with scalars ${[scale, ...scalars].join(', ')}`,
  );
  assert(bound > 0, () => `weights clamped to [-${bound}, ${bound}]`);
  assert(limit > 0 && limit <= FLOAT32_MAX, () => `weights of at most ${limit}`);
  assertLengths(kernel, [gradient, weights, into, ...state, ...stateInto]);
  const addresses = [into.offset, weights.offset, gradient.offset, weights.length];
  const stateAddresses = [...state, ...stateInto].map((vector) => vector.offset);
  return [kernel, ...addresses, scale, bound, limit, ...stateAddresses, ...scalars];
}

/** Where in an open file a vector lies, from its first byte on. */
export interface FilePlace {
  /** descriptor */
  file: number;
  /** bytes from the beginning */
  position: number;
}

/** What a thread can be asked for. */
export type Deed =
  | { kind: 'scan'; vector: Vector }
  | { kind: 'add'; into: Vector; from: Vector }
  | ({ kind: 'blend' } & Blend)
  | ({ kind: 'update' } & Update)
  | { kind: 'store'; vector: Vector; to: FilePlace };

/** Of a kernel the weights of each unit that are longer (Euclidean) than `bound` are scaled to that; `axis` is the units'. */
export interface Shortening {
  kind: 'shortenUnits';
  kernel: Vector;
  shape: readonly number[];
  axis: number;
  bound: number;
}

/** `followedBy` is done with each part that is finite at once, while it is in the core's cache, and is not measured. */
export type Operation = (Deed & { followedBy?: readonly Deed[] }) | Shortening;

/** So many of an operation's floats, and the calls that do them, one after the other. */
export interface Part {
  operation: Operation;
  length: number;
  calls: Call[];
}

/** So many floats are one call: few enough for threads to share an operation out, and many enough for a call (1 MB: half of it is no faster, an eighth of it slower). */
const PART_FLOATS = 2 ** 18;

/** An operation as parts that may be done side by side: all goes element by element, or unit by unit. */
export function partsOf(operation: Operation): Part[] {
  if (operation.kind === 'shortenUnits') return unitsOf(operation);
  const deeds: readonly Deed[] = [operation, ...(operation.followedBy ?? [])];
  const total = lengthOf(operation);
  for (const deed of deeds)
    assert(lengthOf(deed) === total, () => `${operation.kind} followed by ${deed.kind} of another length`);
  const whole = deeds.map(callOf); // asserts what it asserts of the whole
  if (total <= PART_FLOATS) return [{ operation, length: total, calls: whole }];
  return Array.from({ length: Math.ceil(total / PART_FLOATS) }, (_, i) => {
    const start = i * PART_FLOATS;
    const length = Math.min(PART_FLOATS, total - start);
    return { operation, length, calls: deeds.map((deed) => callOf(partOf(deed, start, length))) };
  });
}

function unitsOf(operation: Shortening): Part[] {
  const { kernel, shape, axis, bound } = operation;
  const [before, after] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const units = shape[axis]!;
  assert(sizeOf(shape) === kernel.length, () => `${kernel.length} floats as [${shape.join(', ')}]`);
  assert(bound > 0, () => `weights of units shortened to ${bound}`);
  const each = before * after;
  const share = Math.ceil(PART_FLOATS / each);
  return Array.from({ length: Math.ceil(units / share) }, (_, i) => {
    const [from, to] = [i * share, Math.min(units, (i + 1) * share)];
    const call: Call = ['shortenUnits', kernel.offset, before, units, after, from, to, bound];
    return { operation, length: (to - from) * each, calls: [call] };
  });
}

function lengthOf(deed: Deed): number {
  switch (deed.kind) {
    case 'scan':
    case 'store':
      return deed.vector.length;
    case 'add':
    case 'blend':
      return deed.into.length;
    case 'update':
      return deed.weights.length;
  }
}

function partOf(deed: Deed, start: number, length: number): Deed {
  const cut = (vector: Vector) => part(vector, start, length);
  switch (deed.kind) {
    case 'scan':
      return { ...deed, vector: cut(deed.vector) };
    case 'store':
      return {
        ...deed,
        vector: cut(deed.vector),
        to: { ...deed.to, position: deed.to.position + 4 * start },
      };
    case 'add':
      return { ...deed, into: cut(deed.into), from: cut(deed.from) };
    case 'blend': {
      const { into, old = into, from } = deed;
      return { ...deed, into: cut(into), old: cut(old), from: cut(from) };
    }
    case 'update': {
      const { gradient, weights, into = weights, state, stateInto = state } = deed;
      return {
        ...deed,
        gradient: cut(gradient),
        weights: cut(weights),
        into: cut(into),
        state: state.map(cut),
        stateInto: stateInto.map(cut),
      };
    }
  }
}

function callOf(deed: Deed): Call {
  switch (deed.kind) {
    case 'scan':
      return ['scan', deed.vector.offset, deed.vector.length];
    case 'add':
      return addCall(deed);
    case 'blend':
      return blendCall(deed);
    case 'update':
      return updateCall(deed);
    case 'store':
      return ['store', deed.vector.offset, deed.vector.length, deed.to.file, deed.to.position];
  }
}
