// Layers made of layers: one after another under a common name, and a sum of two ways.
import * as tf from '@tensorflow/tfjs-core';
import { currentLayer, layer as inLayer } from '../compiler/layer-scope.js';
import { assert, NashError } from '../errors.js';
import type { Shape } from '../numerics/shape.js';
import { type Layer, type LayerContext, type ParameterSpec, requireShape } from './layers.js';

const within = <S extends ParameterSpec>(layer: Layer, spec: S): S => ({
  ...spec,
  name: `${layer.name}/${spec.name}`,
});

/** What a layer sees: its own parameters and slots, by their own names. */
export const contextOf = (layer: Layer, context: LayerContext): LayerContext => ({
  ...context,
  parameter: (name) => context.parameter(`${layer.name}/${name}`),
  slot: (name) => context.slot(`${layer.name}/${name}`),
  writeSlot: (name, value) => context.writeSlot(`${layer.name}/${name}`, value),
});

/** What some list of layers asks for, each by its own names below the layer's. */
const gathered = <S extends ParameterSpec>(
  layers: readonly Layer[],
  input: Shape,
  ask: (layer: Layer, input: Shape) => readonly S[],
): S[] => {
  let shape = input;
  requireOwnNames(layers);
  return layers.flatMap((layer) => {
    const specs = ask(layer, shape).map((spec) => within(layer, spec));
    shape = layer.outputShape(shape);
    requireShape(shape, `what layer '${layer.name}' makes`);
    return specs;
  });
};

function requireOwnNames(layers: readonly Layer[]): void {
  const names = layers.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new NashError(
      'usage',
      `two layers are called '${twice}'; give each a name of its own in its network`,
    );
}

/** @throws NashError('usage') where a layer makes other than it said */
function applied(layer: Layer, x: tf.Tensor, context: LayerContext): tf.Tensor {
  const y = layer.apply(x, contextOf(layer, context));
  const [batch, ...shape] = x.shape;
  const said = [batch, ...layer.outputShape(shape)].join(', ');
  if (Array.isArray(y?.shape) && y.shape.join(', ') === said) return y;
  const found = Array.isArray(y?.shape)
    ? `a tensor of shape [${y.shape.join(', ')}]`
    : `${y}, which is no tensor`;
  throw new NashError(
    'usage',
    `layer '${currentLayer()}' made ${found} of one of [${x.shape.join(', ')}], and its outputShape says [${said}]`,
  );
}

/** Layers that follow one another, as one. A parameter is called `<layer>/<parameter>`. */
export const chain = (name: string, layers: readonly Layer[]): Layer => ({
  name,
  outputShape: (input) => layers.reduce((shape, layer) => layer.outputShape(shape), input),
  parameters: (input) => gathered(layers, input, (layer, shape) => layer.parameters(shape)),
  slots: (input) => gathered(layers, input, (layer, shape) => layer.slots(shape)),
  apply: (x, context) =>
    layers.reduce((h, layer) => inLayer(layer.name, () => applied(layer, h, context)), x),
});

/**
 * A residual block (He et al. 2016): the sum of two ways from the same input, times a factor.
 * @param shortcut none: the input as it is
 */
export function residual(
  name: string,
  {
    main,
    shortcut = [],
    factor = 1,
  }: { main: readonly Layer[]; shortcut?: readonly Layer[]; factor?: number },
): Layer {
  const ways = [chain('main', main), chain('shortcut', shortcut)] as const;
  const both = <S extends ParameterSpec>(ask: (layer: Layer) => readonly S[]): S[] =>
    ways.flatMap((way) => ask(way).map((spec) => within(way, spec)));
  return {
    name,
    outputShape: (input) => {
      const [a, b] = ways.map((way) => way.outputShape(input));
      assert(`${a}` === `${b}`, () => `the two ways of block '${name}' end in [${a}] and [${b}]`);
      return a!;
    },
    parameters: (input) => both((way) => way.parameters(input)),
    slots: (input) => both((way) => way.slots(input)),
    apply: (x, context) => {
      const [a, b] = ways.map((way) => inLayer(way.name, () => way.apply(x, contextOf(way, context))));
      const sum = tf.addN([a!, b!]); // TensorFlow's optimizer trips over an Add here: it means to fuse it twice
      return factor === 1 ? sum : tf.mul(sum, factor);
    },
  };
}
