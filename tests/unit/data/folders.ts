// Small data sets made on the spot, and a way to spoil them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { openSource } from '../../../src/data/open-source.js';
import { dataOptions } from '../../../src/data/options.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';

/** The real files that the project's machines have beside the checkout. */
export const realData = resolve(import.meta.dirname, '../../../../shared/data');

const made: string[] = [];
process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own with the given files; gone when the process ends. */
export function folderWith(files: Record<string, Uint8Array | string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nash-data-'));
  made.push(folder);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

export const noise = (bytes: number, seed = 1): Buffer => {
  const random = new RandomStream(seedOf('test', seed));
  return Buffer.from(Uint8Array.from({ length: bytes }, () => random.below(256)));
};

/** An IDX file: magic, dimensions, bytes. */
export function idx(
  dimensions: readonly number[],
  data: Uint8Array,
  magic = 0x0800 + dimensions.length,
): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(magic, 0);
  dimensions.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, data]);
}

/** Both files of a split of an MNIST of `count` images of noise. */
export function mnistFiles(count = 20, stem = 'train'): Record<string, Buffer> {
  return {
    [`${stem}-images-idx3-ubyte.gz`]: gzipSync(idx([count, 28, 28], noise(count * 784))),
    [`${stem}-labels-idx1-ubyte.gz`]: gzipSync(
      idx(
        [count],
        Uint8Array.from({ length: count }, (_, i) => i % 10),
      ),
    ),
  };
}

/** CIFAR-10 records: labels 0, 1, …, 9, 0, … and planes of noise, which repeat after 10 records: within reach of gzip. */
export function records(count: number, seed = 1): Buffer {
  const some = noise(Math.min(count, 10) * 3073, seed);
  const bytes = Buffer.alloc(count * 3073, some);
  for (let i = 0; i < count; i++) bytes[i * 3073] = i % 10;
  return bytes;
}

/** A tar archive of the given files. */
export function tar(files: Record<string, Uint8Array>): Buffer {
  const parts: Uint8Array[] = [];
  for (const [name, data] of Object.entries(files)) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    header.fill(' ', 148, 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    parts.push(header, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** A picture whose colour at (x, y) is given by a function. */
export function png(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number, number?],
  options = {},
): Buffer {
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b, a = 255] = colour(x, y);
      image.data.set([r, g, b, a], 4 * (y * width + x));
    }
  }
  return PNG.sync.write(image, options);
}

interface RawPng {
  width: number;
  height: number;
  bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha */
  colorType: number;
  palette?: Uint8Array;
  /** bytes of every row, without the filter byte */
  row: Uint8Array;
  /** Adam7 */
  interlaced?: boolean;
  /** instead of the rows */
  imageData?: Uint8Array;
  /** chunks between the header and the image data */
  extra?: readonly Buffer[];
}

/** A PNG written chunk by chunk, for the kinds that pngjs reads and does not write. */
export function rawPng(given: RawPng): Buffer {
  const { width, height, bitDepth, colorType, palette, row, interlaced = false, extra = [] } = given;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  const rows = Buffer.concat(Array.from({ length: height }, () => Buffer.concat([Buffer.of(0), row])));
  const parts = [
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', palette)] : []),
    ...extra,
    chunk('IDAT', deflateSync(given.imageData ?? rows)),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]);
}

export function chunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** The sum of a PNG chunk, bit by bit (ISO 3309). */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

export function jpg(width: number, height: number, value: number, quality = 90): Buffer {
  return jpeg.encode({ width, height, data: Buffer.alloc(width * height * 4, value) }, quality)
    .data as Buffer;
}

/** Opens a data set with a cache of its own. */
export async function openData(
  options: Record<string, unknown>,
  given: { cacheDir?: string; log?: (line: string) => void } = {},
): Promise<DatasetSource> {
  const { cacheDir = folderWith({}), log = () => {} } = given;
  const source = await openSource(dataOptions.parse(options), { cacheDir, log });
  if (source.kind !== 'dataset') throw new Error('expected a data set');
  return source;
}

/** Every item, as bytes. */
export function itemsOf(source: DatasetSource): Uint8Array {
  const out = new Float32Array(source.count * source.shape.reduce((a, b) => a * b, 1));
  source.read(
    Array.from({ length: source.count }, (_, i) => i),
    out,
  );
  return Uint8Array.from(out, (value) => Math.round((value + 1) * 127.5));
}

/** A zip archive of the given files (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16), packed where that is asked for. */
export function zip(files: Record<string, Uint8Array | string>, isPacked = false): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const plain = Buffer.from(content);
    const data = isPacked ? deflateRawSync(plain) : plain;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isPacked ? 8 : 0, 4);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), data]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, place, Buffer.from(name)]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** An array in NumPy's format, version 1.0. */
export function npy(type: string, shape: readonly number[], data: Uint8Array, order = 'False'): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\0', 'latin1'), length, Buffer.from(text), data]);
}

/** Labels of every item. */
export const labelsOf = (source: DatasetSource): (number | undefined)[] =>
  Array.from({ length: source.count }, (_, i) => source.label(i));
