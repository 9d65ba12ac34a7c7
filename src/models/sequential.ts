// Layers that follow one another, as the body of a network with one input.
import { layer as inLayer } from '../compiler/layer-scope.js';
import { assert } from '../errors.js';
import type { Shape } from '../numerics/shape.js';
import type { Layer, LayerContext, ParameterSpec, SlotSpec } from './layers.js';
import type { Body } from './network.js';

/** @param layers their names are unique; a parameter is called `<layer>/<parameter>` */
export const sequential = (layers: readonly Layer[]): Body => ({
  plan(inputs) {
    const parameters: ParameterSpec[] = [];
    const slots: SlotSpec[] = [];
    let shape: Shape = soleOf(inputs);
    for (const layer of layers) {
      parameters.push(...layer.parameters(shape).map((spec) => within(layer, spec)));
      slots.push(...layer.slots(shape).map((spec) => within(layer, spec)));
      shape = layer.outputShape(shape);
    }
    return { outputShape: shape, parameters, slots };
  },
  apply: (inputs, context) =>
    layers.reduce(
      (h, layer) => inLayer(layer.name, () => layer.apply(h, contextOf(layer, context))),
      soleOf(inputs),
    ),
});

function soleOf<T>(inputs: Readonly<Record<string, T>>): T {
  const all = Object.values(inputs);
  assert(all.length === 1, () => `layers in sequence take one input, not ${Object.keys(inputs).join(', ')}`);
  return all[0]!;
}

const within = <S extends ParameterSpec>(layer: Layer, spec: S): S => ({
  ...spec,
  name: `${layer.name}/${spec.name}`,
});

/** What a layer sees: its own parameters and slots, by their own names. */
const contextOf = (layer: Layer, context: LayerContext): LayerContext => ({
  ...context,
  parameter: (name) => context.parameter(`${layer.name}/${name}`),
  slot: (name) => context.slot(`${layer.name}/${name}`),
  writeSlot: (name, value) => context.writeSlot(`${layer.name}/${name}`, value),
});
