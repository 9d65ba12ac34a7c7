// The mean of each value over all items of a set.
import { sizeOf } from '../numerics/shape.js';
import type { DatasetSource } from './data-source.js';

/** Items that are in memory at a time; it decides no bit. */
const ITEMS = 256;

/** `[size]` in [-1, 1]: each a sum in double precision, in the items' order, so that it has the same bits wherever it is computed. */
export function pixelMeans({ count, shape, read }: DatasetSource): Float64Array {
  const sums = new Float64Array(sizeOf(shape));
  for (let from = 0; from < count; from += ITEMS) {
    const indices = Array.from({ length: Math.min(ITEMS, count - from) }, (_, i) => from + i);
    const items = new Float32Array(indices.length * sums.length);
    read(indices, items);
    for (let i = 0; i < items.length; i++) sums[i % sums.length]! += items[i]!;
  }
  return sums.map((sum) => sum / count);
}
