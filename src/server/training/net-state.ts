// What belongs to one version of a net, and what it is called in a checkpoint.
import type { FlatVector, Piece } from '../../checkpoints/checkpoint.js';
import type { Vector } from '../../numerics/vector-engine.js';
import type { Optimizer } from '../../optimizers/optimizer.js';
import type { Layout } from '../../parameters/layout.js';
import type { Net } from '../../parameters/manifest.js';
import type { Versions } from '../../protocol/schedule.js';

/** One version of a net and what belongs to it. None of it is written again once it is made. */
export interface NetState {
  /** `[size + slotSize]`: weights, then state slots; its memory is that of the published version */
  parameters: Vector;
  /** the optimizer's own vectors, each as long as the weights */
  optimizerState: readonly Vector[];
  /** only of G: its weights averaged, and its slots likewise */
  average?: Vector;
}

/** A vector as a checkpoint names it. */
export interface NamedVector {
  name: string;
  vector: Vector;
  pieces: readonly Piece[];
}

export type FlatVectors = Readonly<Record<string, FlatVector>>;

/** All vectors of both nets by name, in a checkpoint's order. */
export function namedVectors(
  nets: Readonly<Record<Net, NetState>>,
  {
    layout,
    optimizers,
    versions,
  }: { layout: Layout; optimizers: Record<Net, Optimizer>; versions: Versions },
): NamedVector[] {
  const ofNet = (net: Net): NamedVector[] => {
    const { parameters, optimizerState } = nets[net];
    const { name, state } = optimizers[net];
    const { entries, slots } = layout.manifest(net, versions[net]);
    const ofState = optimizerState.map((vector, i) => ({
      name: `${net}.${name}.${state[i]}`,
      vector,
      pieces: entries,
    }));
    return [{ name: net, vector: parameters, pieces: [...entries, ...slots] }, ...ofState];
  };
  const [generator, ...rest] = ofNet('generator');
  const average = { name: 'average', vector: nets.generator.average!, pieces: generator!.pieces };
  return [...ofNet('discriminator'), generator!, ...rest, average];
}

/**
 * Refuses a vector whose tensors are others than a run's. The first format of checkpoints tells no tensors apart: there the length has to do.
 * @throws Error
 */
export function requireSamePieces(vector: string, found: readonly Piece[], expected: readonly Piece[]): void {
  if (found.length === 0) return;
  const inWords = (piece: Piece | undefined) => (piece ? `${piece.name} [${piece.shape}]` : 'nothing');
  const at = expected.findIndex((piece, i) => inWords(piece) !== inWords(found[i]));
  if (at < 0) return;
  throw new Error(
    `'${vector}' has ${inWords(found[at])} where this run's nets have ${inWords(expected[at])}`,
  );
}
