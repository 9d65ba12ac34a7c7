// Long vectors as blocks of at most BLOCK_FLOATS, one message each.
import { noteGarbage } from '../numerics/young-garbage.js';
import { BLOCK_FLOATS } from '../protocol/messages.js';
import { MalformedMessage } from './codec.js';

/** Position of a block in its vector. */
export interface BlockHeader {
  block: number;
  blockCount: number;
  /** floats in the whole vector */
  length: number;
}

export const blockCountOf = (length: number): number => Math.max(1, Math.ceil(length / BLOCK_FLOATS));

/** A block's floats: [from, to). */
export const rangeOf = ({
  block,
  length,
}: Pick<BlockHeader, 'block' | 'length'>): { from: number; to: number } => ({
  from: block * BLOCK_FLOATS,
  to: Math.min(length, (block + 1) * BLOCK_FLOATS),
});

/** Headers of all blocks of a vector. */
export const blocksOf = (length: number): BlockHeader[] =>
  Array.from({ length: blockCountOf(length) }, (_, block) => ({
    block,
    blockCount: blockCountOf(length),
    length,
  }));

/** A vector in one piece, however long: where its memory is shared, nothing need be cut. */
export const wholeOf = (length: number): BlockHeader => ({ block: 0, blockCount: 1, length });

export const isWhole = (header: BlockHeader, length: number): boolean =>
  header.block === 0 && header.blockCount === 1 && header.length === length;

/** A block's bytes, as they lie. */
export function bytesOf(vector: Float32Array, header: BlockHeader): Uint8Array {
  const { from, to } = rangeOf(header);
  return new Uint8Array(vector.buffer, vector.byteOffset + from * 4, (to - from) * 4);
}

/**
 * The floats of a received frame, without a copy where its memory is aligned.
 * @throws MalformedMessage when header and frame do not describe a block of a vector of `length` floats
 */
export function floatsOf(header: BlockHeader, payload: readonly Uint8Array[], length: number): Float32Array {
  const [frame] = payload;
  const { from, to } = rangeOf(header);
  const isBlock =
    header.length === length &&
    header.blockCount === blockCountOf(length) &&
    header.block < header.blockCount;
  if (!isBlock || payload.length !== 1 || frame!.byteLength !== (to - from) * 4) {
    throw new MalformedMessage(
      `block ${header.block} of ${header.blockCount} of a vector of ${header.length} floats with ` +
        `${payload.length} frames of ${frame?.byteLength ?? 0} bytes; expected one of the ${blockCountOf(length)} blocks of ${length} floats`,
    );
  }
  const isAligned = frame!.byteOffset % 4 === 0;
  const bytes = isAligned ? frame! : frame!.slice();
  return new Float32Array(bytes.buffer, bytes.byteOffset, to - from);
}

/** Puts the blocks of one vector together as they arrive, in any order, each once. */
export class BlockAssembly {
  private readonly seen = new Set<number>();
  private whole: Float32Array | undefined;

  constructor(private readonly length: number) {}

  /** @returns the whole vector once its last block is in; a vector of one block is the received memory itself */
  add(header: BlockHeader, payload: readonly Uint8Array[]): Float32Array | undefined {
    const floats = floatsOf(header, payload, this.length);
    if (header.blockCount === 1) return floats;
    this.whole ??= new Float32Array(this.length);
    this.whole.set(floats, rangeOf(header).from);
    noteGarbage(floats.byteLength); // the received frame has served
    this.seen.add(header.block);
    return this.seen.size === header.blockCount ? this.whole : undefined;
  }
}
