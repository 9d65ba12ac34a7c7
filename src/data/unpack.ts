// Packed archives as streams of bytes: gzip by Node, xz by the xz-embedded decoder as WebAssembly (no program of the system is needed).
import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import xz from 'xz-decompress';
import { messageOf } from '../errors.js';
import { badFile } from './data-file.js';

/**
 * The unpacked bytes of a `.gz`, `.tgz` or `.xz` file.
 * @throws NashError('usage') while iterating, when the file is damaged; the offset is that of the packed file's end where it was cut
 */
export async function* unpackStream(path: string): AsyncGenerator<Uint8Array> {
  let packed = 0;
  async function* counted() {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
      packed += chunk.length;
      yield chunk as Uint8Array;
    }
  }
  try {
    if (path.endsWith('.xz')) yield* fromXz(counted());
    else yield* Readable.from(counted()).pipe(createGunzip());
  } catch (error) {
    const atEnd = packed >= statSync(path).size;
    const fault = {
      offset: packed,
      found:
        atEnd && /unexpected end/.test(messageOf(error))
          ? 'the end of the file'
          : `damage (${messageOf(error)})`,
      expected: 'a whole packed archive',
      mend: 'Get the archive again; it was cut short or changed on its way.',
    };
    throw badFile(path, fault, error);
  }
}

async function* fromXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const packed = Readable.toWeb(Readable.from(source));
  const stream = new xz.XzReadableStream(packed as never) as unknown as ReadableStream<Uint8Array>;
  for await (const chunk of stream) yield chunk;
}
