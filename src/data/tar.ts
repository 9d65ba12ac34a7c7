// Reads a tar archive as a stream, entry by entry; keeps at most one entry in memory. The only user of tar-stream.
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { NashError } from '../errors.js';
import { badFile } from './data-file.js';

/** An archive is made of blocks: one of header, then those of the data, filled up. */
const BLOCK = 512;
const blocksOf = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;
/** No entry that we read is larger: CIFAR-10's batches have 31 MB. */
const ENTRY_BYTES_MAX = 2 ** 27;
const mend = 'Get the archive again; it was cut short or changed on its way.';

export interface TarEntry {
  name: string;
  /** the caller's own */
  data: Buffer;
  /** where its data begin in the unpacked archive */
  offset: number;
}

/**
 * The regular files of an archive, in its order.
 * @param path named in errors
 * @throws NashError('usage') when a header is damaged or the archive is cut short
 */
export async function* readTar(path: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  let fedBytes = 0;
  const reader = Readable.from(
    (async function* () {
      for await (const chunk of source) {
        fedBytes += chunk.length;
        yield chunk;
      }
    })(),
  );
  const archive = extract();
  reader.on('error', (error) => archive.destroy(error));
  reader.pipe(archive as never); // a stream of streamx, which pipes as Node's do
  /** where the next header is to be, and what is read before it */
  let at = 0;
  let expected = 'another entry or the closing blocks';
  const cutShort = () => badFile(path, { offset: fedBytes, found: 'the end of the file', expected, mend });
  try {
    for await (const entry of archive) {
      const { name, type, size } = entry.header;
      if (size > ENTRY_BYTES_MAX) {
        const found = `an entry of ${size} bytes`;
        throw badFile(path, { offset: entry.offset, found, expected: `at most ${ENTRY_BYTES_MAX}`, mend });
      }
      expected = `${size} bytes of ${name}`;
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) if (type === 'file') chunks.push(chunk as Uint8Array);
      const offset = entry.offset + BLOCK;
      at = offset + blocksOf(size);
      expected = 'another entry or the closing blocks';
      if (type === 'file') yield { name, data: Buffer.concat(chunks), offset };
    }
  } catch (error) {
    if (error instanceof NashError) throw error;
    if (/end of data/.test(String(error))) throw cutShort();
    throw badFile(
      path,
      { offset: at, found: 'a damaged header', expected: 'that of a tar entry', mend },
      error,
    );
  } finally {
    reader.destroy();
  }
  if (fedBytes < at + BLOCK) throw cutShort(); // which the package lets pass between two entries
}
