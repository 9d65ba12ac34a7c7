// The server's arithmetic off its event loop: operations over vectors in shared memory, done by threads of their own, each a share of every
// operation. The main thread copies received frames in (0.8 ms for 11 MB) and sends or copies weights out; it must not touch a vector that
// an operation still uses.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { assert } from '../errors.js';
import { storeCall } from './store-call.js';
import { type Blend, type Operation, type Part, partsOf, type Update, type Work } from './vector-calls.js';
import { type Call, type Measure, measureOf, type Vector, VectorMemory } from './vector-memory.js';

export type { Blend, Deed, FilePlace, Operation, OptimizerKernel, Update } from './vector-calls.js';
export { type Measure, part, type Vector, VectorMemory } from './vector-memory.js';

/** Up to here an operation costs less than waking a thread (about 30 microseconds): with nothing queued it is done on the spot. */
const INLINE_FLOATS_MAX = 2 ** 14;
/** Memory limits the kernels: beyond four threads there is little to win. */
const THREADS_MAX = 4;
/** A sequence that is not done after so many looks hangs; not a deadline, since a process that was stopped looks only once on coming back. */
const LOOKS_MAX = 6;
const LOOK_MS = 10_000;

/** What the first call measured, or NaN where it was too much or one was not finite: those after it are left. The threads get it as text, as they do `storeCall`. */
function performAll({ calls, squaredMax }: Work, perform: (call: Call) => number): number {
  let first: number | undefined;
  for (const call of calls) {
    const result = perform(call);
    if (!Number.isFinite(result) || (first ?? result) > squaredMax) return Number.NaN;
    first ??= result;
  }
  return first!;
}

/**
 * A thread's whole program, as text so that it runs alike from dist and under vitest. Of each stage's parts a thread does every so many-th;
 * then all of them meet. Words of the meeting: how many are there, its number, whether one met a value that is not finite since the last
 * meeting, and what the last to come made of that for all: the others may look late, when another stage has begun.
 */
const THREAD = `
const { parentPort, workerData: { module, memory, words, index, count } } = require('node:worker_threads');
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const run = Object.assign((${storeCall})(memory, require('node:fs').writeSync), exports);
const [THERE, MEETING, SPOILED, VERDICT] = [0, 1, 2, 3];
function meet() {
  const meeting = Atomics.load(words, MEETING);
  if (Atomics.add(words, THERE, 1) === count - 1) {
    Atomics.store(words, THERE, 0);
    Atomics.store(words, VERDICT, Atomics.exchange(words, SPOILED, 0));
    Atomics.add(words, MEETING, 1);
    Atomics.notify(words, MEETING);
  }
  // the last meeting's notification may come so late that it wakes those who wait for this one
  while (Atomics.load(words, MEETING) === meeting) Atomics.wait(words, MEETING, meeting);
  return Atomics.load(words, VERDICT);
}
const performAll = ${performAll};
const perform = ([name, ...numbers]) => run[name](...numbers);
parentPort.on('message', ({ id, stages }) => {
  const results = [];
  for (const [stage, parts] of stages.entries()) {
    for (let part = index; part < parts.length; part += count) {
      const result = performAll(parts[part], perform);
      results.push({ stage, part, result });
      if (!Number.isFinite(result)) Atomics.store(words, SPOILED, 1);
    }
    if (meet() === 1) break;
  }
  parentPort.postMessage({ id, results, trouble: run.trouble });
  run.trouble = undefined;
});
`;
const MEETING_WORDS = 4;

/** What one thread did of a sequence. */
interface Answer {
  id: number;
  results: { stage: number; part: number; result: number }[];
  trouble: string | undefined;
}

/** What a sequence did: measures of its operations, stage by stage, up to and with the first stage that was not finite. */
export interface Outcome {
  finite: boolean;
  measures: Measure[][];
  /** why a file is not as it should be: something could not be stored */
  trouble: string | undefined;
}

/** A sequence under way. */
interface Waiting {
  /** as the threads have them */
  stages: Part[][];
  /** of each part that some thread has answered for */
  results: number[][];
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
    await engine.send([[]]);
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
   * before clamping, is not finite: weights and state are then spoiled, so scan first where they must survive.
   */
  update(update: Update): Promise<Measure> {
    return this.perform({ kind: 'update', ...update });
  }

  /** Measures a vector and changes nothing. */
  scan(vector: Vector): Promise<Measure> {
    return this.perform({ kind: 'scan', vector });
  }

  /**
   * Several stages in one visit to the threads: where cores are busy, each visit waits for one (milliseconds, measured). The operations of
   * a stage are done side by side, so none may write what another uses. Stops after the first stage that is not finite, so a scan in front
   * guards the updates behind it.
   */
  sequence(stages: readonly (readonly Operation[])[]): Promise<Outcome> {
    return this.post(stages.map((operations) => operations.flatMap(partsOf)));
  }

  /** Ends the threads; operations still queued are rejected. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private perform(operation: Operation): Promise<Measure> {
    return this.post([partsOf(operation)]).then(({ measures }) => measures[0]![0]!);
  }

  private post(stages: Part[][]): Promise<Outcome> {
    const floats = stages.flat().reduce((sum, { length }) => sum + length, 0);
    const isHere = floats <= INLINE_FLOATS_MAX && this.waiting.size === 0 && !this.failure;
    return isHere ? Promise.resolve(this.runHere(stages)) : this.send(stages);
  }

  private runHere(stages: Part[][]): Outcome {
    const results: number[][] = stages.map(() => []);
    for (const [i, parts] of stages.entries()) {
      for (const part of parts) {
        results[i]!.push(performAll(part.work, (call) => this.run(call).squaredNorm));
      }
      if (!results[i]!.every(Number.isFinite)) break;
    }
    return outcomeOf({ stages, results, trouble: this.takeTrouble() });
  }

  private send(stages: Part[][]): Promise<Outcome> {
    if (this.failure) return Promise.reject(this.failure);
    const id = ++this.lastId;
    const works = stages.map((parts) => parts.map((part) => part.work));
    const results = stages.map(() => []);
    return new Promise((resolve, reject) => {
      const answersMissing = this.threads.length;
      this.waiting.set(id, {
        stages,
        results,
        answersMissing,
        looks: 0,
        trouble: undefined,
        resolve,
        reject,
      });
      for (const thread of this.threads) {
        thread.ref(); // an idle engine keeps no process alive, a busy one does
        thread.postMessage({ id, stages: works });
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
    for (const { stage, part, result } of results) waiting.results[stage]![part] = result;
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
function outcomeOf({ stages, results, trouble }: Pick<Waiting, 'stages' | 'results' | 'trouble'>): Outcome {
  const measures: Measure[][] = [];
  for (const [i, numbers] of results.entries()) {
    if (numbers.length === 0) break; // the stage before was not finite
    const sums = new Map<Operation, number>();
    for (const [part, { operation }] of stages[i]!.entries())
      sums.set(operation, (sums.get(operation) ?? 0) + numbers[part]!);
    measures.push([...sums.values()].map(measureOf));
  }
  return { finite: measures.flat().every(({ finite }) => finite), measures, trouble };
}
