// One file of decoded items, which every process of the host reads through the page cache.
//
// Layout: 4096 bytes of header (a magic word, the header's length, JSON, zeros), then the items, uint8 one after another, then one
// little-endian uint16 a label (65535: none), then notes as JSON. Writer and reader stand together, at the cost of a long file: they
// agree on every byte of that layout and on what the digest covers.
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
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { assert } from '../errors.js';
import { sizeOf } from '../numerics/shape.js';
import type { DatasetSource } from './data-source.js';
import { ItemJournal, type Piece } from './item-journal.js';
import { breathe, type Damage, LABEL_MAX } from './item-reader.js';

const HEADER_BYTES = 4096;
const MAGIC = 'NASHDATA';
const NO_LABEL = LABEL_MAX + 1;
const BUFFER_BYTES = 1 << 20;
const ITEMS_MAX = 2 ** 31;
/** Work that an interruption may cost. */
const PIECE_MS = 1000;

const headerForm = z.strictObject({
  shape: z.array(z.int().positive()).length(3),
  count: z.int().positive().max(ITEMS_MAX),
  /** sha256 over items, labels, shape, count and, where there are any, the number of damaged inputs */
  digest: z.string(),
  notesBytes: z.int().positive(),
  notesSha256: z.string(),
});
type Header = z.infer<typeof headerForm>;

const notesForm = z.strictObject({
  classes: z.array(z.string()),
  damaged: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
});
/** What decides no bit: names of classes and of inputs that gave no item. */
export type ItemNotes = z.infer<typeof notesForm>;

/** An opened file. */
export interface ItemFile {
  source: DatasetSource;
  notes: ItemNotes;
}

/** Names of an unfinished file and of its journal. */
export const partOf = (path: string) => ({ items: `${path}.part`, journal: `${path}.journal` });

/** Writes one file from front to back, the header last; with a journal, from where another writer was interrupted. */
export class ItemWriter {
  private readonly file: number;
  private hash = createHash('sha256');
  private readonly buffer = Buffer.alloc(BUFFER_BYTES);
  private readonly labels: number[] = [];
  private readonly damaged: Damage[] = [];
  private readonly journal: ItemJournal | undefined;
  private piece = this.newPiece();
  private filled = 0;
  private position = HEADER_BYTES;
  private itemBytes: number | undefined;
  private isOpen = true;
  /** inputs whose items another writer has left */
  readonly inputsBefore: number;

  /** @param isResumable whether items are written to be gone on with, should they be interrupted */
  constructor(path: string, isResumable: boolean) {
    const part = partOf(path);
    this.journal = isResumable ? new ItemJournal(part.journal) : undefined;
    this.file = openSync(part.items, isResumable && existsSync(part.items) ? 'r+' : 'w+');
    this.inputsBefore = this.takeOver();
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

  leaveOut(damage: Damage): void {
    this.damaged.push(damage);
  }

  /** The first `inputs` are dealt with: the disk has them, now and then. */
  settle(inputs: number): void {
    if (!this.journal || performance.now() - this.piece.begun < PIECE_MS) return;
    this.flush();
    fsyncSync(this.file);
    const { start, hash, labels, damaged } = this.piece;
    this.journal.append({
      inputs,
      bytes: this.position - start,
      sha256: hash.digest('hex'),
      labels: this.labels.slice(labels),
      damaged: this.damaged.slice(damaged),
    });
    this.piece = this.newPiece();
  }

  /** @returns how many items there are */
  finish(shape: readonly number[], classes: string[]): number {
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
    const digest = this.hash.update(digestTail(shape, count, this.damaged.length)).digest('hex');
    const notes = Buffer.from(JSON.stringify({ classes, damaged: this.damaged } satisfies ItemNotes));
    const notesSha256 = createHash('sha256').update(notes).digest('hex');
    writeWholeAt(this.file, notes, this.position);
    const header: Header = { shape: [...shape], count, digest, notesBytes: notes.length, notesSha256 };
    const text = Buffer.from(JSON.stringify(header));
    const block = Buffer.alloc(HEADER_BYTES);
    block.write(MAGIC, 'latin1');
    block.writeUInt32LE(text.length, MAGIC.length);
    text.copy(block, MAGIC.length + 4);
    writeWholeAt(this.file, block, 0);
    fsyncSync(this.file);
    return count;
  }

  /** Items, and inputs that gave none. */
  get counts(): { items: number; damaged: readonly Damage[] } {
    return { items: this.labels.length, damaged: this.damaged };
  }

  close(): void {
    if (this.isOpen) closeSync(this.file);
    this.isOpen = false;
  }

  /** Keeps the pieces of the journal that are as they were written. @returns inputs that they stand for */
  private takeOver(): number {
    const pieces = this.journal?.read() ?? [];
    const kept: Piece[] = [];
    for (const piece of pieces) {
      const hash = this.hash.copy();
      if (hashOf(this.file, this.position, piece.bytes, hash) !== piece.sha256) break;
      this.hash = hash;
      this.position += piece.bytes;
      for (const label of piece.labels) this.labels.push(label);
      this.damaged.push(...piece.damaged);
      kept.push(piece);
    }
    ftruncateSync(this.file, this.position);
    this.journal?.restart(kept);
    if (this.labels.length > 0) this.itemBytes = (this.position - HEADER_BYTES) / this.labels.length;
    this.piece = this.newPiece();
    return kept.at(-1)?.inputs ?? 0;
  }

  private newPiece() {
    return {
      start: this.position,
      hash: createHash('sha256'),
      labels: this.labels.length,
      damaged: this.damaged.length,
      begun: performance.now(),
    };
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
    this.piece.hash.update(whole);
    writeWholeAt(this.file, whole, this.position);
    this.position += this.filled;
    this.filled = 0;
  }
}

/** Also feeds `into`. @returns sha256 of a stretch of a file, as far as there is one */
function hashOf(file: number, start: number, bytes: number, into: ReturnType<typeof createHash>): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(BUFFER_BYTES);
  for (let done = 0; done < bytes; ) {
    const read = readSync(file, buffer, 0, Math.min(BUFFER_BYTES, bytes - done), start + done);
    if (read === 0) break;
    hash.update(buffer.subarray(0, read));
    into.update(buffer.subarray(0, read));
    done += read;
  }
  return hash.digest('hex');
}

const digestTail = (shape: readonly number[], count: number, damaged: number): string =>
  JSON.stringify(damaged > 0 ? [shape, count, { damaged }] : [shape, count]);

/** A byte of a picture as the number that the nets see: 0 … 255 to [-1, 1]. */
const SCALE = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

/** The items of a file, or undefined when it is not as it was written. The caller closes the source. */
export async function openItems(path: string): Promise<ItemFile | undefined> {
  const file = openSync(path, 'r');
  try {
    const header = readHeader(file);
    const notes = header && readNotes(file, header);
    const isSound = header && notes && (await digestOf(file, header, notes)) === header.digest;
    if (isSound) return { source: sourceOf(file, header, notes.classes), notes };
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
  return undefined;
}

const endOfLabels = ({ shape, count }: Header): number => HEADER_BYTES + count * (sizeOf(shape) + 2);

/** What `ItemWriter` made of the same bytes. */
async function digestOf(file: number, header: Header, notes: ItemNotes): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const end = endOfLabels(header);
  for (let position = HEADER_BYTES; position < end; ) {
    const bytes = readSync(file, buffer, 0, Math.min(BUFFER_BYTES, end - position), position);
    if (bytes === 0) break;
    hash.update(buffer.subarray(0, bytes));
    position += bytes;
    if (position % (16 * BUFFER_BYTES) === HEADER_BYTES) await breathe();
  }
  return hash.update(digestTail(header.shape, header.count, notes.damaged.length)).digest('hex');
}

function sourceOf(file: number, header: Header, classes: readonly string[]): DatasetSource {
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
    classes,
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
  return parsed(headerForm, block.toString('utf8', start, start + block.readUInt32LE(MAGIC.length)));
}

/** Undefined also where the file is longer or shorter than its header says. */
function readNotes(file: number, header: Header): ItemNotes | undefined {
  const end = endOfLabels(header);
  const size = fstatSync(file).size;
  if (size !== end + header.notesBytes) return undefined;
  const bytes = Buffer.alloc(header.notesBytes);
  readAt(file, bytes, end);
  const isSound = createHash('sha256').update(bytes).digest('hex') === header.notesSha256;
  return isSound ? parsed(notesForm, bytes.toString()) : undefined;
}

function parsed<T>(form: z.ZodType<T>, text: string): T | undefined {
  try {
    return form.parse(JSON.parse(text));
  } catch {
    return undefined; // damaged: it is made again
  }
}

function readAt(file: number, into: Buffer, position: number): void {
  const bytes = readSync(file, into, 0, into.length, position);
  assert(bytes === into.length, () => `${bytes} of ${into.length} bytes at ${position} of the data cache`);
}

function writeWholeAt(file: number, bytes: Uint8Array, position: number): void {
  for (let from = 0; from < bytes.length; )
    from += writeSync(file, bytes, from, bytes.length - from, position + from);
}
