// Float32 vectors in one shared memory and the compiled kernels over it, run on the calling thread. A worker sums its leaves with it;
// the server's VectorEngine runs the same kernels on a thread of their own.
import { readFileSync, writeSync } from 'node:fs';
import './webassembly.js';
import { assert, messageOf, NashError } from '../errors.js';
import { type StoreCall, storeCall } from './store-call.js';

/** A run of floats in the shared memory; `offset` is in bytes. Whole vectors come from `allocate`, parts of them from `part`. */
export interface Vector {
  readonly offset: number;
  readonly length: number;
}

/** What a kernel saw: the sum of squares in float64, and whether every value was finite. */
export interface Measure {
  finite: boolean;
  squaredNorm: number;
}

/** A kernel's name and its arguments: byte addresses, a count of floats, float32 scalars; or `store`, see store-call.ts. */
export type Call = readonly [name: KernelName | 'store', ...numbers: number[]];
export type KernelName =
  | 'scan'
  | 'add'
  | 'blend'
  | 'sgd'
  | 'adam'
  | 'optimisticAdam'
  | 'rmsprop'
  | 'shortenUnits';
type Kernels = Record<KernelName, (...numbers: number[]) => number>;

const PAGE_BYTES = 65536;
/** 4 GiB less one page: a vector's end is always a 32-bit address. */
const PAGES_MAX = 65535;
const ALIGNMENT_BYTES = 64;
/**
 * Each vector begins 64 bytes further into its page than the one before: kernels over four or five streams that begin at the same
 * or a distant place in their pages took up to 2.5 times as long (SGD of 2.76 M floats 7.0 ms against 2.8), by address aliasing.
 */
const STAGGER_BYTES = 4096;
const COMPILED = new URL('../../dist/numerics/kernels.wasm', import.meta.url);

/** Floats `start` … `start + length` of a vector, no copy. */
export function part(vector: Vector, start: number, length: number): Vector {
  const fits = start >= 0 && length >= 0 && start + length <= vector.length;
  assert(fits, () => `floats ${start} to ${start + length} of a vector of ${vector.length}`);
  return { offset: vector.offset + 4 * start, length };
}

export function measureOf(squaredNorm: number): Measure {
  return { finite: Number.isFinite(squaredNorm), squaredNorm };
}

/** The shared memory and the module, which a second thread may instantiate over the same memory. */
export class VectorMemory {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  private readonly calls: Kernels & StoreCall;
  private readonly live = new Map<number, number>(); // offset -> length
  private readonly free = new Map<number, number[]>(); // length -> offsets: vectors come in few lengths
  private used = ALIGNMENT_BYTES;
  private count = 0;

  /** Throws NashError('environment') where the kernels were not compiled or the machine gives no shared memory. */
  constructor() {
    try {
      this.module = new WebAssembly.Module(readFileSync(COMPILED));
      this.memory = new WebAssembly.Memory({ initial: 1, maximum: PAGES_MAX, shared: true });
    } catch (cause) {
      const message = `the vector kernels cannot be started: ${messageOf(cause)}; run \`nash setup\`, which compiles them`;
      throw new NashError('environment', message, { cause });
    }
    const instance = new WebAssembly.Instance(this.module, { env: { memory: this.memory } });
    const store = storeCall(this.memory, writeSync);
    this.calls = Object.assign(store, instance.exports as unknown as Kernels);
  }

  /**
   * A vector of `length` zeros, or of whatever lies there where all of it is about to be written.
   * Throws NashError('environment') beyond 4 GiB or what the machine has.
   */
  allocate(length: number, contents: 'zeros' | 'anything' = 'zeros'): Vector {
    assert(Number.isSafeInteger(length) && length > 0, () => `a vector of ${length} floats`);
    const offset = this.free.get(length)?.pop();
    const vector = { offset: offset ?? this.extend(length), length };
    this.live.set(vector.offset, length);
    if (offset !== undefined && contents === 'zeros') this.view(vector).fill(0); // new memory is zero
    return vector;
  }

  /** Gives a whole vector back; nothing may still read or write it, ZeroMQ included. */
  release(vector: Vector): void {
    assert(
      this.live.get(vector.offset) === vector.length,
      () => `released ${JSON.stringify(vector)}, not allocated`,
    );
    this.live.delete(vector.offset);
    const offsets = this.free.get(vector.length);
    if (offsets) offsets.push(vector.offset);
    else this.free.set(vector.length, [vector.offset]);
  }

  /** The floats themselves, over shared memory: what is sent from here must not be updated or released before it has left. */
  view(vector: Vector): Float32Array {
    const end = vector.offset + 4 * vector.length;
    assert(end <= this.used, () => `a vector up to byte ${end} of ${this.used}`);
    return new Float32Array(this.memory.buffer, vector.offset, vector.length);
  }

  /** Copies values in, `at` floats from the start; bytes are little-endian float32, at any alignment. */
  write(vector: Vector, at: number, values: Float32Array | Uint8Array): void {
    const target = part(vector, at, values.byteLength / 4);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.memory.buffer, target.offset, values.byteLength).set(bytes);
  }

  /** A fresh copy. */
  read(vector: Vector): Float32Array<ArrayBuffer> {
    const copy = new Float32Array(vector.length);
    copy.set(this.view(vector));
    return copy;
  }

  /** Performs one call on this thread. */
  run([name, ...numbers]: Call): Measure {
    const call: (...numbers: number[]) => number = this.calls[name];
    return measureOf(call(...numbers));
  }

  /** What could not be stored on this thread since it was last asked for. */
  protected takeTrouble(): string | undefined {
    const { trouble } = this.calls;
    this.calls.trouble = undefined;
    return trouble;
  }

  /** Bytes of the vectors that are allocated now. */
  get heldBytes(): number {
    let floats = 0;
    for (const length of this.live.values()) floats += length;
    return 4 * floats;
  }

  private extend(length: number): number {
    const stagger = (this.count++ * ALIGNMENT_BYTES) % STAGGER_BYTES;
    const base = Math.ceil((this.used - stagger) / STAGGER_BYTES) * STAGGER_BYTES + stagger;
    const end = base + 4 * length;
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) this.grow(missing, length);
    this.used = end;
    return base;
  }

  private grow(pages: number, length: number): void {
    try {
      this.memory.grow(pages);
    } catch (cause) {
      const held = `${this.live.size} vectors take ${Math.round(this.used / 2 ** 20)} MiB`;
      const message = `no memory for a vector of ${length} floats: ${held}, and the limit is 4 GiB or what this machine has; use a smaller network`;
      throw new NashError('environment', message, { cause });
    }
  }
}
