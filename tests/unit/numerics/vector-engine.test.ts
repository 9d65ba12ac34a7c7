// Goal: the compiled kernels compute, bit for bit, what the formulas say in IEEE single precision, for every length and cut.
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { OPTIMIZER_KERNELS } from '../../../src/numerics/vector-calls.js';
import { part, type Vector, VectorEngine } from '../../../src/numerics/vector-engine.js';
import { addInto, squaredNorm } from '../../../src/numerics/vectors.js';
import { vectorHash } from '../../../src/parameters/vector-hash.js';
import { BLOCK_FLOATS } from '../../../src/protocol/messages.js';
import { lanesSquared, type Step, stepOf } from './vector-oracle.js';

let engine: VectorEngine;
beforeAll(async () => {
  engine = await VectorEngine.create();
});
afterAll(() => engine.close());

function drawn(length: number, ...labels: (string | number)[]): Float32Array {
  const random = new RandomStream(seedOf('vector-engine', ...labels));
  return Float32Array.from({ length }, () => random.normal() * 10 ** (random.uniform() * 8 - 6));
}

function vectorOf(values: Float32Array): Vector {
  const vector = engine.allocate(values.length);
  engine.write(vector, 0, values);
  return vector;
}

const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

const STEPS: Step[] = [
  { kernel: 'sgd', scale: 0.25, scalars: [0.1, 0.9] },
  { kernel: 'sgd', scale: 1 / 3, scalars: [0.1, 0], bound: 0.01 },
  { kernel: 'adam', scale: 0.25, scalars: [2e-4 / 0.5, 0.5, 0.5, 0.999, 0.001, 31.6227766, 1e-8, 1] },
  { kernel: 'adam', scale: 1, scalars: [1e-3, 0.9, 0.1, 0.99, 0.01, 10, 1e-8, 0.99999], bound: 0.02 },
  { kernel: 'optimisticAdam', scale: 0.25, scalars: [2e-4, 0.5, 0.5, 0.999, 0.001, 31.6227766, 1e-8, 2] },
  { kernel: 'rmsprop', scale: 0.5, scalars: [5e-5, 0.99, 0.01, 1e-8], bound: 0.02 },
];
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 1000, 16385];

describe('update', () => {
  for (const step of STEPS) {
    const name = `${step.kernel}${step.bound ? ' with clamped weights' : ''}`;
    it(`${name} is the formula bit for bit, at every length, in place and into another vector`, async () => {
      for (const length of LENGTHS) {
        const gradient = drawn(length, name, length, 'gradient');
        const weights = drawn(length, name, length, 'weights');
        const old = Array.from({ length: OPTIMIZER_KERNELS[step.kernel].stateCount }, (_, i) =>
          drawn(length, name, length, i).map((x) => (step.kernel === 'sgd' ? x : Math.abs(x))),
        );
        const expected = Array.from(gradient, (g, i) =>
          stepOf(
            step,
            g,
            weights[i]!,
            old.map((vector) => vector[i]!),
          ),
        );
        for (const inPlace of [true, false]) {
          const [g, w] = [vectorOf(gradient), vectorOf(weights)];
          const into = inPlace ? w : engine.allocate(length);
          const state = old.map(vectorOf);
          const measure = await engine.update({ ...step, gradient: g, weights: w, into, state });
          const found = [into, ...state].map((vector) => bits(engine.read(vector)));
          expect(found).toEqual(found.map((_, k) => bits(Float32Array.from(expected, (e) => e[k]!))));
          if (!inPlace) expect(bits(engine.read(w))).toBe(bits(weights));
          const scaled = gradient.map((x) => Math.fround(step.scale) * x);
          expect(measure).toEqual({ finite: true, squaredNorm: lanesSquared(scaled) });
          for (const vector of new Set([g, w, into, ...state])) engine.release(vector);
        }
      }
    });
  }

  it('in parts that begin anywhere leaves the same bits as in one', async () => {
    const [length, cuts] = [40_001, [0, 1, 6, 16_390, 32_769, 40_001]];
    const step = STEPS[2]!;
    const run = async (edges: number[]) => {
      const gradient = vectorOf(drawn(length, 'cuts', 'gradient'));
      const weights = vectorOf(drawn(length, 'cuts', 'weights'));
      const state = [engine.allocate(length), engine.allocate(length)];
      for (let i = 1; i < edges.length; i++) {
        const cut = (v: Vector) => part(v, edges[i - 1]!, edges[i]! - edges[i - 1]!);
        await engine.update({
          ...step,
          gradient: cut(gradient),
          weights: cut(weights),
          state: state.map(cut),
        });
      }
      return [weights, ...state].map((vector) => bits(engine.read(vector)));
    };
    expect(await run(cuts)).toEqual(await run([0, length]));
  });

  it('says of one weight beyond the limit, wherever it lies, that not all is finite; at the limit it is', async () => {
    for (const { bound: _, ...step } of STEPS)
      for (const length of [1, 2, 3, 6, 16, 20_003])
        for (const at of new Set([0, length >> 1, length - 1]))
          for (const sign of [1, -1]) {
            const [gradient, weights] = [engine.allocate(length), engine.allocate(length)];
            const state = Array.from({ length: OPTIMIZER_KERNELS[step.kernel].stateCount }, () =>
              engine.allocate(length),
            );
            engine.write(weights, at, Float32Array.of(8 * sign)); // the gradient is 0: it stays there
            const vectors = { gradient, weights, state };
            const found = [8, 7.999].map(
              (limit) => ({ kind: 'update', ...step, ...vectors, limit }) as const,
            );
            const finite = [];
            for (const update of found) finite.push((await engine.together([update])).finite);
            expect(finite, `${step.kernel}, ${8 * sign} at ${at} of ${length}`).toEqual([true, false]);
            for (const vector of [gradient, weights, ...state]) engine.release(vector);
          }
  });

  it('says of one NaN or infinity in gradient or weights, wherever it lies, that not all is finite', async () => {
    for (const length of [1, 6, 16, 20_003]) {
      for (const bad of [Number.NaN, Infinity, -Infinity]) {
        for (const at of new Set([0, length >> 1, length - 1])) {
          for (const where of ['gradient', 'weights'] as const) {
            const vectors = { gradient: engine.allocate(length), weights: engine.allocate(length) };
            engine.write(vectors[where], at, Float32Array.of(bad));
            const state = [engine.allocate(length)];
            const measure = await engine.update({ ...STEPS[1]!, ...vectors, state });
            expect(measure.finite, `${bad} in ${where} at ${at} of ${length}`).toBe(false);
            for (const vector of [...state, vectors.gradient, vectors.weights]) engine.release(vector);
          }
        }
      }
    }
  });

  it('of zeros with epsilon 0 at an odd length is not taken for NaN beyond the end', async () => {
    const [gradient, weights, m, v] = [1, 2, 3, 4].map(() => engine.allocate(3)) as [
      Vector,
      Vector,
      Vector,
      Vector,
    ];
    for (const vector of [gradient, v]) engine.write(vector, 0, Float32Array.of(1, 1, 1));
    const update = { kernel: 'adam', scale: 1, scalars: [1, 0.5, 0.5, 0.5, 0.5, 1, 0, 1] } as const;
    expect(await engine.update({ ...update, gradient, weights, state: [m, v] })).toEqual({
      finite: true,
      squaredNorm: 3,
    });
  });
});

describe('add, blend and scan', () => {
  it('add has the bits of the plain loop and measures the sum', async () => {
    for (const length of LENGTHS) {
      const [a, b] = [drawn(length, 'a', length), drawn(length, 'b', length)];
      const [into, from] = [vectorOf(a), vectorOf(b)];
      const measure = await engine.add(into, from);
      addInto(a, b);
      expect(bits(engine.read(into))).toBe(bits(a));
      expect(measure).toEqual({ finite: true, squaredNorm: lanesSquared(a) });
      expect(measure.squaredNorm).toBeCloseTo(squaredNorm(a), 6);
    }
  });

  it('blend is keep * into + take * from in single precision', async () => {
    for (const length of LENGTHS) {
      const [a, b] = [drawn(length, 'a', length), drawn(length, 'b', length)];
      const [into, from] = [vectorOf(a), vectorOf(b)];
      await engine.blend({ into, from, keep: 0.999, take: 0.001 });
      const [keep, take] = [Math.fround(0.999), Math.fround(0.001)];
      const expected = a.map((x, i) => Math.fround(keep * x) + Math.fround(take * b[i]!));
      expect(bits(engine.read(into))).toBe(bits(expected));
    }
  });

  it('scan finds the sum of squares and any value that is not finite', async () => {
    const vector = vectorOf(Float32Array.of(3, 4, 12, 0, -84));
    expect(await engine.scan(vector)).toEqual({ finite: true, squaredNorm: 85 * 85 });
    engine.write(vector, 4, Float32Array.of(Number.NaN));
    expect((await engine.scan(vector)).finite).toBe(false);
    expect((await engine.scan(part(vector, 0, 4))).finite).toBe(true);
  });

  it('the largest floats do not overflow their sum of squares', async () => {
    const vector = vectorOf(new Float32Array(1000).fill(3.4e38));
    expect((await engine.scan(vector)).finite).toBe(true);
  });
});

describe('operations done together', () => {
  const filled = (length: number, value: number) => vectorOf(new Float32Array(length).fill(value));

  it('are measured in their order, also where the memory has grown since', async () => {
    const length = 100_000;
    const [a, b] = [filled(length, 1), filled(length, 2)];
    engine.allocate(5_000_000);
    const last = filled(length, 5);
    const { finite, measures } = await engine.together([
      { kind: 'scan', vector: a },
      { kind: 'add', into: b, from: a },
      {
        kind: 'blend',
        into: last,
        from: last,
        keep: 0,
        take: 2,
        followedBy: [{ kind: 'add', into: last, from: a }],
      },
    ]);
    expect(finite).toBe(true);
    expect(measures.map(({ squaredNorm }) => squaredNorm / length)).toEqual([1, 9, 100]);
    expect(engine.read(last).every((x) => x === 11)).toBe(true);
  });

  it('has the bits and the measures of one thread with any number of them', async () => {
    const length = 3 * BLOCK_FLOATS + 12_345; // thirteen parts
    const step = STEPS[2]!;
    const values = ['gradient', 'weights', 'first', 'second'].map((name) => drawn(length, 'threads', name));
    values[3] = values[3]!.map(Math.abs);
    const outcomes = [];
    for (const threads of [1, 2, 3, 4]) {
      const other = await VectorEngine.create(threads);
      const [gradient, weights, ...state] = values.map((floats) => {
        const vector = other.allocate(length);
        other.write(vector, 0, floats);
        return vector;
      }) as [Vector, Vector, Vector, Vector];
      const into = other.allocate(length);
      const update = { kind: 'update', ...step, gradient, weights, into, state } as const;
      const scan = { kind: 'scan', vector: gradient } as const;
      const blend = { kind: 'blend', into: weights, from: into, keep: 0.9, take: 0.1 } as const;
      const measures = await Promise.all(
        [scan, update, blend].map((operation) => other.together([operation])),
      );
      const hash = (vector: Vector) => vectorHash(other.view(vector));
      outcomes.push({ measures, hashes: [into, weights, ...state].map(hash) });
      await other.close();
    }
    for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  });

  it('what follows an operation part by part has the bits of an operation of its own, and is left where the part is not finite', async () => {
    const length = 2 ** 19 + 77; // three parts
    const from = engine.allocate(length);
    engine.write(from, 0, drawn(length, 'followed', 'from'));
    const averages = [filled(length, 1), filled(length, 1)] as const;
    const blend = (into: Vector) => ({ kind: 'blend', into, from, keep: 0.9, take: 0.1 }) as const;
    const sums = [filled(length, 2), filled(length, 2)] as const;
    const add = (into: Vector) => ({ kind: 'add', into: from, from: into }) as const;
    const together = await engine.together([{ ...add(sums[0]), followedBy: [blend(averages[0])] }]);
    engine.write(from, 0, drawn(length, 'followed', 'from'));
    expect(together.measures).toEqual([await engine.add(from, sums[1])]);
    await engine.blend(blend(averages[1]));
    expect(vectorHash(engine.view(averages[0]))).toBe(vectorHash(engine.view(averages[1])));
    engine.write(sums[0], 2 ** 18, Float32Array.of(Number.NaN)); // in the second part
    engine.view(averages[0]).fill(1);
    const spoiled = await engine.together([{ ...add(sums[0]), followedBy: [blend(averages[0])] }]);
    expect(spoiled.finite).toBe(false);
    const isLeft = (start: number, end: number) =>
      engine
        .view(averages[0])
        .subarray(start, end)
        .every((x) => x === 1);
    expect([0, 1, 2].map((i) => isLeft(i * 2 ** 18, (i + 1) * 2 ** 18))).toEqual([false, true, false]);
  });

  it('vectors go to files whole, on any number of threads, at any length', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nash-vectors-'));
    const file = openSync(join(folder, 'vectors'), 'w+');
    try {
      for (const length of [1, 2 ** 14, 2 ** 19 + 77]) {
        for (const threads of [1, 2, 3]) {
          const other = await VectorEngine.create(threads);
          const made = other.allocate(length);
          other.write(made, 0, drawn(length, 'stored'));
          const to = { file, position: 64 };
          const store = { kind: 'store', vector: made, to } as const;
          const outcome = await other.together([
            { kind: 'add', into: made, from: made, followedBy: [store] },
          ]);
          expect([outcome.finite, outcome.trouble]).toEqual([true, undefined]);
          const back = new Float32Array(length);
          expect(readSync(file, back, 0, 4 * length, 64)).toBe(4 * length);
          expect(vectorHash(back)).toBe(vectorHash(other.view(made)));
          await other.close();
        }
        ftruncateSync(file);
      }
    } finally {
      closeSync(file);
      rmSync(folder, { recursive: true });
    }
  });

  it('what cannot be stored is told, and spoils nothing else; the next knows nothing of it', async () => {
    for (const length of [10, 2 ** 19]) {
      const [vector, average] = [filled(length, 1), filled(length, 0)];
      const deeds = [
        { kind: 'store', vector, to: { file: 999_999, position: 0 } },
        { kind: 'blend', into: average, from: vector, keep: 0, take: 1 },
      ] as const;
      const outcome = await engine.together([{ kind: 'scan', vector, followedBy: deeds }]);
      expect(outcome).toMatchObject({ finite: true, trouble: expect.stringContaining('EBADF') });
      expect(engine.read(average).every((x) => x === 1)).toBe(true);
      const next = await engine.together([{ kind: 'scan', vector }]);
      expect(next).toMatchObject({ finite: true, trouble: undefined });
    }
  });

  it('are done before those asked for next begin, again and again, and one that is not finite stops no other', async () => {
    const long = 2 ** 15; // of several this is too much for the main thread
    for (const threads of [2, 4]) {
      const other = await VectorEngine.create(threads);
      const [good, bad, sum, copy] = [1, Number.NaN, 0, 0].map((value) => {
        const vector = other.allocate(4 * long);
        other.write(vector, 4 * long - 1, Float32Array.of(value));
        return vector;
      }) as [Vector, Vector, Vector, Vector];
      const scan = (vector: Vector) => ({ kind: 'scan', vector }) as const;
      for (let i = 0; i < 1500; i++) {
        // the copy is made of what another thread has just added, since its halves are the other way round
        const halves = [2 * long, 0].map((at) => {
          const [into, from] = [copy, sum].map((vector) => part(vector, at, 2 * long)) as [Vector, Vector];
          return { kind: 'blend', into, from, keep: 0, take: 1 } as const;
        });
        const [first, second] = await Promise.all([
          other.together([scan(i % 3 ? good : bad), { kind: 'add', into: sum, from: good }]),
          other.together(halves),
        ]);
        if (first.finite !== i % 3 > 0 || !second.finite || other.view(copy)[4 * long - 1] !== i + 1)
          expect([first, second], `round ${i}`).toBeUndefined();
      }
      expect(other.view(sum)[4 * long - 1]).toBe(1500);
      await other.close();
    }
  });
});

describe('order and memory', () => {
  it('operations asked for together happen in order, short ones after long ones too', async () => {
    const long = engine.allocate(BLOCK_FLOATS);
    engine.write(long, 0, new Float32Array(BLOCK_FLOATS).fill(1));
    const short = part(long, 0, 16);
    const asked = [];
    for (let i = 0; i < 10; i++)
      asked.push(engine.add(long, long), engine.blend({ into: short, from: short, keep: 0, take: 0.5 }));
    const measures = await Promise.all(asked);
    expect(measures.map((measure) => Math.sqrt(measure.squaredNorm / 16)).filter((_, i) => i % 2)).toEqual(
      Array(10).fill(1),
    );
    expect(engine.read(long)[BLOCK_FLOATS - 1]).toBe(1024);
    engine.release(long);
  });

  it('10 million floats grow the memory, keep what was there, and come back zeroed after a release', async () => {
    const small = vectorOf(drawn(1000, 'kept'));
    const sizeBefore = engine.memory.buffer.byteLength;
    const length = 10_000_001;
    const [a, b] = [engine.allocate(length), engine.allocate(length)];
    expect(engine.memory.buffer.byteLength).toBeGreaterThan(sizeBefore);
    expect(bits(engine.read(small))).toBe(bits(drawn(1000, 'kept')));
    engine.write(a, length - 3, Float32Array.of(1, 2, 3));
    engine.write(b, length - 3, Float32Array.of(10, 20, 30));
    expect((await engine.add(a, b)).squaredNorm).toBe(11 * 11 + 22 * 22 + 33 * 33);
    expect([...engine.view(a).subarray(length - 4)]).toEqual([0, 11, 22, 33]);
    engine.release(a);
    const again = engine.allocate(length);
    expect(again.offset).toBe(a.offset);
    expect(engine.view(again).every((x) => x === 0)).toBe(true);
    for (const vector of [again, b]) engine.release(vector);
  });

  it('vectors are aligned to 64 bytes, and bytes at any alignment are written as floats', () => {
    const vector = engine.allocate(5);
    expect(vector.offset % 64).toBe(0);
    const message = new Uint8Array(9);
    message.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
    engine.write(vector, 3, message.subarray(1));
    expect([...engine.read(vector)]).toEqual([0, 0, 0, 1.5, -2]);
  });

  it('refuses what lies outside a vector, unequal lengths, wrong state and a second release', async () => {
    const [a, b] = [engine.allocate(8), engine.allocate(9)];
    expect(() => engine.write(a, 7, new Float32Array(2))).toThrow('floats 7 to 9 of a vector of 8');
    expect(() => part(a, -1, 2)).toThrow('floats -1 to 1');
    expect(() => engine.add(a, b)).toThrow('8, 9 floats');
    expect(() => engine.update({ ...STEPS[2]!, gradient: a, weights: a, state: [a] })).toThrow(
      'adam takes 2 state, not 1',
    );
    const spoiled = { ...STEPS[0]!, scale: Number.NaN, gradient: a, weights: a, state: [a] };
    expect(() => engine.update(spoiled)).toThrow('scalars NaN');
    engine.release(b);
    expect(() => engine.release(b)).toThrow('not allocated');
    expect(() => engine.release(part(a, 0, 4))).toThrow('not allocated');
  });

  it('a closed engine rejects what is queued and what comes', async () => {
    const other = await VectorEngine.create();
    const vector = other.allocate(BLOCK_FLOATS);
    const queued = Promise.allSettled(Array.from({ length: 50 }, () => other.add(vector, vector)));
    await other.close();
    expect((await queued).at(-1)).toMatchObject({ status: 'rejected' });
    await expect(other.scan(vector)).rejects.toThrow('the vector engine is closed');
  });
});

describe('shortenUnits', () => {
  /** The formula, of a kernel [before, units, after]: sums of squares in the order in which the weights lie. */
  function shortened(values: Float32Array, before: number, units: number, after: number, bound: number) {
    const result = values.slice();
    for (let unit = 0; unit < units; unit++) {
      const own = [];
      for (let row = 0; row < before; row++)
        for (let i = 0; i < after; i++) own.push((row * units + unit) * after + i);
      let squares = 0;
      for (const at of own) squares += values[at]! * values[at]!;
      const length = Math.sqrt(squares);
      if (length > bound) for (const at of own) result[at] = (bound / length) * values[at]!;
    }
    return result;
  }

  it('leaves no unit longer than the bound and the others their bits, whichever axis is theirs and however many parts it is', async () => {
    const kernels: [shape: number[], axis: number][] = [
      [[3, 2], 1],
      [[1, 7], 1],
      [[700, 801], 1], // three parts
      [[3, 3, 5, 4], 3],
      [[4, 4, 6, 3], 2], // of a transposed convolution
      [[2, 2, 500, 301], 2],
      [[2, 300_000], 0], // a unit is more than a part
    ];
    for (const [shape, axis] of kernels) {
      const length = shape.reduce((product, d) => product * d, 1);
      const values = drawn(length, 'units', length);
      const before = shape.slice(0, axis).reduce((product, d) => product * d, 1);
      const after = length / before / shape[axis]!;
      const kernel = vectorOf(values);
      const bound = Math.sqrt(before * after); // some are longer
      const expected = shortened(values, before, shape[axis]!, after, bound);
      const { finite } = await engine.together([{ kind: 'shortenUnits', kernel, shape, axis, bound }]);
      expect(finite).toBe(true);
      expect(vectorHash(engine.read(kernel))).toBe(vectorHash(expected));
      expect(expected.filter((x, i) => x !== values[i]).length).toBeGreaterThan(0);
      engine.release(kernel);
    }
  });
});
