// Frees large buffers soon after their last use.
//
// Question: what to do about V8's habit of marking the whole heap when 64 MB of buffers have come and gone? Measured on a
// DCGAN run of 10 MB a step: a mark-compact nearly every step, 20 to 35 ms each, in server and workers, on the critical
// path. Choice: a collection of the young generation after each step, 0.4 ms, in which last step's buffers die before
// they grow old. Rejected: larger heaps (the limit is a constant in V8), pooling (both libraries allocate by themselves).
// A runtime that frees received buffers by itself would change our mind.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Without options the whole heap; Node 20 takes any options for a collection of the young. */
type Collect = (options?: { type: 'minor' }) => void;

/** Buffers of this many bytes may come and go before a collection pays. */
const BYTES_MAX = 4 * 2 ** 20;

/** Left to itself a heap that may grow tenfold does, over tens of thousands of steps: it is marked so often, at 0.3 % of the time. */
const MARK_EVERY_MS = 10_000;

let collect: Collect | undefined;
let bytesSince = 0;
let marks: NodeJS.Timeout | undefined;

/**
 * Marks this process's heap by the clock, for those on the critical path of training: server and workers.
 *
 * Buffers in use count towards the size at which V8 marks the heap, 1.3 times what was alive last: a dozen MB of weights beside a heap
 * of 30 MB passed it at every step (measured: a distributed DCGAN step took 5 % longer). Ten times leaves room for the weights of the
 * nets that this is made for.
 */
export function markByTheClock(): void {
  if (marks) return;
  setFlagsFromString('--heap-growing-percent=900');
  marks = setInterval(() => collector()(), MARK_EVERY_MS).unref();
}

/**
 * To be told of large buffers that have just become garbage, or soon will. Collects now and then, once what runs now is done.
 * @param bytes their size
 */
export function noteGarbage(bytes: number): void {
  bytesSince += bytes;
  if (bytesSince < BYTES_MAX) return;
  bytesSince = 0;
  setImmediate(collectYoung);
}

function collectYoung(): void {
  collector()({ type: 'minor' });
}

function collector(): Collect {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  return collect;
}
