// Arrays of numbers in MATLAB's files of level 5 ("MAT-File Format", The MathWorks, chapter 1): what save -v6 and -v7 and SciPy's savemat
// write. The one reader of them on the npm registry is under the GPL. Cells, structs, text and sparse arrays are passed over.
import { inflateSync } from 'node:zlib';
import { messageOf, type NashError } from '../errors.js';
import { badFile, readBytes } from './data-file.js';

export interface MatArray {
  shape: readonly number[];
  /** the first index counts fastest */
  values: Numbers;
}
type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

const HEADER = 128;
const LEVEL_5 = 0x0100;
const COMPRESSED = 15;
const MATRIX = 14;
/** Classes of arrays of numbers of at most 64 bits: double, single, and whole ones of 8 to 32 bits. */
const CLASSES = { first: 6, last: 13 };
/** By the number of the type. A double whose values are small and whole may be stored as a narrower type. */
const TYPES: Readonly<Record<number, new (buffer: ArrayBuffer) => Numbers>> = {
  1: Int8Array,
  2: Uint8Array,
  3: Int16Array,
  4: Uint16Array,
  5: Int32Array,
  6: Uint32Array,
  7: Float32Array,
  9: Float64Array,
};
/** The Toronto Face Database at 96 x 96 has 1.0 GB. */
const UNPACKED_BYTES_MAX = 2 ** 31;
/** Among an array's flags. */
const COMPLEX = 8;
const DIMENSIONS_MAX = 32;
const mend = 'SciPy writes such files: scipy.io.savemat(FILE, {"name": array}).';

/**
 * Every array of numbers, by its name.
 * @throws NashError('usage') where it is no such file, or damaged
 */
export function readMat(path: string): ReadonlyMap<string, MatArray> {
  const bytes = readBytes(path);
  requireLevel5(path, bytes);
  const arrays = new Map<string, MatArray>();
  for (let at = HEADER; at < bytes.length; ) {
    const found = elementAt(path, bytes, at);
    const matrix = found.type === COMPRESSED ? unpacked(path, found, at) : found;
    const array = matrix.type === MATRIX ? arrayOf(path, matrix.data, at) : undefined;
    if (array) arrays.set(array.name, array);
    at = found.next;
  }
  return arrays;
}

function requireLevel5(path: string, bytes: Buffer): void {
  const expected = "a MATLAB file of level 5, which is MATLAB's save -v7";
  if (bytes.subarray(0, 10).toString('latin1') === 'MATLAB 7.3')
    throw badFile(path, { offset: 0, found: 'a file of level 7.3, which is HDF5', expected, mend });
  const isLittle = bytes.length >= HEADER && bytes.subarray(126, 128).toString('latin1') === 'IM';
  if (!isLittle || bytes.readUInt16LE(124) !== LEVEL_5)
    throw badFile(path, { offset: Math.min(bytes.length, 124), found: 'another file', expected, mend });
}

interface Element {
  type: number;
  data: Buffer;
  /** where the one after it begins */
  next: number;
}

const cutShort = (path: string, offset: number, cause?: unknown): NashError =>
  badFile(
    path,
    {
      offset,
      found: `an array that is cut short or damaged${cause ? ` (${messageOf(cause)})` : ''}`,
      expected: 'a whole one',
      mend,
    },
    cause,
  );

/** @param from of `bytes` in the file, for what is said of damage */
function elementAt(path: string, bytes: Buffer, at: number, from = 0): Element {
  if (at + 8 > bytes.length) throw cutShort(path, from + at);
  const type = bytes.readUInt16LE(at);
  const short = bytes.readUInt16LE(at + 2); // up to 4 bytes stand in the tag itself
  const length = short > 0 ? short : bytes.readUInt32LE(at + 4);
  const begin = short > 0 ? at + 4 : at + 8;
  if (begin + length > bytes.length || short > 4) throw cutShort(path, from + at);
  const padded = type === COMPRESSED ? length : Math.ceil(length / 8) * 8;
  return { type, data: bytes.subarray(begin, begin + length), next: short > 0 ? at + 8 : begin + padded };
}

function unpacked(path: string, { data }: Element, offset: number): Element {
  let bytes: Buffer;
  try {
    bytes = inflateSync(data, { maxOutputLength: UNPACKED_BYTES_MAX });
  } catch (cause) {
    throw cutShort(path, offset, cause);
  }
  return elementAt(path, bytes, 0, offset);
}

/** The parts of a matrix: flags, dimensions, name, numbers. @returns undefined where it is no array of real numbers */
function arrayOf(path: string, data: Buffer, offset: number): (MatArray & { name: string }) | undefined {
  const flags = elementAt(path, data, 0, offset);
  const dimensions = elementAt(path, data, flags.next, offset);
  const name = elementAt(path, data, dimensions.next, offset);
  const kind = flags.data[0] ?? 0;
  const isComplex = (flags.data[1]! & COMPLEX) !== 0;
  if (kind < CLASSES.first || kind > CLASSES.last || isComplex) return undefined;
  const numbers = elementAt(path, data, name.next, offset);
  const Type = TYPES[numbers.type];
  if (!Type) return undefined;
  const shape = Array.from({ length: dimensions.data.length / 4 }, (_, i) =>
    dimensions.data.readInt32LE(4 * i),
  );
  const own = new Uint8Array(numbers.data).buffer; // of its own, so that numbers begin where their type wants them
  const count = shape.reduce((product, size) => product * size, 1);
  const width = new Type(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
  if (shape.length > DIMENSIONS_MAX || count * width !== own.byteLength) throw cutShort(path, offset);
  return { name: name.data.toString('latin1'), shape, values: new Type(own) };
}
