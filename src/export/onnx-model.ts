// A graph as an ONNX model. Whole numbers are of 64 bits there, as shapes are; labels are given in 32.
import type { RecordedNode, Recording } from '../compiler/recording.js';
import { assert, NashError } from '../errors.js';
import { sizeOf } from '../numerics/shape.js';
import { TRANSLATIONS } from './onnx-operations.js';
import { encodeOnnx, ONNX_TYPE } from './onnx-schema.js';
import { type Constant, OnnxWriter } from './onnx-writer.js';

/**
 * The bytes of a model file: the same inputs and outputs as its SavedModel has.
 * @throws NashError('failed') naming an operation that ONNX is not known to have
 */
export function onnxModel(graph: Recording, metadata: Readonly<Record<string, string>>): Uint8Array {
  const writer = new OnnxWriter();
  const given = new Map<string, string>(); // inputs, whole numbers in 64 bits
  for (const { name, dtype } of graph.inputs)
    given.set(`${name}:0`, dtype === 'int32' ? writer.add('Cast', [name], { to: ONNX_TYPE.int64 }) : name);
  const named = (source: string) => given.get(source) ?? source;
  for (const node of graph.nodes) {
    if (node.op === 'Const') writer.values.set(`${node.name}:0`, constantOf(node));
    else translate(writer, node, node.inputs.map(named));
  }
  for (const { name, source } of graph.outputs) writer.add('Identity', [named(source)], {}, name);
  return encodeOnnx({
    ...{ nodes: writer.nodes, constants: writer.constants, metadata },
    inputs: graph.inputs.map(({ name, shape, dtype: type }) => ({ name, shape, type })),
    outputs: graph.outputs.map(({ name, spec }) => ({ name, shape: spec.shape, type: 'float32' })),
  });
}

function constantOf({ outputs: [spec], value }: RecordedNode): Constant {
  assert(spec!.dtype === 'int32' || spec!.dtype === 'float32', () => `a constant of ${spec!.dtype}`);
  const buffer = value!.slice().buffer;
  const data = spec!.dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
  return { shape: spec!.shape, data: data.subarray(0, sizeOf(spec!.shape)) };
}

function translate(writer: OnnxWriter, node: RecordedNode, inputs: readonly string[]): void {
  const found = TRANSLATIONS[node.op];
  const refused = (what: string) =>
    new NashError(
      'failed',
      `ONNX cannot hold this generator: ${what} of layer '${node.layer}' is not known there. --format saved-model or safetensors takes it elsewhere.`,
    );
  if (!found) throw refused(node.op);
  found({
    ...{ writer, node, inputs },
    constant(index) {
      const value = writer.values.get(inputs[index]!);
      if (!value) throw refused(`${node.op} by a computed input`);
      return value;
    },
    attribute: <T>(name: string) =>
      node.attributes.find((each) => each.name === name)?.value as T | undefined,
    sideOf(index, axis) {
      const side = writer.shapes.get(inputs[index]!)?.[axis];
      if (side === undefined) throw refused(`${node.op} of a picture whose size is not known`);
      return side;
    },
    give(op, given, attributes, index = 0) {
      writer.shapes.set(`${node.name}:0`, node.outputs[0]!.shape);
      writer.add(op, given, attributes, `${node.name}:${index}`);
    },
  });
}
