// One picture as people have them, to pixels: libvips (through sharp) reads it, turns it, converts it to sRGB, shrinks and crops it.
//
// What libvips may do with bytes from elsewhere is settled here: six formats and no other loader, no more pixels than PIXELS_MAX (told
// by the header, before anything is decoded), nothing kept between two.
import { availableParallelism } from 'node:os';
import sharp, { type Sharp } from 'sharp';
import { messageOf } from '../errors.js';

/** What a picture is made into. */
export interface ItemForm {
  height: number;
  width: number;
  channels: 1 | 3;
  /** `crop` fills the item and cuts what hangs over, `pad` shows the whole picture on black, `stretch` ignores its proportions */
  resize: 'crop' | 'pad' | 'stretch';
  /** what shows through where a picture is transparent, `#rrggbb` */
  background: string;
  /** the picture is two side by side, each made into an item of that form: `[height, 2 width, channels]` */
  halves?: true;
}

/** 8-bit sRGB. */
export interface Picture {
  width: number;
  height: number;
  /** uint8 `[height, width, 3]`, the caller's own */
  rgb: Uint8Array;
}

/** A picture that cannot be read; its message says what was found and expected, without the file's name. */
export class DamagedPicture extends Error {}

/** Part of the cache's key: another decoder makes other pixels. */
export const DECODER = `libvips ${sharp.versions.vips} (sharp ${sharp.versions.sharp})`;

/** Of one picture: about 70 megapixels; what it may ask of memory follows from it. */
const PIXELS_MAX = 2 ** 26;
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'];
const FITS = { crop: 'cover', pad: 'contain', stretch: 'fill' } as const;

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) });
sharp.cache(false);
/** Pictures are decoded side by side, as many as libuv has threads; where there are more cores than those, each picture gets several. */
sharp.concurrency(Math.ceil(availableParallelism() / Number(process.env.UV_THREADPOOL_SIZE ?? 4)));

/** What libvips warns of is read; what it calls an error, or lacks its end, is not. The first frame stands for all. */
const READING = { failOn: 'error', limitInputPixels: PIXELS_MAX, sequentialRead: true } as const;

/**
 * Pixels that decoding a picture holds in memory at most, told by its header alone.
 * @throws DamagedPicture when it has none that can be read
 */
export async function pixelsOf(bytes: Uint8Array): Promise<number> {
  const { width, height } = await understood(bytes, () => sharp(bytes, READING).metadata());
  if (width * height <= PIXELS_MAX) return width * height;
  throw new DamagedPicture(`found a picture of ${width} x ${height}, expected at most ${PIXELS_MAX} pixels`);
}

/**
 * A picture at its own size: its first frame, turned as its EXIF says, in sRGB, 8 bits, on the background.
 * @throws DamagedPicture
 */
export async function decodePicture(bytes: Uint8Array, background: string): Promise<Picture> {
  const { data, info } = await understood(bytes, () =>
    upright(bytes, background).raw().toBuffer({ resolveWithObject: true }),
  );
  return { width: info.width, height: info.height, rgb: data };
}

/**
 * The item of a picture, uint8 `[height, width, channels]`. Scaling is by a triangle filter as wide as an output pixel, so that
 * nothing aliases when a picture shrinks; grey is ITU-R BT.601 luma.
 * @throws DamagedPicture
 */
export async function itemOf(bytes: Uint8Array, form: ItemForm): Promise<Uint8Array> {
  const { channels, background, halves } = form;
  const rgb = halves
    ? await halvesOf(await decodePicture(bytes, background), form)
    : await understood(bytes, () => scaled(upright(bytes, background), form).raw().toBuffer());
  return channels === 3 ? rgb : luma(rgb);
}

const scaled = (picture: Sharp, { width, height, resize }: ItemForm) =>
  picture.resize({ width, height, fit: FITS[resize], kernel: 'linear', background: '#000000' });

/** Each half by itself, uint8 `[height, 2 width, 3]`. @throws DamagedPicture where there are no two of one size */
async function halvesOf({ rgb, width, height }: Picture, form: ItemForm): Promise<Uint8Array> {
  if (width % 2 !== 0)
    throw new DamagedPicture(
      `found a picture ${width} pixels wide, expected two of one size side by side, an even width`,
    );
  const size = { top: 0, width: width / 2, height };
  const [a, b] = await Promise.all(
    [0, size.width].map((left) =>
      scaled(sharp(rgb, { raw: { width, height, channels: 3 } }).extract({ left, ...size }), form)
        .raw()
        .toBuffer(),
    ),
  );
  const row = 3 * form.width;
  const both = new Uint8Array(2 * row * form.height);
  for (let y = 0; y < form.height; y++) {
    both.set(a!.subarray(y * row, (y + 1) * row), 2 * y * row);
    both.set(b!.subarray(y * row, (y + 1) * row), (2 * y + 1) * row);
  }
  return both;
}

const upright = (bytes: Uint8Array, background: string) =>
  sharp(bytes, READING).autoOrient().flatten({ background }).toColourspace('srgb');

const luma = (rgb: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: rgb.length / 3 }, (_, i) =>
    Math.round(0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!),
  );

/** Says what is wrong with a picture in our words where libvips has none for it. */
async function understood<T>(bytes: Uint8Array, read: () => Promise<T>): Promise<T> {
  if (bytes.length === 0) throw new DamagedPicture('found an empty file, expected a picture');
  try {
    return await read();
  } catch (cause) {
    const message = messageOf(cause).trim().replaceAll('\n', '; ');
    throw new DamagedPicture(reasonOf(bytes, message), { cause });
  }
}

function reasonOf(bytes: Uint8Array, message: string): string {
  if (/unsupported image format/.test(message)) {
    const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
    return `found bytes ${start}, expected a PNG, JPEG, WebP, GIF, TIFF or AVIF picture`;
  }
  if (/pixel limit/.test(message)) return `found more than ${PIXELS_MAX} pixels, expected at most so many`;
  return `found damage (${message}), expected whole image data`;
}
