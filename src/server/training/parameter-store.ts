// The weights of both nets, what the optimizers keep, G's average: the vectors that the server owns, and the arithmetic
// on them. Decides nothing; the coordinator says when.
import type { RunConfig } from '../../config/run-config.js';
import { assert } from '../../errors.js';
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
import type { VectorName } from '../../protocol/messages.js';
import { keyOf, parentOf, rootLevel, siblingOf, type TreeNode } from '../../protocol/shard-tree.js';
import type { Region } from '../../transport/shared-memory.js';
import { type BlockHeader, blocksOf, bytesOf, rangeOf } from '../../wire/blocks.js';
import type { Draft } from '../peers/local-peers.js';
import type { Line } from './line.js';

/** A version of a vector as it is sent: its blocks, framed once, the same memory for every peer. Not written while anybody holds it. */
export interface Published {
  /** of the line it belongs to: versions of another line have the same numbers and other values */
  term: number;
  version: number;
  values: Float32Array;
  blocks: { header: BlockHeader; bytes: Uint8Array }[];
  /** sessions that it was sent to and that have not said that they have it: ZeroMQ may still be reading it for them */
  holders: Set<string>;
  /** where peers of this host find it too, once it was put there */
  region?: Region;
  /** Called once when nobody needs it any more. */
  onDropped?: () => void;
}

/** A version lies in shared memory, if there was no trouble, until nobody needs it any more. */
export function place(published: Published, draft: Draft, trouble?: string): void {
  const region = draft.seal(trouble);
  if (region) Object.assign(published, { region, onDropped: () => draft.drop() });
  else draft.drop();
}

/** Names one version of one line. */
export interface VersionName {
  term: number;
  vector: VectorName;
  version: number;
}

/** A version in a vector of its own, which is sent from there without a copy. */
type StoredVersion = Published & { vector: Vector };

interface NetState {
  optimizer: Optimizer;
  /** `[size + slotSize]`: weights, then state slots */
  parameters: Vector;
  optimizerState: Vector[];
  /** sums of the open step's tree nodes that wait for their siblings, or for `apply`: the root, or both of its children */
  sums: Map<string, Vector>;
  /** versions that steps may read */
  published: StoredVersion[];
  /** versions that no step reads any more, held for peers that are still receiving them */
  retired: StoredVersion[];
}

/** Named vectors, as a checkpoint holds them. */
export type NamedVectors = Record<string, Float32Array>;

/** Outcome of applying a step; `cause`: the gradient is not finite and nothing has changed, or a new weight is not. */
export type Applied =
  | { kind: 'applied'; gradientNorm: number }
  | { kind: 'not-finite'; cause: 'gradient' | 'update' };

/** What is done with each piece of a net's next version as it is made, `at` floats from the beginning. */
type Follow = (made: Vector, at: number) => Deed[];

const storing = ({ file, position }: FilePlace, vector: Vector, at: number): Deed => ({
  kind: 'store',
  vector,
  to: { file, position: position + 4 * at },
});

export class ParameterStore {
  private readonly nets: Record<Net, NetState>;
  /** averaged G, and its slots averaged likewise */
  private readonly average: Vector;
  private publishedAverage: Published | undefined;

  constructor(
    private readonly config: RunConfig,
    private readonly layout: Layout,
    private readonly engine: VectorEngine,
    private readonly line: Readonly<Line> = { term: 1, branch: 0 },
  ) {
    const create = (net: Net): NetState => {
      const manifest = layout.manifest(net, 0);
      const optimizer = optimizerOf(config.optimizer[net]);
      return {
        optimizer,
        parameters: engine.allocate(layout.length(net, 0)),
        optimizerState: optimizer.state.map(() => engine.allocate(manifest.size)),
        sums: new Map(),
        published: [],
        retired: [],
      };
    };
    this.nets = { discriminator: create('discriminator'), generator: create('generator') };
    this.average = engine.allocate(layout.length('generator', 0));
  }

  /** Version 0, decided by the seed. */
  initialize(): void {
    for (const net of NETS) {
      const manifest = this.layout.manifest(net, 0);
      const { parameters } = this.nets[net];
      this.engine.write(parameters, 0, initialParameters(manifest, { seed: this.config.seed, net }));
      this.publish(net, 0);
    }
    this.engine.write(this.average, 0, this.newest('generator').values);
  }

  /** Length of a net's payload: its gradient and its slots. */
  lengthOf(net: Net): number {
    return this.layout.length(net, this.newest(net).version);
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

  /** Whether every value of a payload is finite. */
  async isFinite(payload: Vector): Promise<boolean> {
    return (await this.engine.scan(payload)).finite;
  }

  /** Takes a node's sum; siblings are added as soon as both are there, along the fixed tree, up to the root's children. */
  async settle(net: Net, node: TreeNode, payload: Vector): Promise<void> {
    const { sums } = this.nets[net];
    const { shards } = this.config.minibatch;
    let [at, sum] = [node, payload];
    while (at.level < rootLevel(shards) - 1) {
      const sibling = siblingOf(at, shards);
      const other = sibling && sums.get(keyOf(sibling));
      if (sibling && !other) break;
      if (sibling && other) {
        sums.delete(keyOf(sibling));
        const [left, right] = sibling.index < at.index ? [other, sum] : [sum, other];
        await this.engine.add(left, right);
        this.engine.release(right);
        sum = left;
      }
      at = parentOf(at);
    }
    sums.set(keyOf(at), sum);
  }

  /**
   * Applies the step whose nodes are all settled: optimizer, state slots, G's average; publishes version `step + 1`. A draft is filled
   * with what is made while the rest is computed. A gradient that is not finite is not applied, and nothing changes. After an update that is
   * not, the optimizer's state and the average are spoiled: only `restore` helps.
   */
  async apply(net: Net, step: number, draft?: Draft): Promise<Applied> {
    const state = this.nets[net];
    const [sum, other] = this.takeRoot(net, step);
    const next = this.engine.allocate(this.layout.length(net, step + 1), 'anything');
    const follow = (made: Vector, at: number): Deed[] => [
      ...(net === 'generator' ? [this.averaging(step, made, at)] : []),
      ...(draft ? [storing(draft.place, made, at)] : []),
    ];
    // both kinds of the first stage measure the whole sum, and so guard the second
    const stages: Operation[][] = [
      [other ? { kind: 'add', into: sum, from: other } : { kind: 'scan', vector: sum }],
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
    this.publish(net, step + 1);
    if (draft) place(this.newest(net), draft, trouble);
    const [, [ofUpdate]] = measures as [Measure[], [Measure]];
    return { kind: 'applied', gradientNorm: Math.sqrt(ofUpdate.squaredNorm) };
  }

  /** The root's sum, or its two children, left and right, which are still to be added. */
  private takeRoot(net: Net, step: number): [Vector, Vector?] {
    const { sums } = this.nets[net];
    const level = rootLevel(this.config.minibatch.shards);
    const children = [0, 1].map((index) => ({ level: level - 1, index }));
    const nodes = sums.size === 1 ? [{ level, index: 0 }] : children;
    const found = nodes.flatMap((node) => sums.get(keyOf(node)) ?? []);
    assert(found.length === sums.size, () => `${net} step ${step} applied with sums ${[...sums.keys()]}`);
    sums.clear();
    return found as [Vector, Vector?];
  }

  /** The optimizer; it measures the averaged gradient. */
  private update(net: Net, step: number, sum: Vector, next: Vector, follow: Follow): Operation {
    const { optimizer, parameters, optimizerState } = this.nets[net];
    const manifest = this.layout.manifest(net, step);
    const bound = boundOf(net, this.config);
    const weightsOf = (vector: Vector) => part(vector, 0, manifest.size);
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
    const { parameters } = this.nets[net];
    const manifest = this.layout.manifest(net, step);
    if (manifest.slotSize === 0) return [];
    const slotsOf = (vector: Vector) => part(vector, manifest.size, manifest.slotSize);
    this.engine.view(slotsOf(next)).set(this.engine.view(slotsOf(parameters)));
    return manifest.slots.map((slot): Operation => {
      const at = manifest.size + slot.offset;
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

  private publish(net: Net, version: number): void {
    const { parameters, published } = this.nets[net];
    published.push({ ...this.frame(this.engine.view(parameters), version), vector: parameters });
  }

  /**
   * Goes back to a checkpoint's vectors, or to version 0 where there are none. Sums under way are dropped; nothing may be computing.
   * Versions that are still being sent keep their memory until they have left.
   */
  restore(vectors: Readonly<NamedVectors> | undefined, versions: Readonly<Record<Net, number>>): void {
    for (const net of NETS) {
      const state = this.nets[net];
      for (const sum of state.sums.values()) this.engine.release(sum);
      state.sums.clear();
      state.retired.push(...state.published.splice(0));
      state.parameters = this.engine.allocate(this.layout.length(net, versions[net]));
      for (const slot of state.optimizerState) this.engine.view(slot).fill(0);
      this.reclaim(net);
    }
    if (vectors) this.import(vectors, versions);
    else this.initialize();
  }

  /** Drops versions of a net that no step may read any more; their memory is used again once nobody receives them. */
  forgetBefore(net: Net, version: number): void {
    const { published, retired } = this.nets[net];
    while (published.length > 1 && published[0]!.version < version) retired.push(published.shift()!);
    this.reclaim(net);
  }

  /** A peer has a version, or is gone. */
  letGo({ term, vector, version }: VersionName, session: string): void {
    if (vector === 'average') return;
    const { published, retired } = this.nets[vector];
    for (const held of [...published, ...retired])
      if (held.version === version && held.term === term) held.holders.delete(session);
    this.reclaim(vector);
  }

  private reclaim(net: Net): void {
    const state = this.nets[net];
    for (const version of state.retired) {
      if (version.holders.size > 0) continue;
      version.onDropped?.();
      this.engine.release(version.vector);
    }
    state.retired = state.retired.filter((version) => version.holders.size > 0);
  }

  /** A version as frames, or undefined when it does not exist or was dropped. */
  published(vector: VectorName, version: number): Published | undefined {
    if (vector === 'average')
      return this.publishedAverage?.version === version ? this.publishedAverage : undefined;
    return this.nets[vector].published.find((candidate) => candidate.version === version);
  }

  /** Frames G's average as it is now; it stays until the next call. */
  publishAverage(version: number): Published {
    this.publishedAverage?.onDropped?.();
    this.publishedAverage = this.frame(this.engine.read(this.average), version);
    return this.publishedAverage;
  }

  private frame(values: Float32Array, version: number): Published {
    const blocks = blocksOf(values.length).map((header) => ({ header, bytes: bytesOf(values, header) }));
    return { term: this.line.term, version, values, blocks, holders: new Set() };
  }

  private newest(net: Net): Published {
    return this.nets[net].published.at(-1)!;
  }

  /** sha256 of each net's weights, little-endian float32, without state slots. */
  weightHashes(): Record<Net, string> {
    const hash = (net: Net) => {
      const { version, values } = this.newest(net);
      return vectorHash(values.subarray(0, this.layout.manifest(net, version).size));
    };
    return { discriminator: hash('discriminator'), generator: hash('generator') };
  }

  /** Copies of everything that the next step depends on. */
  export(): NamedVectors {
    const vectors: NamedVectors = {};
    for (const [name, vector] of this.named()) vectors[name] = this.engine.read(vector);
    return vectors;
  }

  /**
   * Takes a checkpoint's vectors over.
   * @throws Error naming the vector that is missing or has another length
   */
  import(vectors: Readonly<NamedVectors>, versions: Readonly<Record<Net, number>>): void {
    for (const [name, vector] of this.named()) {
      const values = vectors[name];
      if (values?.length !== vector.length) {
        throw new Error(
          `vector '${name}' has ${values?.length ?? 'no'} floats where this run's nets have ${vector.length}`,
        );
      }
      this.engine.write(vector, 0, values);
    }
    for (const net of NETS) this.publish(net, versions[net]);
  }

  private named(): [name: string, vector: Vector][] {
    const ofNet = (net: Net): [string, Vector][] => {
      const { optimizer, parameters, optimizerState } = this.nets[net];
      return [
        [`${net}.parameters`, parameters],
        ...optimizer.state.map((slot, i): [string, Vector] => [
          `${net}.${optimizer.name}.${slot}`,
          optimizerState[i]!,
        ]),
      ];
    };
    return [...NETS.flatMap(ofNet), ['generator.average', this.average]];
  }
}
