// A network: what it is given, the manifest of its flat vector, and how it is applied. What lies between is its body's business: layers
// that follow one another, or anything else that names its parameters.
import * as tf from '@tensorflow/tfjs-core';
import { layer as inLayer } from '../compiler/layer-scope.js';
import { NashError } from '../errors.js';
import type { SeedSource } from '../kernels/random.js';
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Manifest, ManifestEntry, Net } from '../parameters/manifest.js';
import { type Layer, type LayerContext, type ParameterSpec, requireShape, type SlotSpec } from './layers.js';
import { sequential } from './sequential.js';

/** Shapes of one item of each input, by name: `latents`, `items`, `labels` (one-hot, `[classes]`), `condition` (a picture), … */
export type InputShapes = Readonly<Record<string, Shape>>;

/** A network's tensors by name. */
export type NamedTensors = ReadonlyMap<string, tf.Tensor>;

/** The inside of a network. */
export interface Body {
  /** What it makes of inputs of these shapes and what it needs for it; names are unique within the network. */
  plan(inputs: InputShapes): {
    outputShape: Shape;
    parameters: readonly ParameterSpec[];
    slots: readonly SlotSpec[];
  };
  /** Where inputs are mapped to codes first, of which the output is made (StyleGAN's styles): `[batch, ...]` */
  codes?(inputs: Readonly<Record<string, tf.Tensor>>, context: LayerContext): tf.Tensor;
  /**
   * @param inputs `[batch, ...shape]` each, and `codes` where the body has them
   * @returns `[batch, ...outputShape]`
   */
  apply(inputs: Readonly<Record<string, tf.Tensor>>, context: LayerContext): tf.Tensor;
}

export interface Application {
  parameters: NamedTensors;
  slots: NamedTensors;
  isTraining: boolean;
  /** samples that batch norm and its like may couple while training; default: all that are given */
  group?: number | undefined;
  seeds: SeedSource;
  /** psi of the truncation trick, where a network has it */
  truncation?: number | undefined;
}

export interface Network {
  net: Net;
  inputs: InputShapes;
  outputShape: Shape;
  manifest: Manifest;
  /**
   * @param inputs `[batch, ...shape]` each
   * @returns the output `[batch, ...outputShape]` and the values proposed for its state slots, by name
   */
  apply(
    inputs: Readonly<Record<string, tf.Tensor>>,
    application: Application,
  ): { output: tf.Tensor; slots: NamedTensors };
  /**
   * What the output is made of, where inputs are mapped first: `codes`, to be given beside the inputs to `apply`, which maps them itself
   * where it is not. Absent: the network has no such mapping.
   */
  codes?(
    inputs: Readonly<Record<string, tf.Tensor>>,
    application: Application,
  ): { codes: tf.Tensor; slots: NamedTensors };
}

/** What a network of one input calls it. */
const SOLE_INPUT: Record<Net, string> = { generator: 'latents', discriminator: 'items' };

/**
 * Makes a network of a body, its parameters laid one after another.
 * @param inputs shapes by name, or the shape of one item where there is a single input: `latents` of G, `items` of D
 * @param body layers, which follow one another, or a body of one's own
 */
export function network(net: Net, inputs: Shape | InputShapes, body: readonly Layer[] | Body): Network {
  const shapes = isShape(inputs) ? { [SOLE_INPUT[net]]: inputs } : inputs;
  const inside = isLayers(body) ? sequential(body) : body;
  for (const [name, shape] of Object.entries(shapes)) requireShape(shape, `input '${name}' of the ${net}`);
  const { outputShape, parameters, slots } = inside.plan(shapes);
  for (const { name, shape } of [...parameters, ...slots]) requireShape(shape, `'${name}' of the ${net}`);
  requireUnique(net, [...parameters, ...slots]);
  const network: Network = {
    net,
    inputs: shapes,
    outputShape,
    manifest: {
      entries: laid(parameters),
      size: totalOf(parameters),
      slots: laid(slots),
      slotSize: totalOf(slots),
    },
    apply(tensors, application) {
      const written = new Map<string, tf.Tensor>();
      const context = contextOf(tensors, application, written);
      const output = inLayer(net, () => {
        if (!inside.codes || tensors.codes) return inside.apply(tensors, context);
        return inside.apply({ ...tensors, codes: inside.codes(tensors, context) }, context);
      });
      return { output, slots: written };
    },
    ...(inside.codes && {
      codes(tensors, application) {
        const written = new Map<string, tf.Tensor>();
        const codes = inLayer(net, () => inside.codes!(tensors, contextOf(tensors, application, written)));
        return { codes, slots: written };
      },
    }),
  };
  makings.set(network, new Error('made').stack);
  return network;
}

/** Of networks that were made, the stack of that moment: what is wrong with one of somebody's own is said of a line. */
const makings = new WeakMap<Network, string | undefined>();
export const whereMade = (network: Network): string | undefined => makings.get(network);

function requireUnique(net: Net, specs: readonly ParameterSpec[]): void {
  const seen = new Set<string>();
  for (const { name } of specs) {
    if (seen.has(name))
      throw new NashError(
        'usage',
        `two tensors of the ${net} are called '${name}'; give each layer a name of its own, and each of its tensors another`,
      );
    seen.add(name);
  }
}

/** The same network with more state beside its own, after it; what it is applied with does not write them. */
export function withSlots(given: Network, slots: readonly SlotSpec[]): Network {
  if (slots.length === 0) return given;
  const all = laid<SlotSpec>([...given.manifest.slots, ...slots]);
  return { ...given, manifest: { ...given.manifest, slots: all, slotSize: totalOf(all) } };
}

const isShape = (inputs: Shape | InputShapes): inputs is Shape => Array.isArray(inputs);
const isLayers = (body: readonly Layer[] | Body): body is readonly Layer[] => Array.isArray(body);

const totalOf = (specs: readonly ParameterSpec[]): number =>
  specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** One after another, in order. */
function laid<S extends ParameterSpec>(specs: readonly S[]): (S & { offset: number; size: number })[] {
  let end = 0;
  return specs.map((spec) => {
    const offset = end;
    const size = sizeOf(spec.shape);
    end += size;
    return { ...spec, offset, size };
  });
}

function contextOf(
  inputs: Readonly<Record<string, tf.Tensor>>,
  application: Application,
  written: Map<string, tf.Tensor>,
): LayerContext {
  const { parameters, slots, isTraining, seeds, truncation } = application;
  const { group = Object.values(inputs)[0]!.shape[0]! } = application;
  return {
    parameter: (name) => named(name, parameters, 'parameter'),
    slot: (name) => named(name, slots, 'slot'),
    writeSlot(name, value) {
      named(name, slots, 'slot');
      written.set(name, value);
    },
    isTraining,
    group,
    seeds,
    truncation,
    labels: inputs.labels,
    condition: inputs.condition,
  };
}

function named(name: string, tensors: NamedTensors, what: string): tf.Tensor {
  const found = tensors.get(name);
  if (found) return found;
  const there = [...tensors.keys()].join(', ');
  throw new NashError('usage', `there is no ${what} '${name}' in the network; there are ${there || 'none'}`);
}

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
