// A data set twice: as it is, then mirrored left to right (StyleGAN's x-flip), pairs together.
import { createHash } from 'node:crypto';
import { sizeOf } from '../numerics/shape.js';
import type { DatasetSource } from './data-source.js';

/** Item `count + i` is item i, mirrored, of the same class. The source is closed with it. */
export function mirrored(source: DatasetSource): DatasetSource {
  const { count, shape, conditions } = source;
  return {
    ...source,
    count: 2 * count,
    digest: createHash('sha256').update(`${source.digest} mirrored`).digest('hex'),
    read: mirroring(source.read, shape, count),
    ...(conditions && {
      conditions: { ...conditions, read: mirroring(conditions.read, conditions.shape, count) },
    }),
    label: (index) => source.label(index % count),
  };
}

/** Reads items, those from `count` on mirrored. */
const mirroring =
  (read: DatasetSource['read'], shape: readonly number[], count: number): DatasetSource['read'] =>
  (indices, out) => {
    const size = sizeOf(shape);
    read(
      Array.from(indices, (index) => index % count),
      out,
    );
    for (let i = 0; i < indices.length; i++)
      if (indices[i]! >= count) mirror(out.subarray(i * size, (i + 1) * size), shape);
  };

/** Swaps the columns of an item, `[height, width, channels]`, where it lies. */
function mirror(item: Float32Array, [height = 1, width = 1, channels = 1]: readonly number[]): void {
  for (let row = 0; row < height; row++) {
    const start = row * width * channels;
    const pixels = Float32Array.from(item.subarray(start, start + width * channels));
    for (let x = 0; x < width; x++)
      item.set(pixels.subarray((width - 1 - x) * channels, (width - x) * channels), start + x * channels);
  }
}
