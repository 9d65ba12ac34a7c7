// The hash by which vectors are compared: weights in result.json, answers to one task, trial gradients.
import { createHash } from 'node:crypto';

/** sha256 of float32 values as they lie, little-endian; 64 hexadecimal digits. */
export const vectorHash = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
