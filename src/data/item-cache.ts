// Decoded items in one file of the cache, which every process of the host reads through the page cache.
//
// Layout: 4096 bytes of header (a magic word, the header's length, JSON, zeros), then the items, uint8 one after another, then one
// little-endian uint16 a label (65535: none). Written aside and renamed, so that a file under its name is whole. Writer and reader stand
// together, at the cost of a long file: they agree on every byte of that layout and on what the digest covers.
//
// Whoever opens it hashes it once, front to back, against the digest that the run trusts: a byte that changed on the disk would
// otherwise be trained on under an accepted digest. Sums a block, checked at every read, were weighed: items are read in random order,
// so each would cost a block, where a whole CIFAR-10 hashes in a fifth of a second, and the pages are then in memory.

import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../../src/setup/files.mjs';
import { withLock } from '../../src/setup/lock.mjs'; // the one lock of the house: from dist/ too this is where it lies
import { assert, messageOf, NashError } from '../errors.js';
import { sizeOf } from '../numerics/shape.js';
import type { DatasetSource } from './data-source.js';
import { breathe, type ItemReader } from './item-reader.js';

/** Raised when what a reader makes of the same files changes. */
const CACHE_VERSION = 1;
const HEADER_BYTES = 4096;
const MAGIC = 'NASHDATA';
const NO_LABEL = 65535;
const BUFFER_BYTES = 1 << 20;
const ITEMS_MAX = 2 ** 31;

const headerForm = z.strictObject({
  shape: z.array(z.int().positive()).length(3),
  count: z.int().positive().max(ITEMS_MAX),
  /** sha256 over items, labels, shape and count */
  digest: z.string(),
});
type Header = z.infer<typeof headerForm>;

export interface CacheContext {
  cacheDir: string;
  log(message: string): void;
}

/**
 * Opens the items of a reader, decoding them when this host has not done so. The digest is one of the decoded items and not of the files,
 * so that packed and unpacked files, and two hosts, agree exactly when they train on the same numbers.
 * @throws NashError('usage') when a data file is damaged, NashError('environment') when the cache cannot be written
 */
export async function openCached(
  folder: string,
  reader: ItemReader,
  { cacheDir, log }: CacheContext,
): Promise<DatasetSource> {
  const path = join(cacheDir, `${keyOf(folder, reader)}.items`);
  log(`data: ${reader.description}`);
  const ready = await tryOpen(path, log);
  if (ready) return ready;
  try {
    makeFolder(cacheDir, 0o700);
    const wait = (holder: number) => log(`data: process ${holder} is decoding them, waiting`);
    return await withLock(
      `${path}.lock`,
      wait,
      async () => (await tryOpen(path)) ?? (await decodeTo(path, reader, log)),
    );
  } catch (error) {
    throw explain(error, cacheDir);
  }
}

/** Names, sizes and times of the files, and what else decides the items. */
function keyOf(folder: string, reader: ItemReader): string {
  const root = realpathSync(folder);
  const files = reader.files.map(({ path, bytes, modifiedMs }) => [
    relative(folder, path),
    bytes,
    modifiedMs,
  ]);
  const text = JSON.stringify([CACHE_VERSION, root, reader.options, files]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

async function decodeTo(
  path: string,
  reader: ItemReader,
  log: (message: string) => void,
): Promise<DatasetSource> {
  const aside = `${path}.${process.pid}`;
  const started = Date.now();
  let said = started;
  const progress = (done: number) => {
    if (Date.now() - said < 2000) return;
    said = Date.now();
    log(`data: ${done} items decoded`);
  };
  const writer = new ItemWriter(aside);
  try {
    const shape = await reader.decode((pixels, label) => writer.add(pixels, label), progress);
    const header = writer.finish(shape);
    renameSync(aside, path);
    log(
      `data: ${header.count} items of ${header.shape.join(' x ')} decoded in ${((Date.now() - started) / 1000).toFixed(1)} s, kept in ${path}`,
    );
  } finally {
    writer.close();
    rmSync(aside, { force: true });
  }
  const source = await tryOpen(path);
  if (source) return source;
  throw new NashError(
    'environment',
    `${path} was just written and reads back changed. Set NASH_CACHE to a folder on a sound disk.`,
  );
}

/** Writes one cache file from front to back, the header last. */
class ItemWriter {
  private readonly file: number;
  private readonly hash = createHash('sha256');
  private readonly buffer = Buffer.alloc(BUFFER_BYTES);
  private readonly labels: number[] = [];
  private filled = 0;
  private position = HEADER_BYTES;
  private itemBytes: number | undefined;
  private isOpen = true;

  constructor(path: string) {
    makeFolder(dirname(path), 0o700);
    this.file = openSync(path, 'w');
  }

  add(pixels: Uint8Array, label: number | undefined): void {
    this.itemBytes ??= pixels.length;
    assert(
      pixels.length === this.itemBytes,
      () => `item ${this.labels.length} has ${pixels.length} bytes, the first ${this.itemBytes}`,
    );
    assert(this.labels.length < ITEMS_MAX, () => `more than ${ITEMS_MAX} items`);
    this.labels.push(label ?? NO_LABEL);
    this.write(pixels);
  }

  finish(shape: readonly number[]): Header {
    const count = this.labels.length;
    assert(
      count > 0 && this.itemBytes === sizeOf(shape),
      () => `${count} items of ${this.itemBytes} bytes are not of shape ${shape}`,
    );
    const labels = Buffer.alloc(2 * count);
    this.labels.forEach((label, i) => {
      labels.writeUInt16LE(label, 2 * i);
    });
    this.write(labels);
    this.flush();
    const digest = this.hash.update(JSON.stringify([shape, count])).digest('hex');
    const header: Header = { shape: [...shape], count, digest };
    const text = Buffer.from(JSON.stringify(header));
    const block = Buffer.alloc(HEADER_BYTES);
    block.write(MAGIC, 'latin1');
    block.writeUInt32LE(text.length, MAGIC.length);
    text.copy(block, MAGIC.length + 4);
    writeSync(this.file, block, 0, HEADER_BYTES, 0);
    fsyncSync(this.file);
    return header;
  }

  close(): void {
    if (this.isOpen) closeSync(this.file);
    this.isOpen = false;
  }

  private write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const taken = Math.min(bytes.length - from, BUFFER_BYTES - this.filled);
      this.buffer.set(bytes.subarray(from, from + taken), this.filled);
      this.filled += taken;
      from += taken;
      if (this.filled === BUFFER_BYTES) this.flush();
    }
  }

  private flush(): void {
    const whole = this.buffer.subarray(0, this.filled);
    this.hash.update(whole);
    for (let from = 0; from < whole.length; )
      from += writeSync(this.file, whole, from, whole.length - from, this.position + from);
    this.position += this.filled;
    this.filled = 0;
  }
}

/** A byte of a picture as the number that the nets see: 0 … 255 to [-1, 1]. */
const SCALE = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

/** The source that a cache file holds, or undefined when there is none or it is damaged, which is said. */
async function tryOpen(path: string, log?: (message: string) => void): Promise<DatasetSource | undefined> {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, 'r');
  try {
    const header = readHeader(file);
    if (header && (await digestOf(file, header)) === header.digest) return sourceOf(file, header);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
  log?.(`data: ${path} was damaged since it was written; it is made again`);
  return undefined;
}

/** What `ItemWriter` made of the same bytes. */
async function digestOf(file: number, { shape, count }: Header): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(BUFFER_BYTES);
  for (let position = HEADER_BYTES; ; ) {
    const bytes = readSync(file, buffer, 0, BUFFER_BYTES, position);
    if (bytes === 0) return hash.update(JSON.stringify([shape, count])).digest('hex');
    hash.update(buffer.subarray(0, bytes));
    position += bytes;
    if (position % (16 * BUFFER_BYTES) === HEADER_BYTES) await breathe();
  }
}

function sourceOf(file: number, header: Header): DatasetSource {
  const { shape, count, digest } = header;
  const itemBytes = sizeOf(shape);
  const labels = Buffer.alloc(2 * count);
  readAt(file, labels, HEADER_BYTES + count * itemBytes);
  const scratch = Buffer.alloc(itemBytes);
  return {
    kind: 'dataset',
    shape,
    count,
    digest,
    read(indices, out) {
      assert(
        out.length === indices.length * itemBytes,
        () => `${indices.length} items of ${itemBytes} do not fill ${out.length}`,
      );
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        assert(index >= 0 && index < count, () => `item ${index} of ${count}`);
        readAt(file, scratch, HEADER_BYTES + index * itemBytes);
        for (let k = 0, at = i * itemBytes; k < itemBytes; k++) out[at + k] = SCALE[scratch[k]!]!;
      }
    },
    label(index) {
      const label = labels.readUInt16LE(2 * index);
      return label === NO_LABEL ? undefined : label;
    },
    close: () => closeSync(file),
  };
}

function readHeader(file: number): Header | undefined {
  const block = Buffer.alloc(HEADER_BYTES);
  const bytes = readSync(file, block, 0, HEADER_BYTES, 0);
  if (bytes < HEADER_BYTES || block.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const start = MAGIC.length + 4;
  const header = parseHeader(block.toString('utf8', start, start + block.readUInt32LE(MAGIC.length)));
  const whole = header && HEADER_BYTES + header.count * (sizeOf(header.shape) + 2);
  return fstatSync(file).size === whole ? header : undefined;
}

function parseHeader(text: string): Header | undefined {
  try {
    return headerForm.parse(JSON.parse(text));
  } catch {
    return undefined; // damaged: it is made again
  }
}

function readAt(file: number, into: Buffer, position: number): void {
  const bytes = readSync(file, into, 0, into.length, position);
  assert(bytes === into.length, () => `${bytes} of ${into.length} bytes at ${position} of the data cache`);
}

/** Tells a cache that cannot be written apart from damaged data and from bugs. */
function explain(error: unknown, cacheDir: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const found = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk is full',
    EACCES: 'it may not be written',
    EPERM: 'it may not be written',
    EROFS: 'it may not be written',
    ENOTDIR: 'a file stands in its way',
  }[code];
  if (!found) return error;
  const mend = 'Free some space or set NASH_CACHE to a folder on another disk.';
  return new NashError(
    'environment',
    `decoded images cannot be kept in ${cacheDir}: ${found} (${messageOf(error)}). ${mend}`,
    { cause: error },
  );
}
