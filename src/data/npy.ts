// One array in NumPy's .npy format (numpy/lib/format.py), versions 1 to 3, as a stream.
import type { Readable } from 'node:stream';
import { messageOf, NashError } from '../errors.js';

const MAGIC = Buffer.from([0x93, ...Buffer.from('NUMPY')]);
const HEADER_BYTES_MAX = 2 ** 16;
/** What is read of: bytes and little-endian whole numbers. */
const TYPE = /^[|<]([iu])([1248])$/;

export interface NpyArray {
  shape: readonly number[];
  /** NumPy's own name, such as `|u1` */
  type: string;
  /** The elements' bytes in C order, as many as the shape says; throws NashError('usage') where there are fewer or more. */
  data: AsyncIterable<Uint8Array>;
  /** For who reads no data. */
  close(): void;
}

/**
 * Reads an array's header.
 * @param name of file and array, for errors
 * @throws NashError('usage') where it is no array that we read
 */
export async function openNpy(name: string, stream: Readable): Promise<NpyArray> {
  const refuse = (found: string, expected: string) =>
    new NashError('usage', `${name}: found ${found}, expected ${expected}. np.save writes it.`);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  const next = async (): Promise<Buffer | undefined> => {
    try {
      const { value, done } = await chunks.next();
      return done ? undefined : value;
    } catch (cause) {
      throw new NashError(
        'usage',
        `${name}: found damage (${messageOf(cause)}), expected a whole array. Get it again.`,
        { cause },
      );
    }
  };
  const need = async (bytes: number) => {
    while (head.length < bytes) {
      const chunk = await next();
      if (!chunk) throw refuse(`the end after ${head.length} bytes`, 'the header of an array');
      head = Buffer.concat([head, chunk]);
    }
  };
  try {
    await need(12);
    if (!head.subarray(0, 6).equals(MAGIC))
      throw refuse(`bytes ${head.toString('hex', 0, 6)}`, "an array in NumPy's format");
    const isLong = head[6]! > 1;
    const start = isLong ? 12 : 10;
    const length = isLong ? head.readUInt32LE(8) : head.readUInt16LE(8);
    if (length > HEADER_BYTES_MAX) throw refuse(`a header of ${length} bytes`, `at most ${HEADER_BYTES_MAX}`);
    await need(start + length);
    const text = head.toString('latin1', start, start + length);
    const type = /'descr':\s*'([^']*)'/.exec(text)?.[1] ?? 'a record';
    const shape = (/'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1] ?? '')
      .split(',')
      .filter((part) => part.trim() !== '')
      .map(Number);
    if (/'fortran_order':\s*True/.test(text))
      throw refuse('columns first (Fortran order)', 'np.ascontiguousarray of it');
    const elementBytes = Number(TYPE.exec(type)?.[2] ?? type.slice(2));
    const bytes = shape.reduce((product, size) => product * size, elementBytes);
    return {
      shape,
      type,
      data: contents(head.subarray(start + length), next, bytes, refuse),
      close: () => stream.destroy(),
    };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function* contents(
  first: Buffer,
  next: () => Promise<Buffer | undefined>,
  bytes: number,
  refuse: (found: string, expected: string) => Error,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (let chunk: Buffer | undefined = first; chunk; chunk = await next()) {
    done += chunk.length;
    if (done > bytes) break;
    yield chunk;
  }
  if (done !== bytes)
    throw refuse(`${done > bytes ? 'more than ' : ''}${Math.min(done, bytes)} bytes of elements`, `${bytes}`);
}
