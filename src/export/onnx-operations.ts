// TensorFlow's operations in ONNX's words. Pictures stay [n, height, width, channels] but around convolutions and pools, which ONNX has with
// channels first.
import { ONNX_TYPE } from './onnx-schema.js';
import type { Attributes, Case, Constant, OnnxWriter, Translate } from './onnx-writer.js';
import { transposed } from './torch-tensors.js';

/** The same operation, by ONNX's name. */
const as =
  (op: string, attributes: Attributes = {}): Translate =>
  ({ inputs, give }) =>
    give(op, inputs, attributes);

const reduction =
  (op: string): Translate =>
  ({ writer, inputs, constant, attribute, give }) =>
    give(op, [inputs[0]!, writer.integers([...constant(1).data])], {
      keepdims: Number(attribute<boolean>('keep_dims') ?? false),
    });

const CHANNELS_FIRST = { perm: [0, 3, 1, 2] };
const CHANNELS_LAST = { perm: [0, 2, 3, 1] };

const matrixProduct: Translate = ({ writer, node, inputs, attribute, give }) => {
  const rank = node.outputs[0]!.shape.length;
  const perm = Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  const turned = (input: string, isTurned: boolean | undefined) =>
    isTurned ? writer.add('Transpose', [input], { perm }) : input;
  const [a, b] = inputs as [string, string];
  give('MatMul', [
    turned(a, attribute('adj_x') ?? attribute('transpose_a')),
    turned(b, attribute('adj_y') ?? attribute('transpose_b')),
  ]);
};

/** With statistics that are given: one factor and one term for each channel. */
const batchNorm: Translate = ({ writer, inputs, constant, attribute, give }) => {
  const [scale, offset, mean, variance] = [1, 2, 3, 4].map((i) => constant(i).data) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const epsilon = attribute<number>('epsilon')!;
  const factor = scale.map((each, i) => each / Math.sqrt(variance[i]! + epsilon));
  const term = offset.map((each, i) => each - mean[i]! * factor[i]!);
  const shape = [scale.length];
  const scaled = writer.add('Mul', [inputs[0]!, writer.floats(factor, shape)]);
  give('Add', [scaled, writer.floats(term, shape)]);
};

const kernelOf = (writer: OnnxWriter, { shape, data }: Constant, axes: readonly number[]): string => {
  const kernel = transposed({ shape, data: data as Float32Array }, axes);
  return writer.floats(kernel.data, kernel.shape);
};

/** @returns strides and pads as ONNX has them; `explicit`: pads that are said as numbers */
function windows({ attribute }: Case): {
  strides: [number, number];
  padding: string;
  explicit: readonly number[] | undefined;
  pads: Attributes;
} {
  const [, high, wide] = attribute<number[]>('strides') as [number, number, number];
  const padding = attribute<string>('padding')!;
  const [, , top, bottom, left, right] = attribute<number[]>('explicit_paddings') ?? [];
  const explicit = padding === 'EXPLICIT' ? [top!, left!, bottom!, right!] : undefined;
  const pads: Attributes = explicit
    ? { pads: explicit }
    : { auto_pad: padding === 'SAME' ? 'SAME_UPPER' : 'VALID' };
  return { strides: [high, wide], padding, explicit, pads };
}

const convolution =
  (isByChannel: boolean): Translate =>
  (given) => {
    const { writer, inputs, constant, give } = given;
    const kernel = constant(1);
    const { strides, pads } = windows(given);
    const group = isByChannel ? kernel.shape[2]! : 1;
    const x = writer.add('Transpose', [inputs[0]!], CHANNELS_FIRST);
    // [h, w, in, out] → [out, in, h, w]; of each channel by itself [h, w, channels, 1] → [channels, 1, h, w]
    const weights = kernelOf(writer, kernel, isByChannel ? [2, 3, 0, 1] : [3, 2, 0, 1]);
    const y = writer.add('Conv', [x, weights], { strides, group, ...pads });
    give('Transpose', [y], CHANNELS_LAST);
  };

const pool =
  (op: string): Translate =>
  (given) => {
    const { writer, inputs, attribute, give } = given;
    const { strides, pads } = windows(given);
    const x = writer.add('Transpose', [inputs[0]!], CHANNELS_FIRST);
    const kernel = attribute<number[]>('ksize')!.slice(1, 3);
    give('Transpose', [writer.add(op, [x], { kernel_shape: kernel, strides, ...pads })], CHANNELS_LAST);
  };

/** Its size is what the recording says, which ONNX is told by pads: those of the convolution whose gradient this is. */
const transposedConvolution: Translate = (given) => {
  const { writer, node, inputs, constant, give } = given;
  const kernel = constant(1);
  const { strides, padding, explicit = [0, 0, 0, 0] } = windows(given);
  const sides = node.outputs[0]!.shape.slice(1, 3);
  const [begin, end, rest]: [number[], number[], number[]] = [[], [], []];
  sides.forEach((side, i) => {
    const [size, stride] = [kernel.shape[i]!, strides[i]!];
    const given = [explicit[i]!, explicit[i + 2]!];
    const inner =
      padding === 'SAME'
        ? Math.ceil(side / stride)
        : Math.floor((side + given[0]! + given[1]! - size) / stride) + 1;
    const surplus = (inner - 1) * stride + size - side; // what is to be cut off
    const before = padding === 'SAME' ? Math.floor(Math.max(0, surplus) / 2) : given[0]!;
    begin.push(before);
    end.push(padding === 'SAME' ? Math.max(0, surplus) - before : given[1]!);
    rest.push(begin.at(-1)! + end.at(-1)! - surplus);
  });
  const x = writer.add('Transpose', [inputs[2]!], CHANNELS_FIRST);
  const attributes = { strides, pads: [...begin, ...end], output_padding: rest };
  const y = writer.add('ConvTranspose', [x, kernelOf(writer, kernel, [3, 2, 0, 1])], attributes);
  give('Transpose', [y], CHANNELS_LAST);
};

const slice: Translate = ({ writer, inputs, constant, give }) => {
  const [begin, size] = [constant(1).data, constant(2).data];
  const ends = Array.from(begin, (from, i) => (size[i] === -1 ? 2 ** 31 - 1 : from + size[i]!));
  give('Slice', [inputs[0]!, writer.integers([...begin]), writer.integers(ends)]);
};

const split: Translate = ({ writer, inputs, constant, give }) => {
  const axis = writer.integers([constant(2).data[0]!]);
  let from = 0;
  constant(1).data.forEach((size, i) => {
    const ends = [writer.integers([from]), writer.integers([from + size])] as const;
    give('Slice', [inputs[0]!, ...ends, axis], {}, i);
    from += size;
  });
};

/** Of a shape: a part of a list. */
const stridedSlice: Translate = ({ writer, inputs, constant, attribute, give }) => {
  const [begin, end, strides] = [1, 2, 3].map((i) => writer.integers([...constant(i).data])) as [
    string,
    string,
    string,
  ];
  if (!attribute<number>('shrink_axis_mask'))
    return give('Slice', [inputs[0]!, begin, end, writer.integers([0]), strides]);
  give('Squeeze', [
    writer.add('Slice', [inputs[0]!, begin, end, writer.integers([0]), strides]),
    writer.integers([0]),
  ]);
};

const oneHot: Translate = ({ writer, inputs, constant, give }) => {
  const [depth, on, off] = [1, 2, 3].map((i) => constant(i).data[0]!) as [number, number, number];
  const values =
    constant(2).data instanceof Int32Array
      ? writer.integers([off, on])
      : writer.floats(Float32Array.of(off, on), [2]);
  give('OneHot', [inputs[0]!, writer.integers([depth], []), values]);
};

/** By the names of TensorFlow's operations. */
export const TRANSLATIONS: Readonly<Record<string, Translate>> = {
  ...{ Relu: as('Relu'), Tanh: as('Tanh'), Sigmoid: as('Sigmoid'), Softplus: as('Softplus'), Exp: as('Exp') },
  ...{
    Neg: as('Neg'),
    Sqrt: as('Sqrt'),
    Mul: as('Mul'),
    Add: as('Add'),
    AddV2: as('Add'),
    BiasAdd: as('Add'),
  },
  ...{
    Sub: as('Sub'),
    RealDiv: as('Div'),
    AddN: as('Sum'),
    Maximum: as('Max'),
    Minimum: as('Min'),
    Abs: as('Abs'),
  },
  ...{
    Reshape: as('Reshape'),
    Tile: as('Tile'),
    Shape: as('Shape'),
    Range: as('Range'),
    FloorMod: as('Mod'),
  },
  ...{ Mean: reduction('ReduceMean'), Sum: reduction('ReduceSum'), Max: reduction('ReduceMax') },
  ...{ MatMul: matrixProduct, BatchMatMulV2: matrixProduct, FusedBatchNormV3: batchNorm },
  ...{ Conv2D: convolution(false), DepthwiseConv2dNative: convolution(true) },
  Conv2DBackpropInput: transposedConvolution,
  ...{ MaxPool: pool('MaxPool'), AvgPool: pool('AveragePool') },
  ...{ Slice: slice, SplitV: split, StridedSlice: stridedSlice, OneHot: oneHot },
  Square: ({ inputs: [x], give }) => give('Mul', [x!, x!]),
  Rsqrt: ({ writer, inputs, give }) => give('Reciprocal', [writer.add('Sqrt', inputs)]),
  LeakyRelu: ({ inputs, attribute, give }) =>
    give('LeakyRelu', inputs, { alpha: attribute<number>('alpha')! }),
  Transpose: ({ inputs, constant, give }) => give('Transpose', [inputs[0]!], { perm: [...constant(1).data] }),
  ConcatV2: ({ inputs, constant, give }) =>
    give('Concat', inputs.slice(0, -1), { axis: constant(inputs.length - 1).data[0]! }),
  ExpandDims: ({ writer, inputs, constant, give }) =>
    give('Unsqueeze', [inputs[0]!, writer.integers([...constant(1).data])]),
  GatherV2: ({ inputs, constant, give }) =>
    give('Gather', inputs.slice(0, 2), { axis: constant(2).data[0]! }),
  Cast: ({ node, inputs, give }) =>
    give('Cast', inputs, { to: ONNX_TYPE[node.outputs[0]!.dtype === 'float32' ? 'float32' : 'int64'] }),
  ResizeNearestNeighbor({ writer, node, inputs, sideOf, give }) {
    const factors = [1, 2].map((axis) => node.outputs[0]!.shape[axis]! / sideOf(0, axis));
    const scales = writer.floats(Float32Array.of(1, ...factors, 1), [4]);
    const mode = { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' };
    give('Resize', [inputs[0]!, '', scales], mode);
  },
};
