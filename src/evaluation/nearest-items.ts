// The training item that lies nearest to each of some samples: what shows whether G has learned its data by heart (Goodfellow et al. 2014,
// figure 2). Exact: squared Euclidean distances over all items, in double precision.
import type { DatasetSource } from '../data/data-source.js';
import { sizeOf } from '../numerics/shape.js';

export interface Nearest {
  /** of the item in the data */
  index: number;
  squaredDistance: number;
}

/** Items read at once. */
const BATCH = 1024;

/** @param samples `[count, ...item]` */
export function nearestItems(
  samples: Float32Array,
  source: Pick<DatasetSource, 'shape' | 'count' | 'read'>,
): Nearest[] {
  const size = sizeOf(source.shape);
  const nearest = Array.from(
    { length: samples.length / size },
    (): Nearest => ({ index: -1, squaredDistance: Infinity }),
  );
  for (let from = 0; from < source.count; from += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, source.count - from) }, (_, i) => from + i);
    const items = new Float32Array(indices.length * size);
    source.read(indices, items);
    for (const [i, best] of nearest.entries())
      for (const [j, index] of indices.entries()) {
        const squaredDistance = squared(samples, i * size, items, j * size, size, best.squaredDistance);
        if (squaredDistance < best.squaredDistance) Object.assign(best, { index, squaredDistance });
      }
  }
  return nearest;
}

/** Stops where the sum is beyond `limit` already. */
function squared(
  a: Float32Array,
  atA: number,
  b: Float32Array,
  atB: number,
  size: number,
  limit: number,
): number {
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const difference = a[atA + i]! - b[atB + i]!;
    sum += difference * difference;
    if (sum > limit) return Infinity;
  }
  return sum;
}
