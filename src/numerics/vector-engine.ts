// The server's arithmetic off its event loop: operations over vectors in shared memory, done by threads of their own, each a share of every
// operation. The main thread copies received frames in (0.8 ms for 11 MB) and sends or copies weights out; it must not touch a vector that
// an operation still uses.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { assert } from '../errors.js';
import { storeCall } from './store-call.js';
import { type Blend, type Operation, type Part, partsOf, type Update } from './vector-calls.js';
import { type Call, type Measure, measureOf, type Vector, VectorMemory } from './vector-memory.js';

export type { Blend, Deed, FilePlace, Operation, OptimizerKernel, Update } from './vector-calls.js';
export { type Measure, part, type Vector, VectorMemory } from './vector-memory.js';

/**
 * So many floats, once for each call over them, are done on the spot where nothing is queued: telling two threads and hearing of them
 * costs 0.1 ms of this one (measured, two busy cores); a scan, Adam and an average over 33,000 floats took 0.09 ms here and 0.17 ms there.
 */
const INLINE_FLOATS_MAX = 2 ** 17;
/** Memory limits the kernels: beyond four threads there is little to win. */
const THREADS_MAX = 4;
/** A sequence that is not done after so many looks hangs; not a deadline, since a process that was stopped looks only once on coming back. */
const LOOKS_MAX = 6;
const LOOK_MS = 10_000;

/** What the first call measured, or NaN where one was not finite: those after it are left. The threads get it as text, as they do `storeCall`. */
function performAll(calls: readonly Call[], perform: (call: Call) => number): number {
  let first: number | undefined;
  for (const call of calls) {
    const result = perform(call);
    if (!Number.isFinite(result)) return Number.NaN;
    first ??= result;
  }
  return first!;
}

/**
 * A thread's whole program, as text so that it runs alike from dist and under vitest. Of the parts that are to be done together a thread
 * does every so many-th; then all of them meet, before any begins with the next. Words of the meeting: how many are there, its number.
 */
const THREAD = `
const { parentPort, workerData: { module, memory, words, index, count } } = require('node:worker_threads');
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const run = Object.assign((${storeCall})(memory, require('node:fs').writeSync), exports);
const [THERE, MEETING] = [0, 1];
function meet() {
  const meeting = Atomics.load(words, MEETING);
  if (Atomics.add(words, THERE, 1) === count - 1) {
    Atomics.store(words, THERE, 0);
    Atomics.add(words, MEETING, 1);
    Atomics.notify(words, MEETING);
  }
  // the last meeting's notification may come so late that it wakes those who wait for this one
  while (Atomics.load(words, MEETING) === meeting) Atomics.wait(words, MEETING, meeting);
}
const performAll = ${performAll};
const perform = ([name, ...numbers]) => run[name](...numbers);
parentPort.on('message', ({ id, parts }) => {
  const results = [];
  for (let part = index; part < parts.length; part += count)
    results.push({ part, result: performAll(parts[part], perform) });
  meet();
  parentPort.postMessage({ id, results, trouble: run.trouble });
  run.trouble = undefined;
});
`;
const MEETING_WORDS = 2;

/** What one thread did. */
interface Answer {
  id: number;
  results: { part: number; result: number }[];
  trouble: string | undefined;
}

/** What operations that were done together came to. */
export interface Outcome {
  finite: boolean;
  /** of each, in their order */
  measures: Measure[];
  /** why a file is not as it should be: something could not be stored */
  trouble: string | undefined;
}

/** Operations under way. */
interface Waiting {
  parts: Part[];
  /** of each part that some thread has answered for */
  results: number[];
  answersMissing: number;
  /** times that it was found unfinished, and the first in line */
  looks: number;
  trouble: string | undefined;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/** Runs kernels in the order in which they were asked for; each promise resolves when its operation is done. */
export class VectorEngine extends VectorMemory {
  private readonly threads: Worker[];
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private failure: Error | undefined;
  private readonly watch: NodeJS.Timeout;

  private constructor(count: number) {
    super();
    const words = new Int32Array(new SharedArrayBuffer(4 * MEETING_WORDS));
    const { module, memory } = this;
    this.threads = Array.from({ length: count }, (_, index) => {
      const thread = new Worker(THREAD, { eval: true, workerData: { module, memory, words, index, count } });
      thread.on('message', (answer: Answer) => this.settle(answer));
      thread.on('error', (error) => this.fail(error));
      thread.on('exit', () => this.fail(new Error('the vector engine is closed')));
      return thread;
    });
    this.watch = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Resolves when all threads have answered once. Throws NashError('environment') as VectorMemory does. */
  static async create(threads = Math.min(THREADS_MAX, availableParallelism())): Promise<VectorEngine> {
    const engine = new VectorEngine(threads);
    await engine.send([]);
    return engine;
  }

  /** into = into + from; measures the sum. */
  add(into: Vector, from: Vector): Promise<Measure> {
    return this.perform({ kind: 'add', into, from });
  }

  /** into = keep * into + take * from: moving averages and merged state slots; measures the result. */
  blend(blend: Blend): Promise<Measure> {
    return this.perform({ kind: 'blend', ...blend });
  }

  /**
   * One optimizer step; measures the scaled gradient (`squaredNorm` in float64). `finite` is false where a gradient or a new weight,
   * before clamping, is not finite: what was written is then spoiled, so it goes elsewhere where weights and state must survive.
   */
  update(update: Update): Promise<Measure> {
    return this.perform({ kind: 'update', ...update });
  }

  /** Measures a vector and changes nothing. */
  scan(vector: Vector): Promise<Measure> {
    return this.perform({ kind: 'scan', vector });
  }

  /** Operations done side by side, in one visit to the threads: none may write what another uses. */
  together(operations: readonly Operation[]): Promise<Outcome> {
    return this.post(operations.flatMap(partsOf));
  }

  /** Ends the threads; operations still queued are rejected. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private perform(operation: Operation): Promise<Measure> {
    return this.post(partsOf(operation)).then(({ measures }) => measures[0]!);
  }

  private post(parts: Part[]): Promise<Outcome> {
    const floats = parts.reduce((sum, { length, calls }) => sum + length * calls.length, 0);
    const isHere = floats <= INLINE_FLOATS_MAX && this.waiting.size === 0 && !this.failure;
    return isHere ? Promise.resolve(this.runHere(parts)) : this.send(parts);
  }

  private runHere(parts: Part[]): Outcome {
    const results = parts.map(({ calls }) => performAll(calls, (call) => this.run(call).squaredNorm));
    return outcomeOf({ parts, results, trouble: this.takeTrouble() });
  }

  private send(parts: Part[]): Promise<Outcome> {
    if (this.failure) return Promise.reject(this.failure);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const answersMissing = this.threads.length;
      const begun = { parts, results: [], answersMissing, looks: 0, trouble: undefined };
      this.waiting.set(id, { ...begun, resolve, reject });
      for (const thread of this.threads) {
        thread.ref(); // an idle engine keeps no process alive, a busy one does
        thread.postMessage({ id, parts: parts.map(({ calls }) => calls) });
      }
    });
  }

  private look(): void {
    const [oldest] = this.waiting.values();
    if (!oldest) return;
    oldest.looks += 1;
    if (oldest.looks > LOOKS_MAX)
      this.fail(
        new Error(`the server's arithmetic hangs: ${oldest.answersMissing} of its threads do not answer`),
      );
  }

  private settle({ id, results, trouble }: Answer): void {
    const waiting = this.waiting.get(id);
    if (!waiting && this.failure) return; // one thread has ended, and another had just answered
    assert(waiting, 'an answer that nothing waits for');
    for (const { part, result } of results) waiting.results[part] = result;
    waiting.trouble ??= trouble;
    waiting.answersMissing -= 1;
    if (waiting.answersMissing > 0) return;
    this.waiting.delete(id);
    if (this.waiting.size === 0) for (const thread of this.threads) thread.unref();
    waiting.resolve(outcomeOf(waiting));
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}

/** Measures of whole operations: their parts' sums of squares are added up in order, whoever did them. */
function outcomeOf({ parts, results, trouble }: Pick<Waiting, 'parts' | 'results' | 'trouble'>): Outcome {
  const sums = new Map<Operation, number>();
  for (const [i, { operation }] of parts.entries())
    sums.set(operation, (sums.get(operation) ?? 0) + results[i]!);
  const measures = [...sums.values()].map(measureOf);
  return { finite: measures.every(({ finite }) => finite), measures, trouble };
}
