// Many images in one PNG, row by row.
import { PNG } from 'pngjs';
import { assert } from '../errors.js';

export interface ImageGrid {
  /** `[count, height, width, channels]` in [-1, 1], one channel (grey) or three (red, green, blue); values beyond are clamped */
  images: Float32Array;
  /** `[height, width, channels]` */
  shape: readonly number[];
  /** default: as square as possible */
  columns?: number;
  /** pixels along each side for one of the image; default: so many that an image is about 84 pixels wide */
  scale?: number;
  /** pixels between images and around them; default 4 */
  padding?: number;
}

const READABLE_PIXELS = 84;
const WHITE = 255;
/** NaN is drawn in a colour that no picture has by chance. */
const MAGENTA = [255, 0, 255] as const;

/** Red, green and blue of one pixel from one or three values in [-1, 1]. */
function colourOf(values: Float32Array, at: number, channels: number): readonly number[] {
  const colour = [0, 1, 2].map((i) => values[at + (channels === 1 ? 0 : i)]!);
  if (colour.some(Number.isNaN)) return MAGENTA;
  return colour.map((value) => Math.round(127.5 * (Math.min(1, Math.max(-1, value)) + 1)));
}

/** PNG bytes of the grid. */
export function drawImageGrid({ images, shape, columns, scale, padding = 4 }: ImageGrid): Buffer {
  const [height, width, channels] = shape as [number, number, number];
  const size = height * width * channels;
  const isDrawable = shape.length === 3 && (channels === 1 || channels === 3) && images.length % size === 0;
  assert(isDrawable && images.length > 0, () => `${images.length} floats are no images of shape [${shape}]`);
  const count = images.length / size;
  const across = columns ?? Math.ceil(Math.sqrt(count));
  const factor = scale ?? Math.max(1, Math.round(READABLE_PIXELS / width));
  const [cellWidth, cellHeight] = [width * factor + padding, height * factor + padding];
  const png = new PNG({
    width: across * cellWidth + padding,
    height: Math.ceil(count / across) * cellHeight + padding,
  });
  png.data.fill(WHITE);
  for (let i = 0; i < count; i++) {
    const left = padding + (i % across) * cellWidth;
    const top = padding + Math.floor(i / across) * cellHeight;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const colour = colourOf(images, i * size + (y * width + x) * channels, channels);
        fillSquare(png, { left: left + x * factor, top: top + y * factor, side: factor }, colour);
      }
  }
  return PNG.sync.write(png);
}

interface Square {
  left: number;
  top: number;
  side: number;
}

function fillSquare(png: PNG, { left, top, side }: Square, colour: readonly number[]): void {
  for (let y = top; y < top + side; y++)
    for (let x = left; x < left + side; x++) png.data.set(colour, 4 * (y * png.width + x));
}
