// A net is one flat float32 vector plus this description of it. Knows nothing of tensors, optimizers or the wire.
import { createHash } from 'node:crypto';

/** The two nets of a GAN. */
export const NETS = ['discriminator', 'generator'] as const;
export type Net = (typeof NETS)[number];

/** How the values that the shards of one step give for a state slot become one. */
export type SlotMerge = 'mean' | 'first' | 'sum';

/** How a fresh parameter is filled; values are drawn on the host by `initialParameters`. */
export type Initializer =
  | { kind: 'constant'; value: number }
  | { kind: 'normal'; mean?: number; deviation: number }
  | { kind: 'uniform'; range: number }
  /** rows or columns, whichever are fewer, of length 1 and at right angles, as a matrix of the last axis and all others (Saxe et al. 2014) */
  | { kind: 'orthogonal' }
  /** of each column so many are normal with deviation 1, all others 0 (Martens 2010, section 5) */
  | { kind: 'sparse'; count: number };

/** A tensor that a network asks for. */
export interface ParameterSpec {
  name: string;
  shape: readonly number[];
  initializer: Initializer;
  /** of a kernel: the axis of what it makes; default: the last */
  outputAxis?: number;
}

/** A state slot (batch norm's running statistics, …): kept beside the weights, merged over shards, never given to the optimizer. */
export interface SlotSpec extends ParameterSpec {
  merge: SlotMerge;
  /** share of the old value that a step keeps: `new = momentum * old + (1 - momentum) * merged` */
  momentum: number;
}

/** One named tensor inside the flat vector. `offset` counts floats. */
export interface ManifestEntry extends ParameterSpec {
  offset: number;
  size: number;
}

export type SlotEntry = SlotSpec & ManifestEntry;

/**
 * What a net's flat vectors mean. `size` is the number of weights; a step's payload is `size` gradient
 * floats followed by `slotSize` slot floats.
 */
export interface Manifest {
  entries: readonly ManifestEntry[];
  size: number;
  slots: readonly SlotEntry[];
  slotSize: number;
}

/** sha256 over names, shapes, offsets and merge rules: two processes with equal hashes mean the same by a vector. */
export function manifestHash(manifest: Manifest): string {
  const text = JSON.stringify([
    manifest.entries.map((e) => [e.name, e.shape, e.offset]),
    manifest.slots.map((e) => [e.name, e.shape, e.offset, e.merge, e.momentum]),
  ]);
  return createHash('sha256').update(text).digest('hex');
}

/** Both nets' hashes: what a worker and the server compare. */
export const manifestHashes = (nets: Readonly<Record<Net, { manifest: Manifest }>>): Record<Net, string> => ({
  discriminator: manifestHash(nets.discriminator.manifest),
  generator: manifestHash(nets.generator.manifest),
});
