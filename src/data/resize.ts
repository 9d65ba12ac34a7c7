// Pictures of any size to items of one size.
import type { Picture } from './image-file.js';

/** `crop` fills the item and cuts what hangs over, `pad` shows the whole picture on black, `stretch` ignores its proportions. */
export type ResizeMode = 'crop' | 'pad' | 'stretch';

export interface ItemForm {
  height: number;
  width: number;
  channels: 1 | 3;
  resize: ResizeMode;
}

/**
 * The item of a picture, uint8 `[height, width, channels]`. Grey is ITU-R BT.601 luma. Scaling is by a triangle filter as wide as
 * an output pixel (what Pillow calls BILINEAR), so that nothing aliases when a picture shrinks.
 */
export function toItem(picture: Picture, { height, width, channels, resize }: ItemForm): Uint8Array {
  const source = channels === 3 ? picture.rgb : luma(picture.rgb);
  if (picture.width === width && picture.height === height) return source;
  const ratios = [width / picture.width, height / picture.height] as const;
  const ratio = resize === 'crop' ? Math.max(...ratios) : Math.min(...ratios);
  const [across, down] = resize === 'stretch' ? ratios : [ratio, ratio];
  const columns = weightsOf(picture.width, width, across);
  const rows = weightsOf(picture.height, height, down);
  return resample(source, picture.width, channels, columns, rows);
}

function luma(rgb: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: rgb.length / 3 }, (_, i) => {
    return Math.round(0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!);
  });
}

/** For each output position the input positions that it sees, with weights of sum 1; none where it lies on the padding. */
type Weights = readonly { first: number; weights: readonly number[] }[];

/** @param scale output pixels an input pixel; the scaled picture is centred */
function weightsOf(from: number, to: number, scale: number): Weights {
  const support = Math.max(1, 1 / scale);
  const shift = (to - from * scale) / 2;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5 - shift) / scale;
    if (centre < 0 || centre > from) return { first: 0, weights: [] };
    const first = Math.max(0, Math.ceil(centre - support - 0.5));
    const last = Math.min(from - 1, Math.floor(centre + support - 0.5));
    const raw = Array.from({ length: last - first + 1 }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / support),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

function resample(
  source: Uint8Array,
  sourceWidth: number,
  channels: number,
  columns: Weights,
  rows: Weights,
): Uint8Array {
  const sourceHeight = source.length / (sourceWidth * channels);
  const wide = new Float32Array(sourceHeight * columns.length * channels); // [source height, width, channels]
  for (let y = 0; y < sourceHeight; y++) {
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += weights[k]! * source[(y * sourceWidth + first + k) * channels + c]!;
        wide[(y * columns.length + x) * channels + c] = sum;
      }
    });
  }
  const stride = columns.length * channels;
  const out = new Uint8Array(rows.length * stride);
  rows.forEach(({ first, weights }, y) => {
    for (let at = 0; at < stride; at++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * wide[(first + k) * stride + at]!;
      out[y * stride + at] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  });
  return out;
}
