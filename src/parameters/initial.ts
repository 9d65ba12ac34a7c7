// The first values of a net's flat vector, decided by (seed, net, parameter name) alone.
import { RandomStream, seedOf } from '../numerics/random.js';
import type { Manifest, ManifestEntry, Net } from './manifest.js';

/**
 * Weights followed by state slots, float32 `[size + slotSize]`. A parameter's values depend on its own name,
 * so adding a layer leaves the others as they were.
 */
export function initialParameters(
  manifest: Manifest,
  { seed, net }: { seed: number; net: Net },
): Float32Array {
  const vector = new Float32Array(manifest.size + manifest.slotSize);
  const fill = (entry: ManifestEntry, start: number) => {
    const values = vector.subarray(start + entry.offset, start + entry.offset + entry.size);
    fillWith(entry, values, new RandomStream(seedOf(seed, 'initial', net, entry.name)));
  };
  for (const entry of manifest.entries) fill(entry, 0);
  for (const entry of manifest.slots) fill(entry, manifest.size);
  return vector;
}

function fillWith({ initializer, shape }: ManifestEntry, values: Float32Array, random: RandomStream): void {
  switch (initializer.kind) {
    case 'constant':
      values.fill(initializer.value);
      return;
    case 'normal': {
      const { mean = 0, deviation } = initializer;
      for (let i = 0; i < values.length; i++) values[i] = mean + deviation * random.normal();
      return;
    }
    case 'uniform':
      for (let i = 0; i < values.length; i++) values[i] = initializer.range * (2 * random.uniform() - 1);
      return;
    case 'sparse':
      fillSparsely(values, { columns: shape.at(-1) ?? 1, count: initializer.count }, random);
      return;
    case 'orthogonal':
      fillOrthogonally(values, shape.at(-1) ?? 1, random);
      return;
  }
}

/** Of each column, in their order, so many places are drawn until one is free, which then holds a normal number. */
function fillSparsely(
  values: Float32Array,
  { columns, count }: { columns: number; count: number },
  random: RandomStream,
): void {
  const rows = values.length / columns;
  for (let column = 0; column < columns; column++)
    for (let filled = 0; filled < count; ) {
      const at = random.below(rows) * columns + column;
      if (values[at] !== 0) continue;
      values[at] = random.normal();
      filled += 1;
    }
}

/** Normal vectors, made orthogonal one after another, twice over, in double precision (Gram and Schmidt, modified). */
function fillOrthogonally(values: Float32Array, columns: number, random: RandomStream): void {
  const rows = values.length / columns;
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const at = (vector: number, i: number) => (rows >= columns ? i * columns + vector : vector * columns + i);
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, () => random.normal()));
  for (const [v, vector] of vectors.entries()) {
    for (const before of [...vectors.slice(0, v), ...vectors.slice(0, v)]) {
      const along = dot(before, vector);
      for (let i = 0; i < length; i++) vector[i]! -= along * before[i]!;
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < length; i++) {
      vector[i]! /= norm;
      values[at(v, i)] = vector[i]!;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
