// Euclidean distances of many items to many: the way in which measures ask for them, and what they ask most often.

/**
 * Squared distances of every item of `a` to every one of `b`, in double precision.
 * @param a `[n, size]` @param b `[m, size]` @returns `[n, m]`
 */
export type SquaredDistances = (a: Float32Array, b: Float32Array, size: number) => Float64Array;

/** The definition itself: exact, and slow for items of many floats. */
export const squaredDistances: SquaredDistances = (a, b, size) => {
  const [n, m] = [a.length / size, b.length / size];
  const result = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += (a[i * size + k]! - b[j * size + k]!) ** 2;
      result[i * m + j] = sum;
    }
  return result;
};

/** Distances that are held at once: 32 MiB. */
const BLOCK = 2 ** 22;

/** Two sets of items, and how their distances are had. */
export interface Pairs {
  a: Float32Array;
  b: Float32Array;
  /** floats of an item */
  size: number;
  squared: SquaredDistances;
}

/** Calls `see` with the squared distances `[m]` of each item of `a` in turn; they are overwritten afterwards. */
export function eachRow({ a, b, size, squared }: Pairs, see: (row: Float64Array, i: number) => void): void {
  const [n, m] = [a.length / size, b.length / size];
  const rows = Math.max(1, Math.floor(BLOCK / m));
  for (let from = 0; from < n; from += rows) {
    const to = Math.min(n, from + rows);
    const block = squared(a.subarray(from * size, to * size), b, size);
    for (let i = from; i < to; i++) see(block.subarray((i - from) * m, (i - from + 1) * m), i);
  }
}

/**
 * The squared distance of each item to the k-th nearest other one.
 * @param items `[n, size]`, more than k
 */
export function neighbourRadii(items: Float32Array, k: number, { size, squared }: Omit<Pairs, 'a' | 'b'>) {
  const radii = new Float64Array(items.length / size);
  eachRow({ a: items, b: items, size, squared }, (row, i) => {
    row[i] = Number.POSITIVE_INFINITY; // an item is no neighbour of its own
    radii[i] = smallest(row, k);
  });
  return radii;
}

/** The k-th smallest of some values. */
function smallest(values: Float64Array, k: number): number {
  const least = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (let j = 0; j < values.length; j++) {
    const value = values[j]!;
    if (value >= least[k - 1]!) continue;
    let place = k - 1;
    for (; place > 0 && least[place - 1]! > value; place--) least[place] = least[place - 1]!;
    least[place] = value;
  }
  return least[k - 1]!;
}

/** The squared distance of each item of `a` to the nearest of `b`, `[n]`. */
export function nearestSquares(pairs: Pairs): Float64Array {
  const nearest = new Float64Array(pairs.a.length / pairs.size);
  eachRow(pairs, (row, i) => {
    nearest[i] = row.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  });
  return nearest;
}
