// Pairs of pictures, for image to image (Isola et al. 2017): an item is the picture that G is to make, its condition the one that it is
// given. Either both are the halves of one picture, as the authors' data have them, or the condition is made from the item.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { NashError } from '../errors.js';
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Conditions, DatasetSource } from './data-source.js';

const made = [
  z
    .strictObject({ name: z.literal('grayscale') })
    .describe('the item without its colours, BT.601 luma: G colours pictures'),
  z
    .strictObject({
      name: z.literal('downsampled'),
      factor: z.int().min(2).max(64).default(4).describe('divides the sides of an item'),
    })
    .describe('means of squares of `factor` x `factor`, at the size of the item: G sharpens pictures'),
  z
    .strictObject({
      name: z.literal('masked'),
      share: z
        .number()
        .gt(0)
        .max(1)
        .default(0.5)
        .describe('of each side (Pathak et al. 2016, section 3.3: half)'),
    })
    .describe('the item with a grey square in its middle: G fills holes'),
] as const;

const sideBySide = z
  .strictObject({
    name: z.literal('side-by-side'),
    direction: z
      .enum(['AtoB', 'BtoA'])
      .default('AtoB')
      .describe('A is the left half, B the right one; `AtoB` makes the right one of the left one'),
  })
  .describe(
    "the halves of each picture, as pix2pix's data have them, of `images` and `parquet`; `data.size` is that of a half",
  );

export const pairs = z
  .discriminatedUnion('name', [sideBySide, ...made])
  .optional()
  .describe(
    'image to image: what G is given, which it is to make an item of; default: nothing, G makes items of noise',
  );
export type PairOptions = NonNullable<z.infer<typeof pairs>>;

/**
 * The shape of the picture that G is given.
 * @param item `[height, width, channels]`, of the picture that it is to make
 * @throws NashError('usage') where there is none for such items
 */
export function conditionShapeOf(pairs: PairOptions, item: Shape): Shape {
  const refused = (expected: string) =>
    new NashError(
      'usage',
      `data.pairs.name ${pairs.name}: found items of shape [${item.join(', ')}], expected ${expected}`,
    );
  if (item.length !== 3) throw refused('pictures [height, width, channels]; leave data.pairs out');
  const [height, width, channels] = item as [number, number, number];
  if (pairs.name === 'grayscale') {
    if (channels !== 3) throw refused('three channels, of which grey is made; choose downsampled or masked');
    return [height, width, 1];
  }
  if (pairs.name === 'downsampled' && (height % pairs.factor !== 0 || width % pairs.factor !== 0))
    throw refused(`sides that data.pairs.factor ${pairs.factor} divides; set another`);
  return item;
}

/**
 * A source whose items have conditions. The given one is closed with it.
 * @param source of pictures `[height, width, channels]`; of halves side by side, `[height, 2 width, channels]`
 * @throws NashError('usage') where its items make no pairs
 */
export function paired(source: DatasetSource, pairs: PairOptions): DatasetSource {
  const digest = createHash('sha256')
    .update(`${source.digest} pairs ${JSON.stringify(pairs)}`)
    .digest('hex');
  if (pairs.name === 'side-by-side') return { ...source, digest, ...halves(source, pairs.direction) };
  const shape = conditionShapeOf(pairs, source.shape);
  const item = new Float32Array(sizeOf(source.shape));
  const read: Conditions['read'] = (indices, out) => {
    for (let i = 0; i < indices.length; i++) {
      source.read([indices[i]!], item);
      make(pairs, item, source.shape, out.subarray(i * sizeOf(shape), (i + 1) * sizeOf(shape)));
    }
  };
  return { ...source, digest, conditions: { shape, read } };
}

/** A as conditions and B as items, or the other way round. */
function halves(source: DatasetSource, direction: 'AtoB' | 'BtoA') {
  const [height, both, channels] = source.shape as [number, number, number];
  const shape = [height, both / 2, channels];
  const whole = new Float32Array(sizeOf(source.shape));
  const row = (both / 2) * channels;
  const readHalf =
    (begin: number): Conditions['read'] =>
    (indices, out) => {
      for (let i = 0; i < indices.length; i++) {
        source.read([indices[i]!], whole);
        for (let y = 0; y < height; y++) {
          const from = 2 * y * row + begin;
          out.set(whole.subarray(from, from + row), (i * height + y) * row);
        }
      }
    };
  const [a, b] = [readHalf(0), readHalf(row)];
  const [given, wanted] = direction === 'AtoB' ? [a, b] : [b, a];
  return { shape, read: wanted, conditions: { shape, read: given } };
}

/** Writes what G is given of an item. */
function make(
  pairs: Exclude<PairOptions, { name: 'side-by-side' }>,
  item: Float32Array,
  [height, width, channels]: readonly number[],
  out: Float32Array,
): void {
  const at = (y: number, x: number, channel: number) => (y * width! + x) * channels! + channel;
  switch (pairs.name) {
    case 'grayscale':
      for (let i = 0; i < out.length; i++)
        out[i] = 0.299 * item[3 * i]! + 0.587 * item[3 * i + 1]! + 0.114 * item[3 * i + 2]!;
      return;
    case 'downsampled': {
      const { factor } = pairs;
      for (let i = 0; i < out.length; i++) {
        const [y, x] = [Math.floor(i / channels! / width!), Math.floor(i / channels!) % width!];
        const [top, left] = [y - (y % factor), x - (x % factor)];
        let sum = 0;
        for (let dy = 0; dy < factor; dy++)
          for (let dx = 0; dx < factor; dx++) sum += item[at(top + dy, left + dx, i % channels!)]!;
        out[i] = sum / factor ** 2;
      }
      return;
    }
    case 'masked': {
      const [high, wide] = [Math.round(height! * pairs.share), Math.round(width! * pairs.share)];
      const [top, left] = [Math.floor((height! - high) / 2), Math.floor((width! - wide) / 2)];
      out.set(item);
      for (let y = top; y < top + high; y++) out.fill(0, at(y, left, 0), at(y, left + wide, 0));
    }
  }
}
