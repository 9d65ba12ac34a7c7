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
  /** with lookahead: its slow weights, as many as there are weights */
  slow?: Vector;
  /** under extragradient: the weights from which the last update looked ahead */
  base?: Vector;
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
    const { parameters, optimizerState, slow, base } = nets[net];
    const { name, state } = optimizers[net];
    const { entries, slots } = layout.manifest(net, versions[net]);
    const ofState = optimizerState.map((vector, i) => ({
      name: `${net}.${name}.${state[i]}`,
      vector,
      pieces: entries,
    }));
    const ofBase = base ? [{ name: `${net}.base`, vector: base, pieces: entries }] : [];
    const ofLookahead = slow ? [{ name: `${net}.${name}.slow`, vector: slow, pieces: entries }] : [];
    return [
      { name: net, vector: parameters, pieces: [...entries, ...slots] },
      ...ofState,
      ...ofLookahead,
      ...ofBase,
    ];
  };
  const [generator, ...rest] = ofNet('generator');
  const average = { name: 'average', vector: nets.generator.average!, pieces: generator!.pieces };
  return [...ofNet('discriminator'), generator!, ...rest, average];
}

/**
 * Refuses vectors of a checkpoint that are others than a run's, tensor by tensor. The first format of checkpoints tells no tensors apart:
 * there the length has to do.
 * @throws Error that names what is missing, what is too much and what has another shape or place
 */
export function requireFitting(found: FlatVectors, expected: readonly NamedVector[]): void {
  const known = new Set(expected.map(({ name }) => name));
  const strange = Object.entries(found).filter(([name]) => !known.has(name));
  const wrong = {
    missing: expected.flatMap((vector) => missingIn(found[vector.name], vector)),
    tooMuch: [
      ...strange.flatMap(([name, { pieces }]) => namesIn(name, pieces)),
      ...expected.flatMap((vector) => tooMuchIn(found[vector.name], vector)),
    ],
    other: expected.flatMap((vector) => otherIn(found[vector.name], vector)),
  };
  const clauses = [
    ...said('it lacks', wrong.missing),
    ...said("it has what this run's nets have not:", wrong.tooMuch),
    ...said('other shapes or places:', wrong.other),
  ];
  if (clauses.length > 0) throw new Error(clauses.join('; '));
}

type Expected = Pick<NamedVector, 'name' | 'vector' | 'pieces'>;

const namesIn = (vector: string, pieces: readonly Piece[]): string[] =>
  pieces.length === 0 ? [vector] : pieces.map(({ name }) => `${vector}/${name}`);

function missingIn(found: FlatVector | undefined, { name, pieces }: Expected): string[] {
  if (found === undefined) return namesIn(name, pieces);
  return found.pieces.length === 0
    ? []
    : without(pieces, found.pieces).map((piece) => `${name}/${piece.name}`);
}

const tooMuchIn = (found: FlatVector | undefined, { name, pieces }: Expected): string[] =>
  without(found?.pieces ?? [], pieces).map((piece) => `${name}/${piece.name}`);

/** Of what both have: another shape, or, where all shapes are the same, another order. */
function otherIn(found: FlatVector | undefined, { name, vector, pieces }: Expected): string[] {
  if (found === undefined) return [];
  if (found.pieces.length === 0)
    return found.data.length === vector.length
      ? []
      : [`${name} has ${found.data.length} floats there and ${vector.length} here`];
  const there = new Map(found.pieces.map((piece) => [piece.name, piece]));
  const both = pieces.filter((piece) => there.has(piece.name));
  const reshaped = both.filter((piece) => `${there.get(piece.name)!.shape}` !== `${piece.shape}`);
  if (reshaped.length > 0)
    return reshaped.map(
      (piece) => `${name}/${piece.name} is [${there.get(piece.name)!.shape}] there and [${piece.shape}] here`,
    );
  const isOrdered =
    both.length !== pieces.length || pieces.every((piece, i) => piece.name === found.pieces[i]!.name);
  return isOrdered ? [] : [`the tensors of ${name} follow each other otherwise`];
}

const without = (pieces: readonly Piece[], others: readonly Piece[]): Piece[] => {
  const names = new Set(others.map(({ name }) => name));
  return pieces.filter(({ name }) => !names.has(name));
};

/** Names that are told. */
const TOLD_MAX = 6;

const said = (what: string, names: readonly string[]): string[] =>
  names.length === 0
    ? []
    : [
        `${what} ${names.slice(0, TOLD_MAX).join(', ')}${names.length > TOLD_MAX ? ` and ${names.length - TOLD_MAX} more` : ''}`,
      ];
