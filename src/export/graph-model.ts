// A graph as a tfjs graph model: model.json and its weights in shards, for `tf.loadGraphModel`.
import type * as tf from '@tensorflow/tfjs-core';
import { outputNode } from '../compiler/graph.js';
import { DATA_TYPE, type ElementType, type RecordedNode, type Recording } from '../compiler/recording.js';
import { type KernelAttribute, nodeBackend } from '../compiler/tensorflow.js';
import { assert } from '../errors.js';
import type { Files } from './taken.js';

/** As TensorFlow.js's own converter cuts weights: what browsers keep in their caches. */
const SHARD_BYTES = 4 * 2 ** 20;

type PlainType = Exclude<ElementType, 'bfloat16'>;
const NAMES: Readonly<Record<PlainType, string>> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
};
function plainType(dtype: ElementType): PlainType {
  assert(dtype !== 'bfloat16', 'a graph of bfloat16 is for training');
  return dtype;
}
const typeName = (dtype: ElementType): string => NAMES[plainType(dtype)];
const typeNamed = (number: unknown): string =>
  typeName((Object.keys(DATA_TYPE) as ElementType[]).find((dtype) => DATA_TYPE[dtype] === number)!);

const shapeOf = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });

/** `a/b:0` → `a/b`, as TensorFlow.js names a node's first output. */
const sourceOf = (source: string): string => source.replace(/:0$/, '');

/** The JSON form of an attribute in a GraphDef. */
function attributeOf({ type, value }: KernelAttribute): object {
  const { binding } = nodeBackend();
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return { type: typeNamed(value) };
    case binding.TF_ATTR_BOOL:
      return { b: value };
    case binding.TF_ATTR_FLOAT:
      return { f: value };
    case binding.TF_ATTR_STRING:
      return { s: Buffer.from(value as string).toString('base64') };
    default: {
      assert(type === binding.TF_ATTR_INT, `an attribute has a type (${type}) that graph models have not`);
      const isList = Array.isArray(value) || ArrayBuffer.isView(value);
      return isList ? { list: { i: Array.from(value as ArrayLike<number>, String) } } : { i: String(value) };
    }
  }
}

function nodeOf({ name, op, inputs, attributes, outputs: [spec] }: RecordedNode): object {
  const dtype = () => ({ type: typeName(spec!.dtype) });
  const tensor = () => ({ dtype: typeName(spec!.dtype), tensorShape: shapeOf(spec!.shape) });
  const attr =
    op === 'Const'
      ? { dtype: dtype(), value: { tensor: tensor() } }
      : Object.fromEntries(attributes.map((each) => [each.name, attributeOf(each)]));
  return { name, op, input: inputs.map(sourceOf), attr };
}

export interface GraphModel {
  /** model.json; the paths of its weights are those of `shards` */
  json: {
    modelTopology: object;
    signature: object;
    weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
  };
  shards: Files;
}

/** The same inputs and outputs as its SavedModel has. */
export function graphModel(graph: Recording): GraphModel {
  const constants = graph.nodes.filter(({ op }) => op === 'Const');
  const weights = Buffer.concat(constants.map(({ value }) => value!));
  const count = Math.max(1, Math.ceil(weights.length / SHARD_BYTES));
  const shards = new Map(
    Array.from({ length: count }, (_, i) => [
      `group1-shard${i + 1}of${count}.bin`,
      weights.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES),
    ]),
  );
  const info = (name: string, { shape, dtype }: { shape: readonly number[]; dtype: ElementType }) => ({
    name: `${name}:0`,
    dtype: typeName(dtype),
    tensorShape: shapeOf(shape),
  });
  const json = {
    format: 'graph-model',
    generatedBy: 'nash export',
    convertedBy: null,
    signature: {
      inputs: Object.fromEntries(graph.inputs.map((input) => [input.name, info(input.name, input)])),
      outputs: Object.fromEntries(
        graph.outputs.map(({ name, spec }) => [name, info(outputNode(name), spec)]),
      ),
    },
    modelTopology: {
      node: [
        ...graph.inputs.map(({ name, shape, dtype }) => ({
          ...{ name, op: 'Placeholder', input: [] },
          attr: { dtype: { type: typeName(dtype) }, shape: { shape: shapeOf(shape) } },
        })),
        ...graph.nodes.map(nodeOf),
        ...graph.outputs.map(({ name, source, spec }) => ({
          ...{ name: outputNode(name), op: 'Identity', input: [sourceOf(source)] },
          attr: { T: { type: typeName(spec.dtype) } },
        })),
      ],
      library: {},
      versions: { producer: 1395 },
    },
    weightsManifest: [
      {
        paths: [...shards.keys()],
        weights: constants.map(({ name, outputs: [spec] }) => ({
          ...{ name, shape: [...spec!.shape] },
          dtype: plainType(spec!.dtype),
        })),
      },
    ],
  };
  return { json, shards };
}
