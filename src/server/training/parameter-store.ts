// The weights of both nets, what the optimizers keep, G's average: the vectors that the server owns, and the arithmetic
// on them. Decides nothing; the coordinator says when.
// Longer than other files: what lies where in these vectors is known here alone.
import type { FlatVector, Piece } from '../../checkpoints/checkpoint.js';
import type { RunConfig } from '../../config/run-config.js';
import {
  type Deed,
  type FilePlace,
  type Measure,
  type Operation,
  part,
  type Vector,
  type VectorEngine,
} from '../../numerics/vector-engine.js';
import { noteGarbage } from '../../numerics/young-garbage.js';
import { averagingAt } from '../../optimizers/averaging.js';
import { type Optimizer, optimizerOf } from '../../optimizers/optimizer.js';
import { initialParameters } from '../../parameters/initial.js';
import type { Layout } from '../../parameters/layout.js';
import { NETS, type Net } from '../../parameters/manifest.js';
import { vectorHash } from '../../parameters/vector-hash.js';
import { boundOf } from '../../penalties/penalties.js';
import type { Line } from '../../protocol/line.js';
import type { Versions } from '../../protocol/schedule.js';
import type { TreeNode } from '../../protocol/shard-tree.js';
import { type BlockHeader, rangeOf } from '../../wire/blocks.js';
import type { Draft } from '../peers/local-peers.js';
import { type Published, PublishedVersions, place } from './published-versions.js';
import { ShardSums } from './shard-sums.js';

interface NetState {
  optimizer: Optimizer;
  /** of the newest version, `[size + slotSize]`: weights, then state slots */
  parameters: Vector;
  /** the optimizer's own vectors, each as long as the weights */
  optimizerState: Vector[];
  sums: ShardSums;
}

/** A vector of the store as a checkpoint names it. */
interface NamedVector {
  name: string;
  vector: Vector;
  pieces: readonly Piece[];
}

export type FlatVectors = Readonly<Record<string, FlatVector>>;

/** Outcome of applying a step; `cause`: the gradient is not finite and nothing has changed, or a new weight is not. */
export type Applied =
  | { kind: 'applied'; gradientNorm: number }
  | { kind: 'not-finite'; cause: 'gradient' | 'update' };

/** Larger gradients no training has; the square of this one, which Adam keeps, is still far from infinite in float32. */
const NORM_MAX = 2 ** 60;

/** What is done with each piece of a net's next version as it is made, `at` floats from the beginning. */
type Follow = (made: Vector, at: number) => Deed[];

const storing = ({ file, position }: FilePlace, vector: Vector, at: number): Deed => ({
  kind: 'store',
  vector,
  to: { file, position: position + 4 * at },
});

export class ParameterStore {
  readonly versions: PublishedVersions;
  private readonly nets: Record<Net, NetState>;
  /** averaged G, and its slots averaged likewise */
  private readonly average: Vector;
  /** as the evaluator is sent it: one memory for all versions, so that whoever reads none of them fills no memory */
  private readonly published: Float32Array;

  constructor(
    private readonly config: RunConfig,
    private readonly layout: Layout,
    private readonly engine: VectorEngine,
    line: Readonly<Line> = { term: 1, branch: 0 },
  ) {
    this.versions = new PublishedVersions(engine, line);
    const create = (net: Net): NetState => {
      const optimizer = optimizerOf(config.optimizer[net]);
      const { size } = layout.manifest(net, 0);
      return {
        optimizer,
        parameters: engine.allocate(layout.length(net, 0)),
        optimizerState: optimizer.state.map(() => engine.allocate(size)),
        sums: new ShardSums(engine, config.minibatch.shards),
      };
    };
    this.nets = { discriminator: create('discriminator'), generator: create('generator') };
    this.average = engine.allocate(layout.length('generator', 0));
    this.published = new Float32Array(layout.length('generator', 0));
  }

  /** Version 0, decided by the seed. */
  initialize(): void {
    for (const net of NETS) {
      const { parameters } = this.nets[net];
      const manifest = this.layout.manifest(net, 0);
      this.engine.write(parameters, 0, initialParameters(manifest, { seed: this.config.seed, net }));
      this.versions.publish(net, 0, parameters);
    }
    this.engine.write(this.average, 0, this.versions.newest('generator').values);
  }

  /** Length of a net's payload now: its gradient and its slots. */
  lengthOf(net: Net): number {
    return this.layout.length(net, this.versions.newest(net).version);
  }

  /** A vector to receive a node's payload into; `settle` or `release` takes it back. */
  allocatePayload(net: Net): Vector {
    return this.engine.allocate(this.lengthOf(net), 'anything'); // all of it is about to be written
  }

  writeBlock(payload: Vector, header: BlockHeader, floats: Float32Array): void {
    this.engine.write(payload, rangeOf(header).from, floats);
    noteGarbage(floats.byteLength); // the received frame has served
  }

  /** A payload's memory, to be read into. */
  bytesOf(payload: Vector): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.engine.view(payload);
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  release(payload: Vector): void {
    this.engine.release(payload);
  }

  view(payload: Vector): Float32Array {
    return this.engine.view(payload);
  }

  /** Whether every value of a payload is finite, and the whole no larger than a gradient can be. */
  async isSound(payload: Vector): Promise<boolean> {
    const { finite, squaredNorm } = await this.engine.scan(payload);
    return finite && squaredNorm <= NORM_MAX ** 2;
  }

  /** Takes a node's sum into its net's open step. */
  settle(net: Net, node: TreeNode, payload: Vector): Promise<void> {
    return this.nets[net].sums.add(node, payload);
  }

  /**
   * Applies the step whose nodes are all settled: optimizer, state slots, G's average; publishes version `step + 1`. A draft is filled
   * with what is made while the rest is computed. A gradient that is not finite, or so large that some answer is not sound, is not applied,
   * and nothing changes. After an update that is not finite, the optimizer's state and the average are spoiled: only `restore` helps.
   */
  async apply(net: Net, step: number, draft?: Draft): Promise<Applied> {
    const state = this.nets[net];
    const [sum, other] = state.sums.take();
    const next = this.engine.allocate(this.layout.length(net, step + 1), 'anything');
    const follow = (made: Vector, at: number): Deed[] => [
      ...(net === 'generator' ? [this.averaging(step, made, at)] : []),
      ...(draft ? [storing(draft.place, made, at)] : []),
    ];
    // both kinds of the first stage measure the whole sum, and so guard the second
    const first: Operation = other ? { kind: 'add', into: sum, from: other } : { kind: 'scan', vector: sum };
    const normMax = 2 * this.config.minibatch.shards * NORM_MAX; // sound answers add up to half of it at most
    const stages: Operation[][] = [
      [{ ...first, normMax }],
      [this.update(net, step, sum, next, follow), ...this.slotMerges(net, step, sum, next, follow)],
    ];
    const { finite, measures, trouble } = await this.engine.sequence(stages);
    this.engine.release(sum);
    if (other) this.engine.release(other);
    if (!finite) {
      this.engine.release(next);
      draft?.drop();
      return { kind: 'not-finite', cause: measures.length === 1 ? 'gradient' : 'update' };
    }
    state.parameters = next;
    this.versions.publish(net, step + 1, next);
    if (draft) place(this.versions.newest(net), draft, trouble);
    const [, [ofUpdate]] = measures as [Measure[], [Measure]];
    return { kind: 'applied', gradientNorm: Math.sqrt(ofUpdate.squaredNorm) };
  }

  /** The optimizer; it measures the averaged gradient. */
  private update(net: Net, step: number, sum: Vector, next: Vector, follow: Follow): Operation {
    const { optimizer, parameters, optimizerState } = this.nets[net];
    const { size } = this.layout.manifest(net, step);
    const bound = boundOf(net, this.config);
    const weightsOf = (vector: Vector) => part(vector, 0, size);
    return {
      kind: 'update',
      kernel: optimizer.kernel,
      gradient: weightsOf(sum),
      scale: 1 / this.config.minibatch.shards,
      weights: weightsOf(parameters),
      into: weightsOf(next),
      state: optimizerState,
      scalars: optimizer.scalars(step + 1),
      ...(bound === undefined ? {} : { bound }),
      followedBy: follow(weightsOf(next), 0),
    };
  }

  /** new = momentum * old + (1 - momentum) * merged, each slot by its merge rule. */
  private slotMerges(net: Net, step: number, sum: Vector, next: Vector, follow: Follow): Operation[] {
    const { size, slots, slotSize } = this.layout.manifest(net, step);
    if (slotSize === 0) return [];
    const slotsOf = (vector: Vector) => part(vector, size, slotSize);
    this.engine.view(slotsOf(next)).set(this.engine.view(slotsOf(this.nets[net].parameters)));
    return slots.map((slot): Operation => {
      const at = size + slot.offset;
      const share = slot.merge === 'mean' ? 1 / this.config.minibatch.shards : 1;
      const into = part(next, at, slot.size);
      return {
        kind: 'blend',
        into,
        from: part(sum, at, slot.size),
        keep: slot.momentum,
        take: (1 - slot.momentum) * share,
        followedBy: follow(into, at),
      };
    });
  }

  /** G's average follows what was just made of its next version, `at` floats from the start. */
  private averaging(step: number, from: Vector, at: number): Deed {
    const { keep, take } = averagingAt(this.config.averaging, step + 1);
    return { kind: 'blend', into: part(this.average, at, from.length), from, keep, take };
  }

  /** Frames G's average as it is now, in the memory of the one before: the evaluator has answered to that, or is not heard any more. */
  publishAverage(version: number): Published {
    this.published.set(this.engine.view(this.average));
    return this.versions.publishAverage(version, this.published);
  }

  /** sha256 of each net's weights, little-endian float32, without state slots. */
  weightHashes(): Record<Net, string> {
    const hash = (net: Net) => {
      const { version, values } = this.versions.newest(net);
      return vectorHash(values.subarray(0, this.layout.manifest(net, version).size));
    };
    return { discriminator: hash('discriminator'), generator: hash('generator') };
  }

  /** Copies of everything that the next step depends on. */
  export(): FlatVectors {
    return Object.fromEntries(
      this.named().map(({ name, vector, pieces }) => [name, { data: this.engine.read(vector), pieces }]),
    );
  }

  /**
   * Takes a checkpoint's vectors over.
   * @throws Error naming the vector or tensor that is missing or has another shape
   */
  import(vectors: FlatVectors, versions: Versions): void {
    for (const { name, vector, pieces } of this.named()) {
      const found = vectors[name];
      if (found?.data.length !== vector.length) {
        throw new Error(
          `vector '${name}' has ${found?.data.length ?? 'no'} floats where this run's nets have ${vector.length}`,
        );
      }
      requireSamePieces(name, found.pieces, pieces);
      this.engine.write(vector, 0, found.data);
    }
    for (const net of NETS) this.versions.publish(net, versions[net], this.nets[net].parameters);
  }

  /**
   * Goes back to a checkpoint's vectors, or to version 0 where there are none. Sums under way are dropped; nothing may be computing.
   * Versions that are still being sent keep their memory until they have left.
   */
  restore(vectors: FlatVectors | undefined, versions: Versions): void {
    this.versions.forgetAll();
    for (const net of NETS) {
      const state = this.nets[net];
      state.sums.clear();
      state.parameters = this.engine.allocate(this.layout.length(net, versions[net]));
      for (const vector of state.optimizerState) this.engine.view(vector).fill(0);
    }
    if (vectors) this.import(vectors, versions);
    else this.initialize();
  }

  private named(): NamedVector[] {
    const ofNet = (net: Net): NamedVector[] => {
      const { optimizer, parameters, optimizerState } = this.nets[net];
      const { entries, slots } = this.layout.manifest(net, this.versions.newest(net)?.version ?? 0);
      const ofState = optimizerState.map((vector, i) => ({
        name: `${net}.${optimizer.name}.${optimizer.state[i]}`,
        vector,
        pieces: entries,
      }));
      return [{ name: net, vector: parameters, pieces: [...entries, ...slots] }, ...ofState];
    };
    const [generator, ...rest] = ofNet('generator');
    const average = { name: 'average', vector: this.average, pieces: generator!.pieces };
    return [...ofNet('discriminator'), generator!, ...rest, average];
  }
}

/** The first format of checkpoints tells no tensors apart: there the length has to do. */
function requireSamePieces(vector: string, found: readonly Piece[], expected: readonly Piece[]): void {
  if (found.length === 0) return;
  const inWords = (piece: Piece | undefined) => (piece ? `${piece.name} [${piece.shape}]` : 'nothing');
  const at = expected.findIndex((piece, i) => inWords(piece) !== inWords(found[i]));
  if (at < 0) return;
  throw new Error(
    `'${vector}' has ${inWords(found[at])} where this run's nets have ${inWords(expected[at])}`,
  );
}
