// The sides of square pictures that networks double and halve.
import { NashError } from '../errors.js';
import type { Shape } from '../numerics/shape.js';

/** Largest side that a dense layer makes or sees whole. */
const BASE_SIDE_MAX = 7;

export interface Geometry {
  /** side of the smallest picture */
  base: number;
  /** how many times it doubles */
  stages: number;
  channels: number;
}

/**
 * 32 → 4 doubled three times, 28 → 7 doubled twice.
 * @throws NashError('usage') where the items are no square pictures of such a side
 */
export function geometryOf(name: string, itemShape: Shape): Geometry {
  const [height, width, channels] = itemShape;
  let base = height ?? 0;
  let stages = 0;
  while (base > BASE_SIDE_MAX && base % 2 === 0) {
    base /= 2;
    stages += 1;
  }
  if (itemShape.length === 3 && height === width && base <= BASE_SIDE_MAX && stages > 0) {
    return { base, stages, channels: channels! };
  }
  throw new NashError(
    'usage',
    `model ${name} needs square images whose side is at most ${BASE_SIDE_MAX} times a power of two (28, 32, 48, 64, 96, 128 …); ` +
      `the data has items of shape [${itemShape.join(', ')}]. Set data.size for image folders, or choose model.name=mlp.`,
  );
}
