// Headers as msgpack maps, tensors as raw frames: nothing is encoded twice, nothing is copied that need not be.
import { Packr, Unpackr } from 'msgpackr/index-no-eval';
import type { z } from 'zod';
import { messageOf } from '../errors.js';
import { BLOCK_FLOATS, quoted } from '../protocol/messages.js';
import { objectionToHeader } from './scan-header.js';

/** A header longer than this is refused before it is decoded; the longest real one is an answer with 1024 rows of statistics, some 40 KiB. */
export const HEADER_BYTES_MAX = 2 ** 18;
/** The largest frame: a block of float32. */
export const FRAME_BYTES_MAX = BLOCK_FLOATS * 4;

// Plain maps: stateless, interoperable, and no generated code at a trust border (research: msgpackr).
const packer = new Packr({ useRecords: false });
const unpacker = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/** A received message that breaks the protocol: the peer's fault, never ours. */
export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

/** A message as frames: the header, then raw ones. */
export const encode = (header: object, frames: readonly Uint8Array[] = []): Uint8Array[] => [
  packer.pack(header),
  ...frames,
];

/**
 * Decodes and validates.
 * @throws MalformedMessage saying what is wrong with the frames
 */
export function decode<T>(
  schema: z.ZodType<T>,
  frames: readonly Uint8Array[],
): { message: T; payload: Uint8Array[] } {
  const [header, ...payload] = frames;
  if (!header || header.length > HEADER_BYTES_MAX) {
    throw new MalformedMessage(
      `a header of ${header?.length ?? 0} bytes; at most ${HEADER_BYTES_MAX} are taken`,
    );
  }
  if (payload.length > 1 || (payload[0]?.byteLength ?? 0) > FRAME_BYTES_MAX) {
    throw new MalformedMessage(
      `${payload.length} frames, the first of ${payload[0]!.byteLength} bytes; at most one of ${FRAME_BYTES_MAX} is taken`,
    );
  }
  const objection = objectionToHeader(header);
  if (objection !== undefined) throw new MalformedMessage(`a header that is no plain msgpack: ${objection}`);
  let value: unknown;
  try {
    value = unpacker.unpack(header);
  } catch (cause) {
    throw new MalformedMessage(`a header that is no msgpack: ${messageOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new MalformedMessage(
      `a header whose '${quoted(issue.path.join('.')) || 'kind'}' is wrong: ${quoted(issue.message)}`,
    );
  }
  return { message: parsed.data, payload };
}
