// Reads a tar archive as a stream, entry by entry; keeps at most one entry in memory. Knows nothing of packing.
import { badFile } from './data-file.js';

const BLOCK = 512;
/** No entry that we read is larger: CIFAR-10's batches have 31 MB. */
const ENTRY_BYTES_MAX = 2 ** 27;

export interface TarEntry {
  name: string;
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
  const mend = 'Get the archive again; it was cut short or changed on its way.';
  const stream = new BlockStream(source);
  for (;;) {
    const offset = stream.offset;
    const header = await stream.take(BLOCK);
    if (!header)
      throw badFile(path, {
        offset: stream.offset,
        found: 'the end of the file',
        expected: 'another entry or the closing blocks',
        mend,
      });
    if (header.every((byte) => byte === 0)) return; // the closing block
    const { name, size, kind } = parseHeader(header);
    if (size === undefined) {
      throw badFile(path, {
        offset,
        found: 'a header with a wrong sum',
        expected: 'the header of a tar entry',
        mend,
      });
    }
    if (size > ENTRY_BYTES_MAX) {
      throw badFile(path, {
        offset: offset + 124,
        found: `an entry of ${size} bytes`,
        expected: `at most ${ENTRY_BYTES_MAX}`,
        mend,
      });
    }
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    const data = await stream.take(padded);
    if (!data)
      throw badFile(path, {
        offset: stream.offset,
        found: 'the end of the file',
        expected: `${size} bytes of ${name}`,
        mend,
      });
    if (kind === '0' || kind === '\0') yield { name, data: data.subarray(0, size), offset: offset + BLOCK };
  }
}

/** `size` is undefined when the header's own sum does not hold. */
function parseHeader(header: Buffer): { name: string; size?: number; kind: string } {
  const text = (from: number, bytes: number) =>
    header.toString('utf8', from, from + bytes).replace(/\0.*$/s, '');
  const octal = (from: number, bytes: number) => Number.parseInt(text(from, bytes).trim() || '0', 8);
  let sum = 8 * 32; // the sum's own field counts as spaces
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i]!;
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const name = prefix ? `${prefix}/${text(0, 100)}` : text(0, 100);
  const size = octal(124, 12);
  const holds = octal(148, 8) === sum && Number.isSafeInteger(size);
  return { name, kind: String.fromCharCode(header[156]!), ...(holds && { size }) };
}

/** Cuts a stream of chunks into pieces of chosen sizes. */
class BlockStream {
  offset = 0;
  private readonly iterator: AsyncIterator<Uint8Array>;
  private chunks: Uint8Array[] = [];
  private held = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.iterator = source[Symbol.asyncIterator]();
  }

  /** The next bytes, or undefined when the stream ends before; `offset` then is where it ended. */
  async take(bytes: number): Promise<Buffer | undefined> {
    while (this.held < bytes) {
      const next = await this.iterator.next();
      if (next.done) {
        this.offset += this.held;
        this.held = 0;
        return undefined;
      }
      this.chunks.push(next.value);
      this.held += next.value.length;
    }
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks = [all.subarray(bytes)];
    this.held -= bytes;
    this.offset += bytes;
    return Buffer.from(all.buffer, all.byteOffset, bytes);
  }
}
