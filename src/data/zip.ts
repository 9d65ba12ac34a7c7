// Reads zip archives, entry by entry, in any order. The only user of yauzl.
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import yauzl from 'yauzl';
import { messageOf, NashError } from '../errors.js';

const ENTRIES_MAX = 2 ** 24;

export interface ZipEntry {
  /** with slashes, below the archive's root */
  name: string;
  /** unpacked, as the archive says; reading it fails where it is not so */
  bytes: number;
  /** A stream of the unpacked content. */
  stream(): Promise<Readable>;
  /** The whole content. Throws NashError('usage') where it is damaged or larger than `bytesMax`. */
  read(bytesMax: number): Promise<Buffer>;
}

export interface ZipArchive {
  entries: readonly ZipEntry[];
  close(): void;
}

/**
 * The files of an archive, in its order; hidden ones are left out.
 * @throws NashError('usage') when it is no whole zip archive
 */
export async function readZip(path: string): Promise<ZipArchive> {
  const damaged = (cause: unknown) =>
    new NashError(
      'usage',
      `${path}: found ${messageOf(cause)}, expected a whole zip archive. Get it again.`,
      { cause },
    );
  try {
    await (await open(path)).close(); // says who may not read it before the archive's own words do
    const zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false });
    if (zip.entryCount > ENTRIES_MAX) throw new Error(`${zip.entryCount} entries, more than ${ENTRIES_MAX}`);
    const found: ZipEntry[] = [];
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/') || entry.fileName.split('/').some((part) => part.startsWith('.')))
        continue;
      found.push(entryOf(path, zip, entry));
    }
    return { entries: found, close: () => zip.close() };
  } catch (error) {
    throw damaged(error);
  }
}

function entryOf(path: string, zip: yauzl.ZipFile, entry: yauzl.Entry): ZipEntry {
  const [name, bytes] = [entry.fileName, entry.uncompressedSize];
  const stream = () => zip.openReadStreamPromise(entry);
  return {
    name,
    bytes,
    stream,
    async read(bytesMax) {
      if (bytes > bytesMax)
        throw new NashError('usage', `found ${bytes} bytes of ${path}:${name}, expected at most ${bytesMax}`);
      try {
        const parts: Buffer[] = [];
        for await (const part of await stream()) parts.push(part);
        return Buffer.concat(parts);
      } catch (cause) {
        throw new NashError('usage', `found damage (${messageOf(cause)}), expected whole packed data`, {
          cause,
        });
      }
    },
  };
}
