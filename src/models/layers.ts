// Layers as values: a layer knows the shape it makes, the parameters it needs, and how to apply them.
// Shapes are those of one item; the batch axis comes in front. Nothing here knows which net or step it serves. One file, since whoever
// writes a network reads them all.

import * as tf from '@tensorflow/tfjs-core';
import { assert, NashError } from '../errors.js';
import { addBias, leakyRelu, maxout, relu, sigmoid, tanh } from '../kernels/activations.js';
import { batchNormInference, batchNormTraining } from '../kernels/batch-norm.js';
import { dropout as dropoutKernel, type SeedSource } from '../kernels/random.js';
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Initializer, ParameterSpec, SlotSpec } from '../parameters/manifest.js';

export type { ParameterSpec, SlotSpec };

/** What a layer is given when it is applied. */
export interface LayerContext {
  parameter(name: string): tf.Tensor;
  slot(name: string): tf.Tensor;
  /** Proposes a new value for a state slot; heeded only in steps that train this net. */
  writeSlot(name: string, value: tf.Tensor): void;
  isTraining: boolean;
  /** samples of the batch that may depend on each other, one group after another; divides the batch */
  group: number;
  seeds: SeedSource;
  /** psi of the truncation trick, where a network has it; 1 or absent: styles as they are */
  truncation?: number | undefined;
  /** the classes of the batch, one-hot float32 `[batch, classes]`; absent where the network is told none */
  labels?: tf.Tensor | undefined;
  /** the pictures that items of the batch are made from, `[batch, height, width, channels]`; absent where the network is told none */
  condition?: tf.Tensor | undefined;
}

export interface Layer {
  name: string;
  outputShape(input: Shape): Shape;
  parameters(input: Shape): readonly ParameterSpec[];
  slots(input: Shape): readonly SlotSpec[];
  /** @param x `[batch, ...input shape]`; the result is `[batch, ...output shape]` */
  apply(x: tf.Tensor, context: LayerContext): tf.Tensor;
}

/** @throws NashError('usage') for a shape that no tensor can have */
export function requireShape(shape: Shape, what: string): void {
  if (Array.isArray(shape) && shape.every((d) => Number.isInteger(d) && d > 0)) return;
  const found = Array.isArray(shape)
    ? `the shape [${shape.map(String).join(', ')}]`
    : `no shape but ${String(shape)}`;
  throw new NashError(
    'usage',
    `${what} has ${found}; expected a list of whole numbers above 0; an option that the config does not say is undefined`,
  );
}

/** What a layer of one's own has to say: its name and what it does; no parameters, no slots and the shape of its input where it does not say. */
export type LayerParts = Pick<Layer, 'name' | 'apply'> & Partial<Layer>;

/** A layer of one's own. */
export const layer = (parts: LayerParts): Layer => ({
  outputShape: (input) => input,
  parameters: () => [],
  slots: () => [],
  ...parts,
});

const batchOf = (x: tf.Tensor): number => x.shape[0]!;

/** A layer without parameters that keeps or changes the shape. */
export const plain = (name: string, apply: Layer['apply'], outputShape?: Layer['outputShape']): Layer =>
  layer({ name, apply, ...(outputShape && { outputShape }) });

export interface WeightOptions {
  /** default: `glorotUniform` of the layer's fans, as Keras has it */
  initializer?: Initializer;
  /** default: yes; none where batch norm follows: its offset does the same */
  bias?: boolean;
  /** initial; default: 0 */
  biasValue?: number;
}

/** Uniform with variance gain^2 2/(fan-in + fan-out) (Glorot and Bengio 2010, equation 16). */
export const glorotUniform = (fanIn: number, fanOut: number, gain = 1): Initializer => ({
  kind: 'uniform',
  range: gain * Math.sqrt(6 / (fanIn + fanOut)),
});

const biasSpecs = (size: number, { bias = true, biasValue = 0 }: WeightOptions): ParameterSpec[] =>
  bias ? [{ name: 'bias', shape: [size], initializer: { kind: 'constant', value: biasValue } }] : [];

const biased = (x: tf.Tensor, context: LayerContext, { bias = true }: WeightOptions): tf.Tensor =>
  bias ? addBias(x, context.parameter('bias')) : x;

/** Fully connected: `[features]`, or what is of any shape looked at as that → `[units]`. */
export function dense(name: string, units: number, options: WeightOptions = {}): Layer {
  return {
    name,
    outputShape: () => [units],
    parameters: (input) => [
      {
        name: 'kernel',
        shape: [sizeOf(input), units],
        initializer: options.initializer ?? glorotUniform(sizeOf(input), units),
      },
      ...biasSpecs(units, options),
    ],
    slots: () => [],
    apply: (x, context) => {
      const flat = x.shape.length === 2 ? x : tf.reshape(x, [batchOf(x), sizeOf(x.shape.slice(1))]);
      return biased(
        tf.matMul(flat as tf.Tensor2D, context.parameter('kernel') as tf.Tensor2D),
        context,
        options,
      );
    },
  };
}

export interface ConvolutionOptions extends WeightOptions {
  /** side of the square kernel; default: 3, of a transposed convolution 4 */
  kernel?: number;
  /** default: 1, of a transposed convolution 2 */
  stride?: number;
}

/** @throws NashError('usage') where a layer over pictures is given something else */
function requireImage(input: Shape, name: string): void {
  if (input.length === 3) return;
  throw new NashError(
    'usage',
    `layer '${name}' takes pictures [height, width, channels], and is given [${input.join(', ')}]; reshape('…', [height, width, channels]) ` +
      'before it makes such of it',
  );
}

const kernelSpec = (
  [height, width, inner, outer]: readonly [number, number, number, number],
  [from, to]: readonly [number, number],
  { initializer }: WeightOptions,
): ParameterSpec => ({
  name: 'kernel',
  shape: [height, width, inner, outer],
  initializer: initializer ?? glorotUniform(height * width * from, height * width * to),
});

/** Strided convolution, padding 'same': `[h, w, c]` → `[h/stride, w/stride, channels]`. */
export function convolution(name: string, channels: number, options: ConvolutionOptions = {}): Layer {
  const { kernel = 3, stride = 1 } = options;
  return {
    name,
    outputShape: ([h, w]) => [Math.ceil(h! / stride), Math.ceil(w! / stride), channels],
    parameters(input) {
      requireImage(input, name);
      const c = input[2]!;
      return [
        kernelSpec([kernel, kernel, c, channels], [c, channels], options),
        ...biasSpecs(channels, options),
      ];
    },
    slots: () => [],
    apply: (x, context) =>
      biased(
        tf.conv2d(x as tf.Tensor4D, context.parameter('kernel') as tf.Tensor4D, stride, 'same'),
        context,
        options,
      ),
  };
}

/** Fractionally-strided convolution, padding 'same': `[h, w, c]` → `[h*stride, w*stride, channels]`. */
export function transposedConvolution(
  name: string,
  channels: number,
  options: ConvolutionOptions = {},
): Layer {
  const { kernel = 4, stride = 2 } = options;
  return {
    name,
    outputShape: ([h, w]) => [h! * stride, w! * stride, channels],
    parameters(input) {
      requireImage(input, name);
      const c = input[2]!;
      return [
        { ...kernelSpec([kernel, kernel, channels, c], [c, channels], options), outputAxis: 2 },
        ...biasSpecs(channels, options),
      ];
    },
    slots: () => [],
    apply: (x, context) => {
      const [batch, h, w] = x.shape as [number, number, number, number];
      const output: [number, number, number, number] = [batch, h * stride, w * stride, channels];
      const filter = context.parameter('kernel') as tf.Tensor4D;
      return biased(tf.conv2dTranspose(x as tf.Tensor4D, filter, output, stride, 'same'), context, options);
    },
  };
}

/** Share of the old running statistics that a step keeps: PyTorch's `momentum=0.1`, written from the other side. */
const RUNNING_MOMENTUM = 0.9;

const constant = (value: number): Initializer => ({ kind: 'constant', value });
const channelsOf = (input: Shape) => input.at(-1)!;

/** Mean and variance over all axes but the last, averaged over shards. */
function runningStatistics(input: Shape): SlotSpec[] {
  const slot = (name: string, value: number): SlotSpec => ({
    name,
    shape: [channelsOf(input)],
    initializer: constant(value),
    merge: 'mean',
    momentum: RUNNING_MOMENTUM,
  });
  return [slot('mean', 0), slot('variance', 1)];
}

/** Batch normalization over all axes but the last; running statistics are state slots. */
export const batchNorm = (name: string, scale: Initializer = constant(1)): Layer => ({
  name,
  outputShape: (input) => input,
  parameters: (input) => [
    { name: 'scale', shape: [channelsOf(input)], initializer: scale },
    { name: 'offset', shape: [channelsOf(input)], initializer: constant(0) },
  ],
  slots: runningStatistics,
  apply: (x, context) => {
    const [scale, offset] = [context.parameter('scale'), context.parameter('offset')];
    return onImages(x, (images) => normalized(images, { scale, offset }, context));
  },
});

/**
 * Batch normalization whose scale and offset are the item's class's own (Dumoulin et al. 2017, equation 5; Miyato and Koyama 2018): tables
 * `[classes, channels]`. The statistics are those of all classes together.
 */
export const conditionalBatchNorm = (
  name: string,
  classes: number,
  scale: Initializer = constant(1),
): Layer => ({
  name,
  outputShape: (input) => input,
  parameters: (input) => [
    { name: 'scale', shape: [classes, channelsOf(input)], initializer: scale },
    { name: 'offset', shape: [classes, channelsOf(input)], initializer: constant(0) },
  ],
  slots: runningStatistics,
  apply: (x, context) => {
    const channels = channelsOf(x.shape);
    const labels = labelsFor(name, classes, context) as tf.Tensor2D;
    const ofClass = (table: string) =>
      tf.reshape(tf.matMul(labels, context.parameter(table) as tf.Tensor2D), [batchOf(x), 1, 1, channels]);
    const plain = { scale: tf.ones([channels]), offset: tf.zeros([channels]) };
    return onImages(x, (images) =>
      tf.add(tf.mul(normalized(images, plain, context), ofClass('scale')), ofClass('offset')),
    );
  },
});

/** The labels that a layer for so many classes is given. */
export function labelsFor(name: string, classes: number, { labels }: LayerContext): tf.Tensor {
  assert(
    labels?.shape[1] === classes,
    () => `layer '${name}' needs labels of ${classes} classes and is given [${labels?.shape ?? 'none'}]`,
  );
  return labels;
}

function normalized(
  x: tf.Tensor,
  { scale, offset }: Record<'scale' | 'offset', tf.Tensor>,
  context: LayerContext,
): tf.Tensor {
  if (!context.isTraining) {
    return batchNormInference(x, {
      scale,
      offset,
      mean: context.slot('mean'),
      variance: context.slot('variance'),
    });
  }
  const groups = groupsOf(x, context.group).map((group) => batchNormTraining(group, scale, offset));
  context.writeSlot('mean', meanOf(groups.map(({ mean }) => mean)));
  context.writeSlot('variance', meanOf(groups.map(({ variance }) => variance)));
  const outputs = groups.map(({ output }) => output);
  return outputs.length === 1 ? outputs[0]! : tf.concat(outputs);
}

/** `[batch, ...]` → `batch / group` times `[group, ...]` */
const groupsOf = (x: tf.Tensor, group: number): tf.Tensor[] =>
  batchOf(x) === group ? [x] : tf.split(x, batchOf(x) / group);

const meanOf = (values: tf.Tensor[]): tf.Tensor =>
  values.length === 1 ? values[0]! : tf.mul(tf.addN(values), 1 / values.length);

/** The fused kernel wants four axes: `[batch, features]` is looked at as `[batch, 1, 1, features]`. */
function onImages(x: tf.Tensor, body: (images: tf.Tensor) => tf.Tensor): tf.Tensor {
  if (x.shape.length === 4) return body(x);
  const [batch, features] = x.shape as [number, number];
  return tf.reshape(body(tf.reshape(x, [batch, 1, 1, features])), [batch, features]);
}

export const activation = {
  relu: (name: string) => plain(name, (x) => relu(x)),
  /** DCGAN's slope is 0.2 (Radford et al. 2016, section 3) */
  leakyRelu: (name: string, slope = 0.2) => plain(name, (x) => leakyRelu(x, slope)),
  tanh: (name: string) => plain(name, (x) => tanh(x)),
  /** Logistic sigmoid stretched to the data's range [-1, 1]: 2*sigmoid(x) - 1 = tanh(x/2). */
  sigmoid: (name: string) => plain(name, (x) => tanh(tf.mul(x, 0.5))),
  linear: (name: string) => plain(name, (x) => x),
};

/** Between 0 and 1, as hidden units are; that of an output is `activation.sigmoid`, stretched to the data's range. */
export const hiddenSigmoid = (name: string): Layer => plain(name, (x) => sigmoid(x));

/** Times a number; no layer where it is 1. */
export const scaled = (name: string, factor: number): Layer[] =>
  factor === 1 ? [] : [plain(name, (x) => tf.mul(x, factor))];

/** Maxout units on top of a dense layer of `units * pieces`. */
export const maxoutUnits = (name: string, pieces: number): Layer =>
  plain(
    name,
    (x) => maxout(x, pieces),
    ([width]) => [width! / pieces],
  );

/** Dropout while training; inverted, so inference is the identity. */
export const dropout = (name: string, keep: number): Layer =>
  plain(name, (x, { isTraining, seeds }) => (isTraining && keep < 1 ? dropoutKernel(x, keep, seeds) : x));

export const reshape = (name: string, shape: Shape): Layer =>
  plain(
    name,
    (x) => tf.reshape(x, [batchOf(x), ...shape]),
    (input) => {
      if (sizeOf(input) === sizeOf(shape)) return shape;
      throw new NashError(
        'usage',
        `layer '${name}' cannot make [${shape.join(', ')}] of [${input.join(', ')}]: these are ${sizeOf(input)} numbers, those ${sizeOf(shape)}`,
      );
    },
  );

/** The layers of a stack of hidden widths; `make` is told each layer's number (from 1), fan-in and units. */
export function stack(
  input: number,
  hidden: readonly number[],
  make: (index: number, fanIn: number, units: number) => Layer[],
): Layer[] {
  return hidden.flatMap((units, i) => make(i + 1, i === 0 ? input : hidden[i - 1]!, units));
}
