// Packed archives as streams of bytes: gzip by Node, xz by the xz-embedded decoder as WebAssembly (no program of the system is needed).
import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import xz from 'xz-decompress';
import { messageOf, NashError } from '../errors.js';
import { badFile } from './data-file.js';

const mend = 'Get the archive again; it was cut short or changed on its way.';
/** No archive that we read unpacks to more: CIFAR-10's has 184 MB. */
const UNPACKED_BYTES_MAX = 2 ** 30;

/**
 * The unpacked bytes of a `.gz`, `.tgz` or `.xz` file.
 * @throws NashError('usage') while iterating, when the file is damaged or unpacks to more than 2^30 bytes; the offset is that of the packed file's end where it was cut
 */
export async function* unpackStream(path: string, bytesMax = UNPACKED_BYTES_MAX): AsyncGenerator<Uint8Array> {
  let packed = 0;
  let unpacked = 0;
  async function* counted() {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
      packed += chunk.length;
      yield chunk as Uint8Array;
    }
  }
  try {
    const chunks: AsyncIterable<Uint8Array> = path.endsWith('.xz')
      ? fromXz(counted())
      : Readable.from(counted()).pipe(createGunzip());
    for await (const chunk of chunks) {
      unpacked += chunk.length;
      if (unpacked > bytesMax) {
        const found = 'an archive that unpacks to more';
        throw badFile(path, { offset: packed, found, expected: `at most ${bytesMax} bytes`, mend });
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof NashError) throw error;
    const atEnd = packed >= statSync(path).size;
    const fault = {
      offset: packed,
      found:
        atEnd && /unexpected end/.test(messageOf(error))
          ? 'the end of the file'
          : `damage (${messageOf(error)})`,
      expected: 'a whole packed archive',
      mend,
    };
    throw badFile(path, fault, error);
  }
}

async function* fromXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const packed = Readable.toWeb(Readable.from(source));
  const stream = new xz.XzReadableStream(packed as never) as unknown as ReadableStream<Uint8Array>;
  for await (const chunk of stream) yield chunk;
}
