// What a checkpoint is: named float32 vectors and strings, in one safetensors file whose metadata hold a checksum over all of it.
import { createHash } from 'node:crypto';
import { NashError } from '../errors.js';
import { firstNotFinite } from '../numerics/vectors.js';
import { decodeSafetensors, encodeHeader, headerEnd, type Tensor } from './safetensors.js';

export interface Checkpoint {
  /** settled steps of the run when it was taken; part of the file's name */
  step: number;
  /** `discriminator.weights`, `generator.adam.m`, `generator.average`, `generator.slots`, …; any of them may be empty */
  vectors: Readonly<Record<string, Float32Array>>;
  /** counters, config hash, term, branch, manifests as JSON, …; the keys `format`, `checksum` and `step` are ours */
  metadata: Readonly<Record<string, string>>;
}

const FORMAT = 'nash-checkpoint-1';
/** Stands in the header while the checksum is computed: sha256 of the file with these in the checksum's place. */
const BLANK = '0'.repeat(64);
const field = (checksum: string): string => `"checksum":"${checksum}"`;

/** The header with a blank checksum; the vectors' bytes follow it in the order of their names' insertion. */
export function blankHeader({ step, vectors, metadata }: Checkpoint): Buffer {
  const tensors = new Map<string, Tensor>();
  for (const [name, data] of Object.entries(vectors)) tensors.set(name, { shape: [data.length], data });
  const ours = { format: FORMAT, checksum: BLANK, step: String(step) };
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

function notFinite(vectors: Checkpoint['vectors']): string | undefined {
  for (const [name, values] of Object.entries(vectors)) {
    const index = firstNotFinite(values);
    if (index >= 0) return `${name}[${index}] is ${values[index]}`;
  }
  return undefined;
}

/**
 * Reads a checkpoint. Throws NashError('usage') whose message is a clause about the file: cut short, not a checkpoint of Nash,
 * its checksum does not match, a value is not finite.
 */
export function decodeCheckpoint(file: Buffer): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(file);
  const { format, checksum, step, ...rest } = metadata;
  if (format !== FORMAT)
    throw new NashError('usage', `it is a safetensors file of format ${format ?? 'unknown'}, not ${FORMAT}`);
  if (!isWhole(file, checksum ?? ''))
    throw new NashError('usage', 'its checksum does not match: bytes have changed');
  const vectors = Object.fromEntries([...tensors].map(([name, { data }]) => [name, data]));
  const bad = notFinite(vectors);
  if (bad) throw new NashError('usage', `${bad}: the run had diverged`);
  return { step: Number(step), vectors, metadata: rest };
}
