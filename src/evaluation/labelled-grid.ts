// Many images in one PNG, each with its label below it.
import { rasterize } from './chart.js';
import { drawImageGrid } from './image-grid.js';

/** Room around each image, and for the text below it, in pixels. */
const [PADDING, FONT_SIZE] = [20, 12];

/**
 * PNG bytes of a grid, as square as possible.
 * @param images `[count, height, width, channels]` in [-1, 1]
 * @param shape of one, `[height, width, channels]`
 * @param labels of each; what does not fit below its image is cut
 */
export async function drawLabelledGrid(
  images: Float32Array,
  shape: readonly number[],
  labels: readonly string[],
): Promise<Buffer> {
  const grid = drawImageGrid({ images, shape, padding: PADDING });
  const [width, height] = [grid.readUInt32BE(16), grid.readUInt32BE(20)]; // PNG, section 11.2.2
  const columns = Math.ceil(Math.sqrt(labels.length));
  const across = (width - PADDING) / columns;
  const down = (height - PADDING) / Math.ceil(labels.length / columns);
  const fitting = Math.max(1, Math.floor(across / (0.6 * FONT_SIZE)));
  const texts = labels.map((label, i) => {
    const x = PADDING + (i % columns) * across + (across - PADDING) / 2;
    const y = (Math.floor(i / columns) + 1) * down + 0.75 * PADDING;
    return `<text x="${x}" y="${y}">${escaped(label.length > fitting ? `${label.slice(0, fitting - 1)}…` : label)}</text>`;
  });
  return rasterize(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="Inter" font-size="${FONT_SIZE}" ` +
      `text-anchor="middle"><image width="${width}" height="${height}" href="data:image/png;base64,${grid.toString('base64')}"/>${texts.join('')}</svg>`,
    1,
  );
}

const escaped = (text: string): string =>
  text.replace(/\p{C}/gu, '?').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
