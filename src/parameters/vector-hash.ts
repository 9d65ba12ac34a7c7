// The hash by which vectors are compared: weights in result.json, answers to one task, trial gradients.
import { createHash } from 'node:crypto';

/** sha256 of float32 values as they lie, little-endian; 64 hexadecimal digits. */
export const vectorHash = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');

/** About 2 ms of hashing, with the event loop free in between. */
const CHUNK_FLOATS = 2 ** 19;

/** The same of a long vector, which must not change meanwhile. */
export async function vectorHashInTurns(vector: Float32Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < vector.length; at += CHUNK_FLOATS) {
    const { buffer, byteOffset, byteLength } = vector.subarray(at, at + CHUNK_FLOATS);
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    await new Promise((next) => setImmediate(next));
  }
  return hash.digest('hex');
}
