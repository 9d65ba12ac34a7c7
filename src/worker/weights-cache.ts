// The versions that a worker holds, as tensors ready for the graph: immutable, fetched when missing, dropped when old.
import * as tf from '@tensorflow/tfjs-core';
import type { VectorName } from '../protocol/messages.js';
import { BlockAssembly, type BlockHeader } from '../wire/blocks.js';

/** Versions kept of each vector; a step reads one of each net, and the next may be here already. */
const VERSIONS_MAX = 4;

export class WeightsCache {
  private readonly tensors = new Map<VectorName, Map<number, tf.Tensor1D>>();
  private readonly assemblies = new Map<string, BlockAssembly>();

  /** @param lengths floats of each vector */
  constructor(private readonly lengths: Readonly<Record<VectorName, number>>) {}

  /** Takes one block. @returns whether the version is whole now */
  add(vector: VectorName, version: number, header: BlockHeader, payload: readonly Uint8Array[]): boolean {
    const key = `${vector}@${version}`;
    const assembly = this.assemblies.get(key) ?? new BlockAssembly(this.lengths[vector]);
    this.assemblies.set(key, assembly);
    const whole = assembly.add(header, payload);
    if (!whole) return false;
    this.assemblies.delete(key);
    this.keep(vector, version, whole);
    return true;
  }

  /** The version as a tensor that belongs to the cache. */
  get(vector: VectorName, version: number): tf.Tensor1D | undefined {
    return this.tensors.get(vector)?.get(version);
  }

  private keep(vector: VectorName, version: number, values: Float32Array): void {
    const versions = this.tensors.get(vector) ?? new Map<number, tf.Tensor1D>();
    this.tensors.set(vector, versions);
    versions.get(version)?.dispose();
    versions.set(version, tf.tensor1d(values));
    const oldest = [...versions.keys()].sort((a, b) => a - b).slice(0, -VERSIONS_MAX);
    for (const old of oldest) {
      versions.get(old)!.dispose();
      versions.delete(old);
    }
  }

  dispose(): void {
    for (const versions of this.tensors.values()) tf.dispose([...versions.values()]);
    this.tensors.clear();
  }
}
