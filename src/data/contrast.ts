// Global contrast normalization (pylearn2's global_contrast_normalize and its CIFAR10(gcn=…)): every picture less its own mean, stretched
// to one norm, so that none is brighter or flatter than another. What a picture was like before cannot be told from it: figures show its
// pattern on grey.
import { createHash } from 'node:crypto';
import { sizeOf } from '../numerics/shape.js';
import type { DatasetSource } from './data-source.js';

/** A picture of one colour has no contrast: a shorter one than this is left as it is. pylearn2's `min_divisor`. */
const NORM_MIN = 1e-8;

export interface ContrastOptions {
  /** Euclidean, of an item less its mean */
  norm: number;
  /** what stands for 1: the items are over it, and cut at -1 and 1 */
  span: number;
}

/** Items of norm `norm / span`, but for what is cut off. The source is closed with it. */
export function contrasted(source: DatasetSource, { norm, span }: ContrastOptions): DatasetSource {
  const size = sizeOf(source.shape);
  return {
    ...source,
    digest: createHash('sha256').update(`${source.digest} contrast ${norm} ${span}`).digest('hex'),
    read(indices, out) {
      source.read(indices, out);
      for (let at = 0; at < indices.length * size; at += size)
        normalize(out.subarray(at, at + size), { norm, span });
    },
  };
}

/** One item, where it lies; sums in double precision. */
export function normalize(item: Float32Array, { norm, span }: ContrastOptions): void {
  const mean = item.reduce((sum, x) => sum + x, 0) / item.length;
  const own = Math.sqrt(item.reduce((sum, x) => sum + (x - mean) ** 2, 0));
  const factor = own / norm < NORM_MIN ? 1 : norm / own;
  for (let i = 0; i < item.length; i++)
    item[i] = Math.max(-1, Math.min(1, ((item[i]! - mean) * factor) / span));
}
