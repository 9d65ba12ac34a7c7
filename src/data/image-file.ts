// One PNG or JPEG file to pixels. What a header claims is bounded before anything is decoded.
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { messageOf } from '../errors.js';
import { badFile } from './data-file.js';
import { requireJpeg } from './jpeg-bounds.js';
import { requirePng } from './png-bounds.js';

/** 8-bit RGB with straight alpha removed: transparent parts are blended over white. */
export interface Picture {
  width: number;
  height: number;
  /** uint8 `[height, width, 3]` */
  rgb: Uint8Array;
}

const SIDE_MAX = 16384;
const PIXELS_MAX = 2 ** 26;
const again = 'Get the file again, or remove it.';

/**
 * Decodes a picture. Palette, grey, 16-bit and interlaced PNG, progressive and grey JPEG are all read.
 * @param path named in errors; its ending says which format is expected
 * @throws NashError('usage') when the file is damaged, of another format, or larger than 16384 on a side or 2^26 pixels
 */
export function decodePicture(path: string, bytes: Buffer): Picture {
  const named = /\.png$/i.test(path) ? 'PNG' : 'JPEG';
  const found = formatOf(bytes);
  if (found !== named) {
    const mend = found ? `Rename it to .${found === 'PNG' ? 'png' : 'jpg'}, or get it again.` : again;
    const what = found
      ? `a ${found} file`
      : bytes.length === 0
        ? 'an empty file'
        : `bytes ${bytes.subarray(0, 4).toString('hex')}`;
    throw badFile(path, { offset: 0, found: what, expected: `the ${named} file that its name says`, mend });
  }
  return named === 'PNG' ? decodePng(path, bytes) : decodeJpeg(path, bytes);
}

function formatOf(bytes: Buffer): 'PNG' | 'JPEG' | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])))
    return 'PNG';
  return bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xffd8ff ? 'JPEG' : undefined;
}

function requireSize(path: string, offset: number, width: number, height: number): void {
  if (width >= 1 && height >= 1 && width <= SIDE_MAX && height <= SIDE_MAX && width * height <= PIXELS_MAX)
    return;
  const expected = `1 to ${SIDE_MAX} on a side and at most ${PIXELS_MAX} pixels`;
  throw badFile(path, {
    offset,
    found: `a picture of ${width} x ${height}`,
    expected,
    mend: 'Scale it down, or remove it.',
  });
}

function decodePng(path: string, bytes: Buffer): Picture {
  requirePng(path, bytes, (...size) => requireSize(path, ...size));
  try {
    const { width, height, data } = PNG.sync.read(bytes);
    return { width, height, rgb: blend(data, width * height) };
  } catch (error) {
    throw badFile(
      path,
      { offset: 33, found: `damage (${messageOf(error)})`, expected: 'PNG image data', mend: again },
      error,
    );
  }
}

function decodeJpeg(path: string, bytes: Buffer): Picture {
  const frame = requireJpeg(path, bytes, (...size) => requireSize(path, ...size));
  try {
    const options = {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxMemoryUsageInMB: frame.memoryBytes / 2 ** 20,
      maxResolutionInMP: (frame.width * frame.height) / 1e6,
    } as const;
    const { width, height, data } = jpeg.decode(bytes, options);
    return { width, height, rgb: data };
  } catch (error) {
    throw badFile(
      path,
      {
        offset: frame.offset,
        found: `damage (${messageOf(error)})`,
        expected: 'JPEG image data',
        mend: again,
      },
      error,
    );
  }
}

/** RGBA to RGB over white. */
function blend(rgba: Uint8Array, pixels: number): Uint8Array {
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    const alpha = rgba[4 * i + 3]! / 255;
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.round(rgba[4 * i + c]! * alpha + 255 * (1 - alpha));
  }
  return rgb;
}
