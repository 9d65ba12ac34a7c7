// The server's arithmetic off its event loop: operations over vectors in shared memory, done one after another by a thread of their own.
// The main thread copies received frames in (0.8 ms for 11 MB) and sends or copies weights out; it must not touch a vector that an
// operation still uses.
import { Worker } from 'node:worker_threads';
import { assert } from '../errors.js';
import {
  addCall,
  type Blend,
  blendCall,
  callOf,
  type Operation,
  scanCall,
  type Update,
  updateCall,
} from './vector-calls.js';
import { type Call, type Measure, measureOf, type Vector, VectorMemory } from './vector-memory.js';

export type { Blend, Operation, OptimizerKernel, Update } from './vector-calls.js';
export { type Measure, part, type Vector, VectorMemory } from './vector-memory.js';

/** Up to here an operation costs less than waking the thread (about 30 microseconds): with nothing queued it is done on the spot. */
const INLINE_FLOATS_MAX = 2 ** 14;

/** The thread's whole program, as text so that it runs alike from dist and under vitest. */
const THREAD = `
const { parentPort, workerData: { module, memory } } = require('node:worker_threads');
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
parentPort.on('message', ({ calls, copy, isWatched }) => {
  const results = [];
  for (const [name, ...numbers] of calls) {
    const result = exports[name](...numbers);
    results.push(result);
    if (!Number.isFinite(result)) break;
    if (isWatched) parentPort.postMessage({ done: results.length });
  }
  const isWhole = results.length === calls.length && results.every(Number.isFinite);
  const values = copy && isWhole ? new Float32Array(new Float32Array(memory.buffer, copy.offset, copy.length)) : undefined;
  parentPort.postMessage({ results, values }, values ? [values.buffer] : []);
});
`;

interface Answer {
  results: number[];
  values?: Float32Array<ArrayBuffer>;
}

/** What a sequence did: `measures` of the operations up to and with the first that was not finite. */
export interface Outcome {
  finite: boolean;
  measures: Measure[];
  /** copy of the vector that was asked for; absent where the sequence ended early */
  values?: Float32Array<ArrayBuffer>;
}

/** So many calls of the sequence at hand are done. */
interface Progress {
  done: number;
}

interface Waiting {
  onDone: ((index: number) => void) | undefined;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Runs kernels in the order in which they were asked for; each promise resolves when its operation is done. */
export class VectorEngine extends VectorMemory {
  private readonly thread: Worker;
  private readonly waiting: Waiting[] = [];
  private failure: Error | undefined;

  private constructor() {
    super();
    this.thread = new Worker(THREAD, {
      eval: true,
      workerData: { module: this.module, memory: this.memory },
    });
    this.thread.on('message', (answer: Answer | Progress) => {
      if ('done' in answer) this.waiting[0]?.onDone?.(answer.done - 1);
      else this.settle(answer);
    });
    this.thread.on('error', (error) => this.fail(error));
    this.thread.on('exit', () => this.fail(new Error('the vector engine is closed')));
  }

  /** Resolves when the thread has answered once. Throws NashError('environment') as VectorMemory does. */
  static async create(): Promise<VectorEngine> {
    const engine = new VectorEngine();
    await engine.post([['scan', 0, 0]]);
    return engine;
  }

  /** into = into + from; measures the sum. */
  add(into: Vector, from: Vector): Promise<Measure> {
    return this.perform(addCall(into, from), into.length);
  }

  /** into = keep * into + take * from: moving averages and merged state slots; measures the result. */
  blend(blend: Blend): Promise<Measure> {
    return this.perform(blendCall(blend), blend.into.length);
  }

  /**
   * One optimizer step; measures the scaled gradient (`squaredNorm` in float64). `finite` is false where a gradient or a new weight,
   * before clamping, is not finite: weights and slots are then spoiled, so scan first where they must survive.
   */
  update(update: Update): Promise<Measure> {
    return this.perform(updateCall(update), update.weights.length);
  }

  /** Measures a vector and changes nothing. */
  scan(vector: Vector): Promise<Measure> {
    return this.perform(scanCall(vector), vector.length);
  }

  /**
   * Several operations in one visit to the thread: where cores are busy, each visit waits for one (milliseconds, measured). Stops after
   * the first operation that is not finite, so a scan in front guards the updates behind it. `copy` is read after the last; `onDone` is
   * told of each operation that is done and finite, while the next ones go on.
   */
  async sequence(
    operations: readonly Operation[],
    { copy, onDone }: { copy?: Vector; onDone?: ((index: number) => void) | undefined } = {},
  ): Promise<Outcome> {
    if (copy) this.view(copy); // asserts that it lies in the memory, here and not in the thread
    const { results, values } = await this.post(operations.map(callOf), copy, onDone);
    const measures = results.map(measureOf);
    const finite = measures.every((measure) => measure.finite);
    return { finite, measures, ...(values ? { values } : {}) };
  }

  /** Ends the thread; operations still queued are rejected. */
  async close(): Promise<void> {
    await this.thread.terminate();
  }

  private async perform(call: Call, length: number): Promise<Measure> {
    if (this.waiting.length === 0 && length <= INLINE_FLOATS_MAX && !this.failure) return this.run(call);
    const { results } = await this.post([call]);
    return measureOf(results[0]!);
  }

  private post(calls: readonly Call[], copy?: Vector, onDone?: (index: number) => void): Promise<Answer> {
    if (this.failure) return Promise.reject(this.failure);
    this.thread.ref(); // an idle engine keeps no process alive, a busy one does
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject, onDone });
      this.thread.postMessage({ calls, copy, isWatched: onDone !== undefined });
    });
  }

  private settle(answer: Answer): void {
    const first = this.waiting.shift();
    assert(first, 'an answer that nothing waits for');
    if (this.waiting.length === 0) this.thread.unref();
    first.resolve(answer);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}
