// The weights of both nets, what the optimizers keep, G's average: the vectors that the server owns, and the arithmetic
// on them. Decides nothing; the coordinator says when.
// Longer than other files: what lies where in these vectors is known here alone.
import type { RunConfig } from '../../config/run-config.js';
import type { Measure, Vector, VectorEngine } from '../../numerics/vector-engine.js';
import { noteGarbage } from '../../numerics/young-garbage.js';
import { type Optimizer, optimizerOf } from '../../optimizers/optimizer.js';
import { initialParameters } from '../../parameters/initial.js';
import type { Layout } from '../../parameters/layout.js';
import { NETS, type Net } from '../../parameters/manifest.js';
import { vectorHash } from '../../parameters/vector-hash.js';
import type { Line } from '../../protocol/line.js';
import { type Judged, type Pace, Pacing } from '../../protocol/pace.js';
import { isWhole, readBehind, type ScheduleOptions, type Versions } from '../../protocol/schedule.js';
import type { TreeNode } from '../../protocol/shard-tree.js';
import { type BlockHeader, rangeOf } from '../../wire/blocks.js';
import type { Draft } from '../peers/local-peers.js';
import {
  type FlatVectors,
  type NamedVector,
  type NetState,
  namedVectors,
  requireFitting,
} from './net-state.js';
import { type Published, PublishedVersions, place } from './published-versions.js';
import { ShardSums } from './shard-sums.js';
import { VersionMaker } from './version-maker.js';

/** Both nets as they were at the end of a round. */
interface WholeRound {
  versions: Versions;
  nets: Record<Net, NetState>;
  pace: Pace | undefined;
  /** the D before that steps of the next round read; its memory is that of the published version */
  behind?: Vector | undefined;
}

/** What that D is called in a checkpoint. */
const BEHIND = 'discriminator.behind';

/**
 * Outcome of applying a step; `cause`: what is not finite or beyond its bound: the gradient, a new weight, or the loss, for which the
 * caller looks. Nothing has changed then.
 */
export type Applied =
  /** `schedule`: a round has ended, after which steps go by this one */
  | { kind: 'applied'; gradientNorm: number; schedule?: ScheduleOptions }
  | { kind: 'not-finite'; cause: 'loss' | 'gradient' | 'update' };

/** Larger gradients no training has; the square of this one, which Adam keeps, is still far from infinite in float32. */
const NORM_MAX = 2 ** 60;

export class ParameterStore {
  readonly versions: PublishedVersions;
  private readonly optimizers: Record<Net, Optimizer>;
  private readonly maker: VersionMaker;
  private readonly sums: Record<Net, ShardSums>;
  /** the newest versions */
  private nets: Record<Net, NetState>;
  /** the newest that a round ended with: what is saved, whenever that is */
  private whole!: WholeRound;
  /** as the evaluator is sent it: one memory for all versions, so that whoever reads none of them fills no memory */
  private readonly published: Float32Array;
  private readonly pacing: Pacing;

  constructor(
    private readonly config: RunConfig,
    private readonly layout: Layout,
    private readonly engine: VectorEngine,
    line: Readonly<Line> = { term: 1, branch: 0 },
    /** each net's version 0, `[size + slotSize]`, where it is not drawn from the seed */
    private readonly first: (net: Net) => Float32Array | undefined = () => undefined,
  ) {
    this.versions = new PublishedVersions(engine, line);
    this.pacing = new Pacing(config.schedule);
    const ofEach = <T>(make: (net: Net) => T): Record<Net, T> => ({
      discriminator: make('discriminator'),
      generator: make('generator'),
    });
    this.optimizers = ofEach((net) => optimizerOf(config.optimizer[net]));
    this.maker = new VersionMaker(engine, config, layout, this.optimizers);
    this.sums = ofEach(() => new ShardSums(engine, config.minibatch.shards));
    this.nets = ofEach((net) => this.allocate(net, 0, 'zeros'));
    this.published = new Float32Array(layout.length('generator', 0));
  }

  private allocate(net: Net, version: number, contents: 'zeros' | 'anything'): NetState {
    const { engine, layout } = this;
    const { size } = layout.manifest(net, version);
    const whole = () => engine.allocate(layout.length(net, version), contents);
    return {
      parameters: whole(),
      optimizerState: this.optimizers[net].state.map(() => engine.allocate(size, contents)),
      ...(this.config.optimizer[net].lookahead ? { slow: engine.allocate(size, contents) } : {}),
      ...(this.config.schedule.extragradient ? { base: engine.allocate(size, contents) } : {}),
      ...(net === 'generator' ? { average: whole() } : {}),
    };
  }

  /** Gives back what belongs to a version, but for the parameters, which are the published version's, where no round's end is made of it. */
  private retire(net: Net, state: NetState): void {
    const owned = ({ optimizerState, slow, base, average }: NetState) =>
      [...optimizerState, slow, base, average].filter((vector) => vector !== undefined);
    const kept = owned(this.whole.nets[net]);
    for (const vector of owned(state)) if (!kept.includes(vector)) this.engine.release(vector);
  }

  /** Version 0, decided by the seed or taken from elsewhere. */
  initialize(): void {
    for (const net of NETS) {
      const { parameters, slow } = this.nets[net];
      const manifest = this.layout.manifest(net, 0);
      const drawn = () => initialParameters(manifest, { seed: this.config.seed, net });
      const values = this.first(net) ?? drawn();
      this.engine.write(parameters, 0, values);
      if (slow) this.engine.write(slow, 0, values.subarray(0, manifest.size));
      this.versions.publish(net, 0, parameters);
    }
    this.engine.write(this.nets.generator.average!, 0, this.versions.newest('generator').values);
    this.pacing.begin({ discriminator: 0, generator: 0 });
    this.endRound({ discriminator: 0, generator: 0 });
  }

  /** The versions that are there now are those of a whole round. */
  private endRound(versions: Versions): void {
    const before = this.whole as WholeRound | undefined;
    const older = readBehind(this.schedule, versions);
    const behind = older === undefined ? undefined : this.versions.vectorOf('discriminator', older);
    this.whole = { versions, nets: { ...this.nets }, behind, pace: this.pacing.pace };
    for (const net of NETS) {
      this.versions.pin(net, net === 'discriminator' ? older : undefined);
      if (before && before.nets[net] !== this.nets[net]) this.retire(net, before.nets[net]);
    }
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
    return this.sums[net].add(node, payload);
  }

  /**
   * Applies the step whose nodes are all settled: optimizer, state slots, G's average; publishes version `step + 1`. A draft is filled
   * with what is made while the rest is computed. A gradient that is not finite, or beyond the config's `divergence`, is not applied,
   * nor is an update that leads to such weights: nothing changes then, since all that is made goes to new vectors.
   * `judged`: how D judged, where the schedule counts it.
   */
  async apply(
    net: Net,
    step: number,
    { draft, judged }: { draft?: Draft | undefined; judged?: Judged | undefined } = {},
  ): Promise<Applied> {
    const sums = this.sums[net].take();
    const old = this.nets[net];
    const next = this.allocate(net, step + 1, 'anything');
    const made = await this.maker.make({ net, step, old, next, sums, place: draft?.place });
    const { gradientNorm } = made;
    const isSound = made.finite && this.isBounded(gradientNorm);
    const cause = isSound ? undefined : await this.causeIn(sums);
    for (const vector of sums) this.engine.release(vector);
    if (cause) {
      this.engine.release(next.parameters);
      this.retire(net, next);
      draft?.drop();
      return { kind: 'not-finite', cause };
    }
    this.nets[net] = next;
    this.versions.publish(net, step + 1, next.parameters);
    if (draft) place(this.versions.newest(net), draft, made.trouble);
    this.retire(net, old);
    if (judged) this.pacing.note(judged);
    const versions = this.newestVersions();
    if (!isWhole(this.schedule, versions)) return { kind: 'applied', gradientNorm };
    this.pacing.endRound(versions);
    this.endRound(versions);
    return { kind: 'applied', gradientNorm, ...(this.pacing.pace && { schedule: this.schedule }) };
  }

  /** Forgets the settled nodes of a net's open step: they will be computed once more. */
  discard(net: Net): Applied {
    this.sums[net].clear();
    return { kind: 'not-finite', cause: 'loss' };
  }

  private newestVersions(): Versions {
    const newest = (net: Net) => this.versions.newest(net).version;
    return { discriminator: newest('discriminator'), generator: newest('generator') };
  }

  private isBounded(gradientNorm: number): boolean {
    return gradientNorm <= this.config.divergence.gradientNorm;
  }

  /** Why a step came to something that is not finite. @param sums what it was made of, added up as far as it went */
  private async causeIn(sums: readonly Vector[]): Promise<'gradient' | 'update'> {
    const measures = await Promise.all(sums.map((sum) => this.engine.scan(sum)));
    const { shards } = this.config.minibatch;
    const isSound = ({ finite, squaredNorm }: Measure) =>
      finite && this.isBounded(Math.sqrt(squaredNorm) / shards);
    return measures.every(isSound) ? 'update' : 'gradient';
  }

  /** Frames G's average as it is now, in the memory of the one before: the evaluator has answered to that, or is not heard any more. */
  publishAverage(version: number): Published {
    this.published.set(this.engine.view(this.nets.generator.average!));
    return this.versions.publishAverage(version, this.published);
  }

  /** By which steps go after the last whole round. */
  get schedule(): ScheduleOptions {
    return this.pacing.schedule;
  }

  /** How many steps D had come to at the end of the last whole round; undefined where the config says how many. */
  get wholePace(): Pace | undefined {
    return this.whole.pace;
  }

  /** Versions that the last whole round ended with. */
  get wholeVersions(): Versions {
    return this.whole.versions;
  }

  /** sha256 of each net's weights at the end of the last whole round, little-endian float32, without state slots. */
  weightHashes(): Record<Net, string> {
    const { nets, versions } = this.whole;
    const hash = (net: Net) =>
      vectorHash(
        this.engine.view(nets[net].parameters).subarray(0, this.layout.manifest(net, versions[net]).size),
      );
    return { discriminator: hash('discriminator'), generator: hash('generator') };
  }

  /** Copies of everything that the next step depends on, as it is now. */
  export(): FlatVectors {
    return this.copy(this.nets, this.newestVersions());
  }

  /** The same as it was at the end of the last whole round, which nothing writes any more. */
  exportWhole(): FlatVectors {
    const { nets, versions, behind } = this.whole;
    const newest = this.copy(nets, versions);
    if (!behind) return newest;
    const { pieces } = newest.discriminator!;
    return { ...newest, [BEHIND]: { data: this.engine.read(behind), pieces } };
  }

  private named(nets: Record<Net, NetState>, versions: Versions): NamedVector[] {
    const { layout, optimizers } = this;
    return namedVectors(nets, { layout, optimizers, versions });
  }

  private copy(nets: Record<Net, NetState>, versions: Versions): FlatVectors {
    return Object.fromEntries(
      this.named(nets, versions).map(({ name, vector, pieces }) => [
        name,
        { data: this.engine.read(vector), pieces },
      ]),
    );
  }

  /**
   * Takes a checkpoint's vectors over.
   * @throws Error naming what is missing, what is too much and what has another shape; no vector has changed then
   */
  import(vectors: FlatVectors, versions: Versions, pace?: Pace): void {
    const { [BEHIND]: old, ...newest } = vectors;
    this.pacing.begin(versions, pace);
    const older = readBehind(this.schedule, versions);
    const named = this.named(this.nets, versions);
    const discriminator = named.find(({ name }) => name === 'discriminator')!;
    const behind = { ...discriminator, name: BEHIND };
    requireFitting(older === undefined ? newest : vectors, older === undefined ? named : [...named, behind]);
    if (older !== undefined) this.publishBehind(older, old!.data);
    for (const { name, vector } of named) this.engine.write(vector, 0, vectors[name]!.data);
    for (const net of NETS) this.versions.publish(net, versions[net], this.nets[net].parameters);
    this.endRound(versions);
  }

  /** The D of the round before, which steps of the next one read. */
  private publishBehind(version: number, values: Float32Array): void {
    const vector = this.engine.allocate(values.length, 'anything');
    this.engine.write(vector, 0, values);
    this.versions.publish('discriminator', version, vector);
  }

  /**
   * Goes back to a checkpoint's vectors, or to version 0 where there are none. Sums under way are dropped; nothing may be computing.
   * Versions that are still being sent keep their memory until they have left.
   */
  restore(vectors: FlatVectors | undefined, versions: Versions, pace?: Pace): void {
    this.versions.forgetAll();
    for (const net of NETS) {
      this.sums[net].clear();
      const before = this.nets[net];
      this.nets[net] = this.allocate(net, versions[net], 'zeros');
      if (before !== this.whole.nets[net]) this.retire(net, before);
    }
    if (vectors) this.import(vectors, versions, pace);
    else this.initialize();
  }
}
