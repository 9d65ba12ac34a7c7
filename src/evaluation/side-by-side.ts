// Pictures that belong together in one PNG: what G is given, what it made of it and what it was to make, in a row.
import { drawImageGrid } from './image-grid.js';

/** `[count, height, width, channels]` in [-1, 1], one channel or three; all of a figure have the same count, height and width. */
export interface Pictures {
  data: Float32Array;
  /** of one */
  shape: readonly number[];
}

/**
 * PNG bytes: in each row so many groups, each of one picture of every part, in their order.
 * @param columns groups in a row; default: as many as make the figure about square
 */
export function drawSideBySide(parts: readonly Pictures[], columns?: number): Buffer {
  const [height, width] = parts[0]!.shape as [number, number];
  const isColoured = parts.some(({ shape }) => shape[2] === 3);
  const channels = isColoured ? 3 : 1;
  const size = height * width * channels;
  const inColour = parts.map((part) => (isColoured ? coloured(part) : part.data));
  const count = inColour[0]!.length / size;
  const images = new Float32Array(parts.length * count * size);
  for (const [place, data] of inColour.entries())
    for (let i = 0; i < count; i++)
      images.set(data.subarray(i * size, (i + 1) * size), (i * parts.length + place) * size);
  const groups = columns ?? Math.ceil(Math.sqrt(count / parts.length));
  return drawImageGrid({ images, shape: [height, width, channels], columns: parts.length * groups });
}

/** Grey as red, green and blue. */
function coloured({ data, shape }: Pictures): Float32Array {
  if (shape[2] === 3) return data;
  return Float32Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]!);
}
