// The safetensors format for float32 tensors: eight bytes of header length, a JSON header, raw little-endian data. Other programs read
// our files; we read only what the header describes exactly, and trust no length in it.
import { NashError } from '../errors.js';

/** `data.length` is the product of `shape`. */
export interface Tensor {
  shape: readonly number[];
  data: Float32Array;
}

export interface Safetensors {
  tensors: ReadonlyMap<string, Tensor>;
  metadata: Readonly<Record<string, string>>;
}

/** The limit of the reference implementation (safetensors/src/tensor.rs, MAX_HEADER_SIZE). */
const HEADER_BYTES_MAX = 100_000_000;
/** They say how long the header is. */
export const PREFIX_BYTES = 8;

interface Entry {
  name: string;
  shape: number[];
  begin: number;
  end: number;
}

export const bytesOf = (data: Float32Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Length prefix and JSON header, padded with spaces so that the data begins at a multiple of eight; the data follow in map order. */
export function encodeHeader({ tensors, metadata }: Safetensors): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let begin = 0;
  for (const [name, { shape, data }] of tensors) {
    const end = begin + data.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
    begin = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(PREFIX_BYTES + Math.ceil(json.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - PREFIX_BYTES));
  json.copy(padded, PREFIX_BYTES);
  return padded;
}

/** The whole file as bytes; for large contents write `encodeHeader` and the data one after another. */
export function encodeSafetensors(file: Safetensors): Buffer {
  return Buffer.concat([encodeHeader(file), ...[...file.tensors.values()].map(({ data }) => bytesOf(data))]);
}

const damaged = (message: string, cause?: unknown): NashError => new NashError('usage', message, { cause });

/** Length of prefix and header together, as a file's first bytes claim it. Throws NashError('usage') where no header is so long. */
export function headerBytes(file: Buffer): number {
  if (file.length < PREFIX_BYTES) throw damaged(`it has ${file.length} bytes, too few for any header`);
  const length = file.readBigUInt64LE();
  if (length > HEADER_BYTES_MAX)
    throw damaged(
      `its header claims ${length} bytes, more than safetensors allows: not such a file, or damaged`,
    );
  return PREFIX_BYTES + Number(length);
}

/** The same of a whole file. Throws NashError('usage') where the file cannot hold it. */
export function headerEnd(file: Buffer): number {
  const end = headerBytes(file);
  if (end > file.length)
    throw damaged(
      `its header claims ${end - PREFIX_BYTES} bytes, ${file.length - PREFIX_BYTES} are there: it was cut short`,
    );
  return end;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseHeader(bytes: Buffer): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isRecord(header)) return header;
  } catch (cause) {
    throw damaged('its header is not JSON: not a safetensors file, or damaged', cause);
  }
  throw damaged('its header is not a JSON object: not a safetensors file, or damaged');
}

function parseEntry(name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (dtype !== 'F32') throw damaged(`tensor ${name} is of type ${String(dtype)}, only F32 is read`);
  const isOffsets = Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount);
  if (!Array.isArray(shape) || !shape.every(isCount) || !isOffsets)
    throw damaged(`tensor ${name} has no valid shape and offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = 4 * shape.reduce((product, d) => product * d, 1);
  if (end - begin !== bytes)
    throw damaged(`tensor ${name} of shape [${shape}] takes ${bytes} bytes, its offsets span ${end - begin}`);
  return { name, shape, begin, end };
}

/** Entries must cover the data exactly: no hole, no overlap, nothing after the last. */
function assertCovered(entries: readonly Entry[], dataBytes: number): void {
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) throw damaged(`tensor ${name} begins at byte ${begin} of the data, ${at} was expected`);
    at = end;
  }
  if (at > dataBytes)
    throw damaged(`its header promises ${at} bytes of data, ${dataBytes} are there: it was cut short`);
  if (at < dataBytes) throw damaged(`${dataBytes - at} bytes follow the last tensor`);
}

function parseMetadata(value: unknown = {}): Record<string, string> {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === 'string'))
    return value as Record<string, string>;
  throw damaged('its metadata are not strings');
}

/** What a header, prefix included, says beside its tensors. */
export function decodeMetadata(header: Buffer): Readonly<Record<string, string>> {
  return parseMetadata(parseHeader(header.subarray(PREFIX_BYTES, headerEnd(header))).__metadata__);
}

/**
 * Reads a whole file. Tensors are in the order of their data, side by side in one copy of it.
 * Throws NashError('usage') whose message is a clause about the file ("it was cut short"), for the caller to name the file with.
 */
export function decodeSafetensors(file: Buffer): Safetensors {
  const start = headerEnd(file);
  const { __metadata__: metadata, ...rest } = parseHeader(file.subarray(PREFIX_BYTES, start));
  const entries = Object.entries(rest).map(([name, value]) => parseEntry(name, value));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  assertCovered(entries, file.length - start);
  const all = new Float32Array((file.length - start) / 4);
  bytesOf(all).set(file.subarray(start));
  const tensors = new Map(
    entries.map(({ name, shape, begin, end }) => [name, { shape, data: all.subarray(begin / 4, end / 4) }]),
  );
  return { tensors, metadata: parseMetadata(metadata) };
}
