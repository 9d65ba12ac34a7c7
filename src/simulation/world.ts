// Virtual time: events in the order of their times, everything random drawn from one seed.
import { RandomStream, seedOf } from '../numerics/random.js';

interface Timed {
  atMs: number;
  /** order among events of one time */
  order: number;
  run(): void;
}

export class World {
  readonly random: RandomStream;
  nowMs = 0;
  private order = 0;
  /** a binary heap, earliest first */
  private readonly heap: Timed[] = [];

  constructor(
    readonly seed: number,
    /** told what happens, where somebody wants to read it */
    private readonly transcript?: (line: string) => void,
  ) {
    this.random = new RandomStream(seedOf('simulation', seed));
  }

  /** Runs something later. */
  after(delayMs: number, run: () => void): void {
    const timed = { atMs: this.nowMs + Math.max(0, delayMs), order: this.order++, run };
    this.heap.push(timed);
    for (let i = this.heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (isBefore(this.heap[parent]!, this.heap[i]!)) break;
      this.swap(i, parent);
      i = parent;
    }
  }

  /** Runs the next event. @returns false where there is none */
  next(): boolean {
    const first = this.heap[0];
    if (!first) return false;
    const last = this.heap.pop()!;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink();
    }
    this.nowMs = first.atMs;
    first.run();
    return true;
  }

  private sink(): void {
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < this.heap.length && isBefore(this.heap[child]!, this.heap[least]!)) least = child;
      if (least === i) return;
      this.swap(i, least);
      i = least;
    }
  }

  private swap(a: number, b: number): void {
    [this.heap[a], this.heap[b]] = [this.heap[b]!, this.heap[a]!];
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.random.uniform() < probability;
  }

  /** Uniform between two numbers. */
  between(from: number, to: number): number {
    return from + (to - from) * this.random.uniform();
  }

  say(line: () => string): void {
    this.transcript?.(`${this.nowMs.toFixed(1).padStart(9)}  ${line()}`);
  }
}

const isBefore = (a: Timed, b: Timed): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
