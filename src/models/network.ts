// A network is a named list of layers; from it follow the manifest of its flat vector and its application.

import * as tf from '@tensorflow/tfjs-core';
import { layer as inLayer } from '../compiler/layer-scope.js';
import type { SeedSource } from '../kernels/random.js';
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Manifest, ManifestEntry, Net, SlotEntry } from '../parameters/manifest.js';
import type { Layer, LayerContext, ParameterSpec, SlotSpec } from './layers.js';

export interface Network {
  net: Net;
  inputShape: Shape;
  outputShape: Shape;
  layers: readonly Layer[];
  manifest: Manifest;
}

/** Lays the layers' parameters one after another. */
export function network(net: Net, inputShape: Shape, layers: readonly Layer[]): Network {
  const entries: ManifestEntry[] = [];
  const slots: SlotEntry[] = [];
  let shape = inputShape;
  for (const layer of layers) {
    append<ParameterSpec, ManifestEntry>(entries, layer.name, layer.parameters(shape));
    append<SlotSpec, SlotEntry>(slots, layer.name, layer.slots(shape));
    shape = layer.outputShape(shape);
  }
  const manifest = { entries, size: totalOf(entries), slots, slotSize: totalOf(slots) };
  return { net, inputShape, outputShape: shape, layers, manifest };
}

function append<S extends ParameterSpec | SlotSpec, E extends S & { offset: number; size: number }>(
  entries: E[],
  layer: string,
  specs: readonly S[],
): void {
  for (const spec of specs) {
    const offset = totalOf(entries);
    entries.push({
      ...spec,
      name: `${layer}/${spec.name}`,
      offset,
      size: sizeOf(spec.shape),
    } as unknown as E);
  }
}

const totalOf = (entries: readonly { size: number }[]): number => entries.reduce((sum, e) => sum + e.size, 0);

/** A net's tensors by name. */
export type NamedTensors = ReadonlyMap<string, tf.Tensor>;

/**
 * Cuts a network's flat vector `[weights, slots]` into its tensors.
 * @param vector float32 `[manifest.size + manifest.slotSize]`
 */
export function unpack(
  vector: tf.Tensor,
  { net, manifest }: Pick<Network, 'net' | 'manifest'>,
): { parameters: NamedTensors; slots: NamedTensors } {
  const cut = (entries: readonly ManifestEntry[], start: number) =>
    new Map(
      entries.map(({ name, shape, offset, size }) => [
        name,
        inLayer(`${net}/${name}`, () => tf.reshape(tf.slice(vector, [start + offset], [size]), [...shape])),
      ]),
    );
  return { parameters: cut(manifest.entries, 0), slots: cut(manifest.slots, manifest.size) };
}

export interface Application {
  parameters: NamedTensors;
  slots: NamedTensors;
  isTraining: boolean;
  seeds: SeedSource;
}

/**
 * Applies a network.
 * @param x `[batch, ...inputShape]`
 * @returns the output `[batch, ...outputShape]` and the values proposed for its state slots, by name
 */
export function applyNetwork(
  network: Network,
  x: tf.Tensor,
  application: Application,
): { output: tf.Tensor; slots: Map<string, tf.Tensor> } {
  const written = new Map<string, tf.Tensor>();
  const output = inLayer(network.net, () =>
    network.layers.reduce(
      (h, layer) => inLayer(layer.name, () => layer.apply(h, contextOf(layer, application, written))),
      x,
    ),
  );
  return { output, slots: written };
}

function contextOf(layer: Layer, application: Application, written: Map<string, tf.Tensor>): LayerContext {
  const { isTraining, seeds } = application;
  return {
    parameter: (name) => application.parameters.get(`${layer.name}/${name}`)!,
    slot: (name) => application.slots.get(`${layer.name}/${name}`)!,
    writeSlot: (name, value) => written.set(`${layer.name}/${name}`, value),
    isTraining,
    seeds,
  };
}
