// Runs a frozen GraphDef that somebody else made, as it is: tfjs-node loads SavedModels alone, so it is wrapped in one, byte by byte.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { nodeBackend } from './tensorflow.js';

/** Holds a TensorFlow session until `dispose`. */
export interface FrozenGraph {
  /** inputs of each node, by its name: `node` or `node:index` */
  readonly inputsOf: ReadonlyMap<string, readonly string[]>;
  /** @param feeds by tensor name, such as `input:0`; stay the caller's @returns the fetched tensors, the caller's */
  run(feeds: Readonly<Record<string, tf.Tensor>>, fetches: readonly string[]): tf.Tensor[];
  dispose(): void;
}

/** @param bytes of a GraphDef @throws what the protobuf reader or TensorFlow says of bytes that are none */
export function openFrozenGraph(bytes: Uint8Array): FrozenGraph {
  const { GraphDef } = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js');
  const nodes: { getName(): string; getInputList(): string[] }[] =
    GraphDef.deserializeBinary(bytes).getNodeList();
  const inputsOf = new Map(nodes.map((node) => [node.getName(), node.getInputList()]));
  const backend = nodeBackend();
  const folder = mkdtempSync(join(tmpdir(), 'nash-frozen-'));
  let session: number;
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModel(bytes));
    session = backend.loadSavedModelMetaGraph(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    inputsOf,
    run(feeds, fetches) {
      const infos = Object.entries(feeds).map(([name, { dtype }]) => ({ name, dtype }));
      return backend.runSavedModel(session, Object.values(feeds), infos, [...fetches]);
    },
    dispose: () => backend.deleteSavedModel(session),
  };
}

/** tensorflow/core/protobuf/saved_model.proto: version 1, and one MetaGraphDef with the tag `serve` and the graph. */
function savedModel(graph: Uint8Array): Buffer {
  const metaInfo = field(4, Buffer.from('serve'));
  const metaGraph = Buffer.concat([field(1, metaInfo), field(2, graph)]);
  return Buffer.concat([Buffer.from([8, 1]), field(2, metaGraph)]);
}

/** A length-delimited field of a protobuf message. */
const field = (number: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
