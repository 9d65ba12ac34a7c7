// Writes a recording as a TensorFlow SavedModel, with the protobuf classes that tfjs-node bundles.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { assert } from '../errors.js';
import {
  DATA_TYPE,
  type ElementType,
  type RecordedNode,
  type Recording,
  type TensorSpec,
} from './recording.js';
import { type KernelAttribute, nodeBackend } from './tensorflow.js';

/** The generated protobuf classes carry no types; each setter is named after its field in tensorflow's .proto files. */
// biome-ignore lint/suspicious/noExplicitAny: untyped generated code, used in this file only
type Proto = any;

const proto = (): Proto => createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js');

/** GraphDef version that TensorFlow 2.21 writes; older readers refuse newer graphs, so the oldest that serves would do too. */
const PRODUCER = 1395;

const SIGNATURE = 'serving_default';

/** Name of an output's node in the graph. */
export const outputNode = (name: string): string => `output/${name}`;

/** Writes `savedModel` to `<folder>/saved_model.pb`. */
export function writeSavedModel(recording: Recording, folder: string): void {
  makeFolder(join(folder, 'variables'));
  writeFileSync(join(folder, 'saved_model.pb'), savedModel(recording));
}

/**
 * A SavedModel with the signature `serving_default`. Inputs are placeholders of their own names, outputs stand under
 * `output/<name>`, every other node under the layer that made it, so that Netron or TensorBoard shows the net. A size of -1 is any.
 */
export function savedModel(recording: Recording): Uint8Array {
  const p = proto();
  const graph = new p.GraphDef();
  graph.setNodeList([
    ...recording.inputs.map((input) => placeholder(p, input.name, input)),
    ...recording.nodes.map((node) => toNode(p, node)),
    ...recording.outputs.map((output) =>
      identity(p, outputNode(output.name), output.source, output.spec.dtype),
    ),
  ]);
  const version = new p.VersionDef();
  version.setProducer(PRODUCER);
  graph.setVersions(version);

  const metaGraph = new p.MetaGraphDef();
  const info = new p.MetaGraphDef.MetaInfoDef();
  info.setTagsList(['serve']);
  metaGraph.setMetaInfoDef(info);
  metaGraph.setGraphDef(graph);
  metaGraph.getSignatureDefMap().set(SIGNATURE, signature(p, recording));
  const model = new p.SavedModel();
  model.setSavedModelSchemaVersion(1);
  model.setMetaGraphsList([metaGraph]);
  return model.serializeBinary();
}

function signature(p: Proto, recording: Recording): Proto {
  const result = new p.SignatureDef();
  const tensorInfo = (name: string, spec: TensorSpec) => {
    const info = new p.TensorInfo();
    info.setName(`${name}:0`);
    info.setDtype(DATA_TYPE[spec.dtype]);
    info.setTensorShape(shapeProto(p, spec.shape));
    return info;
  };
  for (const input of recording.inputs) result.getInputsMap().set(input.name, tensorInfo(input.name, input));
  for (const output of recording.outputs) {
    result.getOutputsMap().set(output.name, tensorInfo(outputNode(output.name), output.spec));
  }
  result.setMethodName('tensorflow/serving/predict');
  return result;
}

function shapeProto(p: Proto, shape: readonly number[]): Proto {
  const result = new p.TensorShape();
  result.setDimList(
    shape.map((size) => {
      const dim = new p.TensorShape.Dim();
      dim.setSize(size);
      return dim;
    }),
  );
  return result;
}

function nodeProto(p: Proto, name: string, op: string, inputs: readonly string[] = []): Proto {
  const node = new p.NodeDef();
  node.setName(name);
  node.setOp(op);
  node.setInputList([...inputs]);
  return node;
}

function setAttribute(p: Proto, node: Proto, name: string, fill: (value: Proto) => void): void {
  const value = new p.AttrValue();
  fill(value);
  node.getAttrMap().set(name, value);
}

function placeholder(p: Proto, name: string, spec: TensorSpec): Proto {
  const node = nodeProto(p, name, 'Placeholder');
  setAttribute(p, node, 'dtype', (value) => value.setType(DATA_TYPE[spec.dtype]));
  setAttribute(p, node, 'shape', (value) => value.setShape(shapeProto(p, spec.shape)));
  return node;
}

function identity(p: Proto, name: string, source: string, dtype: ElementType): Proto {
  const node = nodeProto(p, name, 'Identity', [source]);
  setAttribute(p, node, 'T', (value) => value.setType(DATA_TYPE[dtype]));
  return node;
}

function toNode(p: Proto, recorded: RecordedNode): Proto {
  const node = nodeProto(p, recorded.name, recorded.op, recorded.inputs);
  if (recorded.op === 'Const') {
    const spec = recorded.outputs[0]!;
    const tensor = new p.Tensor();
    tensor.setDtype(DATA_TYPE[spec.dtype]);
    tensor.setTensorShape(shapeProto(p, spec.shape));
    tensor.setTensorContent(recorded.value);
    setAttribute(p, node, 'dtype', (value) => value.setType(DATA_TYPE[spec.dtype]));
    setAttribute(p, node, 'value', (value) => value.setTensor(tensor));
  }
  for (const attribute of recorded.attributes) {
    setAttribute(p, node, attribute.name, (value) => fillAttribute(p, value, attribute));
  }
  return node;
}

/** Copies an attribute from the eager binding's form to the graph's. */
function fillAttribute(p: Proto, target: Proto, { name, type, value }: KernelAttribute): void {
  const binding = nodeBackend().binding;
  const list = Array.isArray(value) || ArrayBuffer.isView(value);
  if (type === binding.TF_ATTR_TYPE) target.setType(value);
  else if (type === binding.TF_ATTR_BOOL) target.setB(value);
  else if (type === binding.TF_ATTR_FLOAT) target.setF(value);
  else if (type === binding.TF_ATTR_STRING) target.setS(Buffer.from(value as string));
  else if (type === binding.TF_ATTR_INT && list) {
    const integers = new p.AttrValue.ListValue();
    integers.setIList(Array.from(value as ArrayLike<number>));
    target.setList(integers);
  } else if (type === binding.TF_ATTR_INT) target.setI(value);
  else assert(false, `attribute '${name}' has a type (${type}) that the graph writer does not know`);
}
