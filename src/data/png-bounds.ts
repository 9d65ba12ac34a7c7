// What a PNG may unpack to, settled before its decoder sees it: the header's size, once, and image data of exactly that many bytes.
import { inflateSync } from 'node:zlib';
import { messageOf } from '../errors.js';
import { badFile } from './data-file.js';

const mend = 'Get the file again, or remove it.';
const SIGNATURE_BYTES = 8;
/** length, kind and sum around a chunk's data */
const CHUNK_BYTES = 12;
/** samples a pixel, by colour type (PNG, table 11.1) */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Adam7 (PNG, section 8.2): where each pass begins and how far apart its pixels lie */
const PASSES = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];
const WHOLE = [{ x: 0, y: 0, dx: 1, dy: 1 }];

/** Chunks that a decoder must not meet twice, and the most bytes that one may have. */
const ONCE: Readonly<Record<string, number>> = { IHDR: 13, PLTE: 768 };

/**
 * Walks the chunks to the closing one, so that a cut file is told by the place where it was cut, and unpacks the image data within
 * the size that the header implies.
 * @param requireSize refuses a width and height that are too large, before anything is unpacked
 * @throws NashError('usage')
 */
export function requirePng(
  path: string,
  bytes: Buffer,
  requireSize: (offset: number, width: number, height: number) => void,
): void {
  const packed: Buffer[] = [];
  const seen = new Set<string>();
  for (let offset = SIGNATURE_BYTES; ; ) {
    const { kind, data } = chunkAt(path, bytes, offset);
    const refuse = (found: string, expected: string) => badFile(path, { offset, found, expected, mend });
    const sizeMax = Object.hasOwn(ONCE, kind) ? ONCE[kind]! : data.length;
    if (offset === SIGNATURE_BYTES && (kind !== 'IHDR' || data.length !== ONCE.IHDR))
      throw refuse(`chunk ${JSON.stringify(kind)}`, 'IHDR of 13 bytes');
    if (Object.hasOwn(ONCE, kind) && seen.has(kind)) throw refuse(`a second ${kind}`, 'one');
    if (data.length > sizeMax) throw refuse(`${kind} of ${data.length} bytes`, `at most ${sizeMax}`);
    if (kind === 'IHDR') requireSize(offset + 8, data.readUInt32BE(0), data.readUInt32BE(4));
    if (kind === 'IDAT') packed.push(data);
    if (kind === 'IEND') break;
    seen.add(kind);
    offset += CHUNK_BYTES + data.length;
  }
  requireImageData(path, Buffer.concat(packed), impliedBytes(path, bytes));
}

function chunkAt(path: string, bytes: Buffer, offset: number): { kind: string; data: Buffer } {
  const cut = (expected: string) =>
    badFile(path, { offset: bytes.length, found: 'the end of the file', expected, mend });
  if (offset + CHUNK_BYTES > bytes.length) throw cut('another PNG chunk');
  const size = bytes.readUInt32BE(offset);
  const kind = bytes.toString('latin1', offset + 4, offset + 8);
  if (offset + CHUNK_BYTES + size > bytes.length) throw cut(`${size} bytes of chunk ${kind} and its sum`);
  return { kind, data: bytes.subarray(offset + 8, offset + 8 + size) };
}

/** Bytes of all rows of all passes, each with its filter byte. */
function impliedBytes(path: string, bytes: Buffer): number {
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [depth, colorType, , , interlace] = bytes.subarray(24, 29) as unknown as [number, ...number[]];
  const samples = SAMPLES[colorType!];
  if (samples === undefined || ![1, 2, 4, 8, 16].includes(depth)) {
    const found = `colour type ${colorType} with ${depth} bits`;
    throw badFile(path, { offset: 24, found, expected: 'one that PNG has', mend });
  }
  const bytesOf = ({ x, y, dx, dy }: (typeof WHOLE)[number]) => {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    return columns > 0 && rows > 0 ? rows * (1 + Math.ceil((columns * samples * depth) / 8)) : 0;
  };
  return (interlace === 0 ? WHOLE : PASSES).reduce((sum, pass) => sum + bytesOf(pass), 0);
}

/** Image data are unpacked here once more than the decoder does: a tenth of its time, and it has no bound for interlaced ones. */
function requireImageData(path: string, packed: Buffer, bytes: number): void {
  const expected = `image data of ${bytes} bytes, as the header says`;
  const refuse = (found: string, cause?: unknown) =>
    badFile(path, { offset: 33, found, expected, mend }, cause);
  let unpacked: number;
  try {
    unpacked = inflateSync(packed, { maxOutputLength: bytes }).length;
  } catch (error) {
    const isLonger = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw refuse(isLonger ? 'more' : `damage (${messageOf(error)})`, error);
  }
  if (unpacked !== bytes) throw refuse(`${unpacked}`);
}
