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
  /** images, by their number, that stand in a frame */
  framed?: (image: number) => boolean;
}

const READABLE_PIXELS = 84;
const WHITE = 255;
/** NaN is drawn in a colour that no picture has by chance. */
/** Yellow, as the nearest training examples of Goodfellow et al. 2014, figure 2. */
const FRAME = [240, 180, 0] as const;
const MAGENTA = [255, 0, 255] as const;

/** Red, green and blue of one pixel from one or three values in [-1, 1]. */
function colourOf(values: Float32Array, at: number, channels: number): readonly number[] {
  const colour = [0, 1, 2].map((i) => values[at + (channels === 1 ? 0 : i)]!);
  if (colour.some(Number.isNaN)) return MAGENTA;
  return colour.map((value) => Math.round(127.5 * (Math.min(1, Math.max(-1, value)) + 1)));
}

/** PNG bytes of the grid. */
export function drawImageGrid({ images, shape, columns, scale, padding = 4, framed }: ImageGrid): Buffer {
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
    if (framed?.(i))
      fillRectangle(
        png,
        {
          left: left - padding,
          top: top - padding,
          width: cellWidth + padding,
          height: cellHeight + padding,
        },
        FRAME,
      );
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const colour = colourOf(images, i * size + (y * width + x) * channels, channels);
        const place = { left: left + x * factor, top: top + y * factor, width: factor, height: factor };
        fillRectangle(png, place, colour);
      }
  }
  return PNG.sync.write(png);
}

interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

function fillRectangle(png: PNG, { left, top, width, height }: Rectangle, colour: readonly number[]): void {
  for (let y = top; y < top + height; y++)
    for (let x = left; x < left + width; x++) png.data.set(colour, 4 * (y * png.width + x));
}
