// What a checkpoint is: flat float32 vectors and strings, in one safetensors file whose metadata hold a checksum over all of it. In the
// file a vector is its tensors by name, side by side, so that other programs see layers and we read it in one piece.
import { createHash } from 'node:crypto';
import { places } from '../../src/setup/places.mjs';
import { packageVersion } from '../../src/setup/versions.mjs';
import { assert, NashError } from '../errors.js';
import { firstNotFinite } from '../numerics/vectors.js';
import { bytesOf, decodeSafetensors, encodeHeader, headerEnd, type Tensor } from './safetensors.js';

/** One of the tensors of which a vector consists, one after another. */
export interface Piece {
  /** `deconv1/kernel` */
  name: string;
  shape: readonly number[];
}

export interface FlatVector {
  data: Float32Array;
  /** their sizes add up to the length of the data; in the file they are called `<vector>/<piece>` */
  pieces: readonly Piece[];
}

export interface Checkpoint {
  /** G's step when it was taken; part of the file's name */
  step: number;
  /** `discriminator`, `generator`, `average`, `generator.adam.m`, …: names without a slash */
  vectors: Readonly<Record<string, FlatVector>>;
  /** what else the run goes on from; the keys `format`, `writer`, `checksum` and `step` are ours */
  metadata: Readonly<Record<string, string>>;
}

const FORMAT_PREFIX = 'nash-checkpoint-';
/** The number is raised whenever files of before would be read wrongly. */
const FORMAT = `${FORMAT_PREFIX}2`;
/** Its vectors were single tensors with other names. */
const FIRST_FORMAT = `${FORMAT_PREFIX}1`;
const WRITER = `nash ${packageVersion(places().root)}`;

/** A whole checkpoint, as far as can be told, that only a newer Nash can read: no damage, which an older one would make up for. */
export class NewerCheckpoint extends NashError {}
/** Stands in the header while the checksum is computed: sha256 of the file with these in the checksum's place. */
const BLANK = '0'.repeat(64);
const field = (checksum: string): string => `"checksum":"${checksum}"`;

/** Hashing and writing this much at a time (about 2 ms) leaves the event loop free in between. */
const CHUNK_FLOATS = 2 ** 19;

/**
 * The bytes of the file, in pieces: header with checksum, then the vectors' memory as it lies, which must not change meanwhile.
 * A value that is not finite is a mistake of ours.
 */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array[]> {
  const header = blankHeader(checkpoint);
  const hash = createHash('sha256').update(header);
  const chunks: Uint8Array[] = [];
  for (const [name, { data }] of Object.entries(checkpoint.vectors)) {
    for (let at = 0; at < data.length; at += CHUNK_FLOATS) {
      const chunk = data.subarray(at, at + CHUNK_FLOATS);
      assert(
        firstNotFinite(chunk) < 0,
        () => `${name} of the checkpoint of step ${checkpoint.step} is not finite`,
      );
      const bytes = bytesOf(chunk);
      hash.update(bytes);
      chunks.push(bytes);
      await new Promise((next) => setImmediate(next));
    }
  }
  fillChecksum(header, hash.digest('hex'));
  return [header, ...chunks];
}

/** The header with a blank checksum; the vectors' bytes follow it in the order of their names' insertion. */
export function blankHeader({ step, vectors, metadata }: Checkpoint): Buffer {
  const tensors = new Map<string, Tensor>();
  for (const [name, { data, pieces }] of Object.entries(vectors)) {
    let end = 0;
    for (const piece of pieces) {
      const begin = end;
      end += piece.shape.reduce((product, d) => product * d, 1);
      tensors.set(`${name}/${piece.name}`, { shape: piece.shape, data: data.subarray(begin, end) });
    }
    assert(end === data.length, () => `the tensors of ${name} take ${end} floats of ${data.length}`);
  }
  const ours = { format: FORMAT, writer: WRITER, checksum: BLANK, step: String(step) };
  return encodeHeader({ tensors, metadata: { ...ours, ...metadata, ...ours } });
}

/** Puts a checksum in its place; `header` is changed. */
export function fillChecksum(header: Buffer, checksum: string): void {
  header.write(field(checksum), header.indexOf(field(BLANK)));
}

/** True where the sha256 of the file, its own 64 digits blanked, is the one that it holds. */
function isWhole(file: Buffer, checksum: string): boolean {
  const header = Buffer.from(file.subarray(0, headerEnd(file)));
  const at = header.indexOf(field(checksum));
  if (at < 0) return false;
  header.write(field(BLANK), at);
  return createHash('sha256').update(header).update(file.subarray(header.length)).digest('hex') === checksum;
}

/**
 * Reads a checkpoint. Throws NashError('usage') whose message is a clause about the file: cut short, not a checkpoint of Nash,
 * its checksum does not match, a value is not finite.
 */
export function decodeCheckpoint(file: Buffer): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(file);
  const { format, writer, checksum, step, ...rest } = metadata;
  if (format !== FORMAT && format !== FIRST_FORMAT) throw refusalOf(format, writer);
  if (!isWhole(file, checksum ?? ''))
    throw new NashError('usage', 'its checksum does not match: bytes have changed');
  for (const [name, { data }] of tensors) {
    const index = firstNotFinite(data);
    if (index >= 0) throw new NashError('usage', `${name}[${index}] is ${data[index]}: the run had diverged`);
  }
  const vectors = format === FORMAT ? joined(tensors) : renamed(tensors);
  return { step: Number(step), vectors, metadata: rest };
}

function refusalOf(format: string | undefined, writer: string | undefined): NashError {
  if (format?.startsWith(FORMAT_PREFIX))
    return new NewerCheckpoint(
      'usage',
      `it is of format ${format}, which ${writer ?? 'a newer nash'} wrote; this is ${WRITER}, which reads ${FIRST_FORMAT} and ${FORMAT}. Go on with ` +
        'the version that wrote it',
    );
  return new NashError('usage', `it is a safetensors file of format ${format ?? 'unknown'}, not ${FORMAT}`);
}

/** Tensors that lie side by side become the vector that they are of. */
function joined(tensors: ReadonlyMap<string, Tensor>): Record<string, FlatVector> {
  const groups = new Map<string, { name: string; tensor: Tensor }[]>();
  for (const [path, tensor] of tensors) {
    const slash = path.indexOf('/');
    const group = groups.get(path.slice(0, slash)) ?? [];
    groups.set(path.slice(0, slash), group);
    group.push({ name: path.slice(slash + 1), tensor });
  }
  return Object.fromEntries([...groups].map(([name, group]) => [name, vectorOf(name, group)]));
}

/** The vector is the memory that its tensors share, not a copy of it. */
function vectorOf(vector: string, group: readonly { name: string; tensor: Tensor }[]): FlatVector {
  const { buffer, byteOffset } = group[0]!.tensor.data;
  let length = 0;
  for (const { name, tensor } of group) {
    if (tensor.data.byteOffset !== byteOffset + 4 * length)
      throw new NashError('usage', `tensor ${vector}/${name} does not lie beside the others of ${vector}`);
    length += tensor.data.length;
  }
  const pieces = group.map(({ name, tensor }) => ({ name, shape: tensor.shape }));
  return { data: new Float32Array(buffer, byteOffset, length), pieces };
}

/** Of the first format: `generator.parameters` is `generator`, `generator.average` is `average`; layers were not told apart. */
function renamed(tensors: ReadonlyMap<string, Tensor>): Record<string, FlatVector> {
  const nameOf = (old: string) =>
    old === 'generator.average' ? 'average' : old.replace(/\.parameters$/, '');
  return Object.fromEntries([...tensors].map(([old, { data }]) => [nameOf(old), { data, pieces: [] }]));
}
