// The versions that a worker holds, as tensors ready for the graph: immutable, fetched when missing, dropped when old.
import * as tf from '@tensorflow/tfjs-core';
import { noteGarbage } from '../numerics/young-garbage.js';
import type { Layout } from '../parameters/layout.js';
import type { VectorName } from '../protocol/messages.js';
import type { Region, SharedMemory } from '../transport/shared-memory.js';
import { BlockAssembly, type BlockHeader, isWhole } from '../wire/blocks.js';
import { MalformedMessage } from '../wire/codec.js';

/** Versions kept of each vector; a step reads one of each net, and the next may be here already. */
const VERSIONS_MAX = 4;

/** What has become of a version: whole here, still missing blocks, or used for another version while it was read. */
export type Arrival = 'whole' | 'partial' | 'torn';

interface Held {
  tensor: tf.Tensor1D;
  /** what the tensor was made of, to be used again: reading into fresh memory takes six times as long (measured: page faults) */
  buffer?: Float32Array;
}

export class WeightsCache {
  private readonly held = new Map<VectorName, Map<number, Held>>();
  private readonly buffers = new Map<VectorName, Float32Array[]>();
  private readonly assemblies = new Map<string, BlockAssembly>();

  /**
   * @param memory where a server of this host puts weights
   */
  constructor(
    private readonly layout: Layout,
    private readonly memory?: SharedMemory,
  ) {}

  /** Takes one block, or a version that lies in shared memory. */
  add(
    vector: VectorName,
    version: number,
    header: BlockHeader & { region?: Region | undefined },
    payload: readonly Uint8Array[],
  ): Arrival {
    if (header.region) return this.readShared(vector, version, header, header.region);
    const key = `${vector}@${version}`;
    const assembly = this.assemblies.get(key) ?? new BlockAssembly(this.lengthOf(vector, version));
    this.assemblies.set(key, assembly);
    const whole = assembly.add(header, payload);
    if (!whole) return 'partial';
    this.assemblies.delete(key);
    this.keep(vector, version, { tensor: tf.tensor1d(whole) });
    noteGarbage(whole.byteLength); // it goes once it is in the tensor
    return 'whole';
  }

  /** The version as a tensor that belongs to the cache. */
  get(vector: VectorName, version: number): tf.Tensor1D | undefined {
    return this.held.get(vector)?.get(version)?.tensor;
  }

  /** Floats of a version; the average is as long as the generator that it follows. */
  private lengthOf(vector: VectorName, version: number): number {
    return this.layout.length(vector === 'average' ? 'generator' : vector, version);
  }

  private readShared(vector: VectorName, version: number, header: BlockHeader, region: Region): Arrival {
    const length = this.lengthOf(vector, version);
    if (!this.memory || !isWhole(header, length))
      throw new MalformedMessage(`${header.length} floats of ${vector} in shared memory; expected ${length}`);
    const buffer = this.buffers.get(vector)?.pop() ?? new Float32Array(length);
    if (!this.memory.read(region, new Uint8Array(buffer.buffer))) {
      this.giveBack(vector, buffer);
      return 'torn';
    }
    this.keep(vector, version, { tensor: tf.tensor1d(buffer), buffer });
    return 'whole';
  }

  private keep(vector: VectorName, version: number, held: Held): void {
    const versions = this.held.get(vector) ?? new Map<number, Held>();
    this.held.set(vector, versions);
    const oldest = [...versions.keys()].sort((a, b) => a - b).slice(0, 1 - VERSIONS_MAX);
    for (const old of [version, ...(versions.size >= VERSIONS_MAX ? oldest : [])])
      this.drop(vector, versions, old);
    versions.set(version, held);
  }

  private drop(vector: VectorName, versions: Map<number, Held>, version: number): void {
    const held = versions.get(version);
    if (!held) return;
    versions.delete(version);
    held.tensor.dispose();
    if (held.buffer) this.giveBack(vector, held.buffer);
  }

  private giveBack(vector: VectorName, buffer: Float32Array): void {
    const buffers = this.buffers.get(vector);
    if (buffers) buffers.push(buffer);
    else this.buffers.set(vector, [buffer]);
  }

  /** Forgets everything: the versions of another line have the same numbers. */
  clear(): void {
    for (const [vector, versions] of this.held)
      for (const version of [...versions.keys()]) this.drop(vector, versions, version);
    this.assemblies.clear();
  }

  dispose(): void {
    this.clear();
  }
}
