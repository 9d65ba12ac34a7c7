// As much of onnx.proto as is written here, with its field numbers (onnx/onnx.proto of ONNX 1.13: IR version 8).
import protobuf from 'protobufjs';

const fields = (all: Readonly<Record<string, readonly [id: number, type: string, rule?: 'repeated']>>) => ({
  fields: Object.fromEntries(
    Object.entries(all).map(([name, [id, type, rule]]) => [name, { id, type, ...(rule && { rule }) }]),
  ),
});

const SCHEMA = protobuf.Root.fromJSON({
  nested: {
    ModelProto: fields({
      irVersion: [1, 'int64'],
      producerName: [2, 'string'],
      graph: [7, 'GraphProto'],
      opsetImport: [8, 'OperatorSetIdProto', 'repeated'],
      metadataProps: [14, 'StringStringEntryProto', 'repeated'],
    }),
    OperatorSetIdProto: fields({ domain: [1, 'string'], version: [2, 'int64'] }),
    StringStringEntryProto: fields({ key: [1, 'string'], value: [2, 'string'] }),
    GraphProto: fields({
      node: [1, 'NodeProto', 'repeated'],
      name: [2, 'string'],
      initializer: [5, 'TensorProto', 'repeated'],
      input: [11, 'ValueInfoProto', 'repeated'],
      output: [12, 'ValueInfoProto', 'repeated'],
    }),
    NodeProto: fields({
      input: [1, 'string', 'repeated'],
      output: [2, 'string', 'repeated'],
      name: [3, 'string'],
      opType: [4, 'string'],
      attribute: [5, 'AttributeProto', 'repeated'],
    }),
    AttributeProto: fields({
      name: [1, 'string'],
      f: [2, 'float'],
      i: [3, 'int64'],
      s: [4, 'bytes'],
      ints: [8, 'int64', 'repeated'],
      type: [20, 'int32'],
    }),
    TensorProto: fields({
      dims: [1, 'int64', 'repeated'],
      dataType: [2, 'int32'],
      name: [8, 'string'],
      rawData: [9, 'bytes'],
    }),
    ValueInfoProto: fields({ name: [1, 'string'], type: [2, 'TypeProto'] }),
    TypeProto: fields({ tensorType: [1, 'TensorType'] }),
    TensorType: fields({ elemType: [1, 'int32'], shape: [2, 'TensorShapeProto'] }),
    TensorShapeProto: fields({ dim: [1, 'Dimension', 'repeated'] }),
    Dimension: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      ...fields({ dimValue: [1, 'int64'], dimParam: [2, 'string'] }),
    },
  },
});
const MODEL = SCHEMA.lookupType('ModelProto');

/** TensorProto.DataType */
export const ONNX_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
/** AttributeProto.AttributeType */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  output: string;
  attributes: Readonly<Record<string, number | string | readonly number[]>>;
}

export interface OnnxTensor {
  name: string;
  shape: readonly number[];
  type: keyof typeof ONNX_TYPE;
  bytes: Uint8Array;
}

/** A graph's input or output; a size of -1 is any. */
export type OnnxValue = Omit<OnnxTensor, 'bytes'>;

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  constants: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  metadata: Readonly<Record<string, string>>;
}

/** Attributes whose numbers are floats though they may be whole. */
const FLOATS = new Set(['alpha']);

function attributeOf([name, value]: [string, number | string | readonly number[]]): object {
  if (typeof value === 'string') return { name, s: Buffer.from(value), type: ATTRIBUTE_TYPE.string };
  if (typeof value !== 'number') return { name, ints: [...value], type: ATTRIBUTE_TYPE.ints };
  return FLOATS.has(name)
    ? { name, f: value, type: ATTRIBUTE_TYPE.float }
    : { name, i: value, type: ATTRIBUTE_TYPE.int };
}

const valueInfo = ({ name, shape, type }: OnnxValue): object => ({
  name,
  type: {
    tensorType: {
      elemType: ONNX_TYPE[type],
      shape: { dim: shape.map((size) => (size === -1 ? { dimParam: 'n' } : { dimValue: size })) },
    },
  },
});

/** Version of the operators' meanings. */
const OPSET = 18;

/** The bytes of a model file. */
export function encodeOnnx({ nodes, constants, inputs, outputs, metadata }: OnnxGraph): Uint8Array {
  const model = {
    ...{ irVersion: 8, producerName: 'nash export', opsetImport: [{ domain: '', version: OPSET }] },
    graph: {
      name: 'generator',
      node: nodes.map(({ op, inputs: input, output, attributes }) => ({
        ...{ opType: op, input, output: [output], name: output },
        attribute: Object.entries(attributes).map(attributeOf),
      })),
      initializer: constants.map(({ name, shape, type, bytes }) => ({
        ...{ name, dims: [...shape], dataType: ONNX_TYPE[type], rawData: bytes },
      })),
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
  return MODEL.encode(MODEL.create(model)).finish();
}
