// What a JPEG may decode to, settled before its decoder sees it: one frame, few scans, and no more blocks than its bytes can say.
import { badFile } from './data-file.js';

const mend = 'Get the file again, or remove it.';
/** Progressive pictures have about ten; the specification allows thousands, each a walk over the whole picture. */
const SCANS_MAX = 100;
/** The highest sampling factor (JPEG, B.2.2). */
const SAMPLING_MAX = 4;
/** of an 8 x 8 block: its coefficients as jpeg-js keeps them, and its pixels */
const COEFFICIENT_BYTES = 256;
const PIXEL_BYTES = 64;

export interface Frame {
  offset: number;
  width: number;
  height: number;
  /** all that jpeg-js may ask for: this frame, the picture, and tables, which grow with the file */
  memoryBytes: number;
}

/**
 * Walks the markers to the closing one.
 * @param requireSize refuses a width and height that are too large
 * @throws NashError('usage')
 */
export function requireJpeg(
  path: string,
  bytes: Buffer,
  requireSize: (offset: number, width: number, height: number) => void,
): Frame {
  let frame: Frame | undefined;
  let scanCount = 0;
  const cut = (expected: string) =>
    badFile(path, { offset: bytes.length, found: 'the end of the file', expected, mend });
  for (let offset = 2; ; ) {
    const refuse = (found: string, expected: string) => badFile(path, { offset, found, expected, mend });
    if (offset + 2 > bytes.length) throw cut(frame ? 'the closing JPEG marker' : 'a JPEG frame header');
    const marker = bytes[offset + 1]!;
    if (bytes[offset] !== 0xff) throw refuse(`byte 0x${bytes[offset]!.toString(16)}`, 'a JPEG marker (0xff)');
    if (marker === 0xff) {
      offset += 1; // filling
      continue;
    }
    if (marker === 0xd9) {
      if (!frame) throw refuse('the closing marker', 'a JPEG frame header');
      return frame;
    }
    const size = offset + 4 <= bytes.length ? bytes.readUInt16BE(offset + 2) : Number.POSITIVE_INFINITY;
    if (offset + 2 + size > bytes.length) throw cut(`the rest of segment ${marker.toString(16)}`);
    const body = bytes.subarray(offset + 4, offset + 2 + size);
    requireLength(refuse, marker, body);
    if (isFrame(marker)) {
      if (frame) throw refuse('a second frame header', 'one');
      requireSize(offset + 5, body.readUInt16BE(3), body.readUInt16BE(1));
      frame = { offset, ...readFrame(refuse, body, bytes.length) };
    }
    offset += 2 + size;
    if (marker === 0xda) {
      scanCount += 1;
      if (!frame) throw refuse('a scan', 'a JPEG frame header before it');
      if (scanCount > SCANS_MAX) throw refuse(`scan ${scanCount}`, `at most ${SCANS_MAX}`);
      offset = endOfScan(bytes, offset);
    }
  }
}

/** All that say how large the picture is; of the kinds that follow, jpeg-js decodes the first three. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Segments of a fixed form have its length: jpeg-js goes by the form, and would find more behind it than we do. */
function requireLength(
  refuse: (found: string, expected: string) => Error,
  marker: number,
  body: Buffer,
): void {
  const expected = isFrame(marker)
    ? 6 + 3 * (body[5] ?? 0)
    : marker === 0xda
      ? 4 + 2 * (body[0] ?? 0)
      : marker === 0xdd || marker === 0xdc
        ? 2
        : body.length;
  if (body.length !== expected)
    throw refuse(`segment ${marker.toString(16)} of ${body.length} bytes`, `${expected}`);
}

/** A frame's size and what it costs. A coded block takes a bit at least, so that a short file cannot claim a large picture. */
function readFrame(
  refuse: (found: string, expected: string) => Error,
  body: Buffer,
  fileBytes: number,
): Omit<Frame, 'offset'> {
  const [height, width, count] = [body.readUInt16BE(1), body.readUInt16BE(3), body[5]!];
  const parts = Array.from({ length: count }, (_, i) => ({
    id: body[6 + 3 * i]!,
    h: body[7 + 3 * i]! >> 4,
    v: body[7 + 3 * i]! & 15,
  }));
  const isSound = ({ h, v }: { h: number; v: number }) =>
    Math.min(h, v) >= 1 && Math.max(h, v) <= SAMPLING_MAX;
  if (count < 1 || count > 4 || new Set(parts.map(({ id }) => id)).size !== count || !parts.every(isSound))
    throw refuse('a damaged frame header', `1 to 4 components, sampled 1 to ${SAMPLING_MAX} times`);
  const [maxH, maxV] = [Math.max(...parts.map(({ h }) => h)), Math.max(...parts.map(({ v }) => v))];
  const coded = parts.reduce(
    (sum, { h, v }) =>
      sum + Math.ceil((Math.ceil(width / 8) * h) / maxH) * Math.ceil((Math.ceil(height / 8) * v) / maxV),
    0,
  );
  if (coded > 8 * fileBytes)
    throw refuse(
      `a picture of ${width} x ${height} in ${fileBytes} bytes`,
      `at least ${Math.ceil(coded / 8)}, a bit for each of its blocks`,
    );
  const units = Math.ceil(width / 8 / maxH) * Math.ceil(height / 8 / maxV);
  const blocks = parts.reduce((sum, { h, v }) => sum + units * h * v, 0);
  const picture = width * height * (count + 3);
  const tables = 2 ** 20 + 8 * fileBytes;
  return { width, height, memoryBytes: blocks * (COEFFICIENT_BYTES + PIXEL_BYTES) + picture + tables };
}

/** Where the next marker stands: a coded 0xff is followed by 0, restart markers belong to the scan. */
function endOfScan(bytes: Buffer, start: number): number {
  for (
    let at = bytes.indexOf(0xff, start);
    at >= 0 && at + 1 < bytes.length;
    at = bytes.indexOf(0xff, at + 1)
  ) {
    const next = bytes[at + 1]!;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}
