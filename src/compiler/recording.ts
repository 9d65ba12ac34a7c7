// The compiler's intermediate form: every TensorFlow kernel that one eager step executed, in order.
// Owns recording and comparing; knows nothing of protobufs or sessions.
import * as tf from '@tensorflow/tfjs-core';
import { NashError } from '../errors.js';
import { currentLayer } from './layer-scope.js';
import { type KernelAttribute, nodeBackend } from './tensorflow.js';

export type ElementType = 'float32' | 'int32' | 'bool' | 'bfloat16';

/** Their numbers in a GraphDef: DataType of tensorflow/core/framework/types.proto. */
export const DATA_TYPE: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 3,
  bool: 10,
  bfloat16: 14,
};

/** A tensor that a step is given; its values may differ from run to run, its shape may not. */
export interface InputSpec {
  name: string;
  shape: readonly number[];
  dtype: 'float32' | 'int32';
}

export interface TensorSpec {
  shape: readonly number[];
  dtype: ElementType;
}

/** One operation. `inputs` name outputs of earlier nodes as `<node>:<index>`. */
export interface RecordedNode {
  name: string;
  op: string;
  layer: string;
  attributes: readonly KernelAttribute[];
  inputs: readonly string[];
  outputs: readonly TensorSpec[];
  /** bytes of a `Const` node */
  value?: Uint8Array;
}

export interface Recording {
  inputs: readonly InputSpec[];
  nodes: readonly RecordedNode[];
  outputs: readonly { name: string; source: string; spec: TensorSpec }[];
}

/** A step as ordinary tfjs code: named tensors in, named tensors out. Called inside `tf.tidy`. */
export type StepFunction = (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>;

/** Kernels that keep a random state of their own: inside a graph they would draw other numbers than the eager step did. */
const STATEFUL_RANDOM =
  /^(Random(Uniform|UniformInt|StandardNormal|Gamma|Poisson|Shuffle)|TruncatedNormal|Multinomial|ParameterizedTruncatedNormal)$/;

/** Records kernels while a step runs. One recorder serves one trace. */
class Recorder {
  readonly nodes: RecordedNode[] = [];

  /** @param refused a node that is refused where it is made, so that the stack says by whom */
  constructor(private readonly refused?: Difference) {}

  private readonly sources = new Map<object, string>();
  private readonly constants = new Map<string, string>();
  private readonly names = new Map<string, number>();

  bind(tensor: tf.Tensor, source: string): void {
    this.sources.set(tensor.dataId, source);
  }

  /** The node output that holds a tensor; a tensor that no kernel made and nobody declared is a constant. */
  sourceOf(tensor: tf.TensorInfo): string {
    if (tensor.dataId === undefined) {
      throw new Error('broken invariant: a 64-bit host scalar cannot be recorded; use an int32 input');
    }
    const known = this.sources.get(tensor.dataId);
    if (known) return known;
    const source = this.constant(tensor);
    this.sources.set(tensor.dataId, source);
    return source;
  }

  record(op: string, given: KernelAttribute[], inputs: readonly string[], outputs: tf.Tensor[]): void {
    const attributes = withType(op, given, outputs);
    const name = this.unique(`${currentLayer() || 'step'}/${op}`);
    this.push({
      name,
      op,
      layer: currentLayer(),
      attributes: attributes.map((a) => ({ ...a })),
      inputs,
      outputs: outputs.map(specOf),
    });
    outputs.forEach((tensor, index) => {
      this.sources.set(tensor.dataId, `${name}:${index}`);
    });
  }

  private constant(tensor: tf.TensorInfo): string {
    const data = nodeBackend().readSync(tensor.dataId);
    const value = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    const spec = { shape: [...tensor.shape], dtype: tensor.dtype as ElementType };
    const key = JSON.stringify([spec, currentLayer()]) + Buffer.from(value).toString('latin1');
    const known = this.constants.get(key);
    if (known) return known;
    const name = this.unique(`${currentLayer() || 'step'}/constant`);
    this.push({
      name,
      op: 'Const',
      layer: currentLayer(),
      attributes: [],
      inputs: [],
      outputs: [spec],
      value,
    });
    this.constants.set(key, `${name}:0`);
    return `${name}:0`;
  }

  private push(node: RecordedNode): void {
    if (this.nodes.length === this.refused?.index) throw new NashError('failed', this.refused.message);
    this.nodes.push(node);
  }

  private unique(name: string): string {
    const count = this.names.get(name) ?? 0;
    this.names.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}

/** tfjs leaves one type for the eager executor to infer, which a graph has to say. */
const withType = (op: string, attributes: KernelAttribute[], [output]: tf.Tensor[]): KernelAttribute[] =>
  op === 'ExpandDims' && attributes.length === 0
    ? [
        {
          name: 'T',
          type: nodeBackend().binding.TF_ATTR_TYPE,
          value: DATA_TYPE[output!.dtype as ElementType],
        },
      ]
    : attributes;

const specOf = (tensor: tf.Tensor): TensorSpec => ({
  shape: [...tensor.shape],
  dtype: tensor.dtype as ElementType,
});

/**
 * Runs the step once on the given tensors and returns what it executed, with its results.
 * The caller owns `inputs` and disposes `results`.
 *
 * @param refused found between two recordings of the step: it is thrown from where that node is made
 * @throws NashError('failed') when the step uses a kernel that draws its own random numbers
 */
export function record(
  step: StepFunction,
  inputs: readonly InputSpec[],
  tensors: Record<string, tf.Tensor>,
  refused?: Difference,
): { recording: Recording; results: Record<string, tf.Tensor> } {
  const recorder = new Recorder(refused);
  for (const { name } of inputs) recorder.bind(tensors[name]!, `${name}:0`);
  const results = intercept(recorder, () => tf.tidy(() => step({ ...tensors })));
  const outputs = Object.entries(results).map(([name, tensor]) => ({
    name,
    source: recorder.sourceOf(tensor),
    spec: specOf(tensor),
  }));
  return { recording: { inputs, nodes: recorder.nodes, outputs }, results };
}

/** Listens at the seam through which every kernel of the node backend passes. */
function intercept<T>(recorder: Recorder, body: () => T): T {
  const backend = nodeBackend();
  const { executeSingleOutput, executeMultipleOutputs } = backend;
  const listen = (
    op: string,
    attributes: KernelAttribute[],
    inputs: tf.TensorInfo[],
    run: () => tf.Tensor[],
  ) => {
    refuseStatefulRandom(op);
    const sources = inputs.map((tensor) => recorder.sourceOf(tensor)); // before the run: callers dispose their shapes after it
    const outputs = run();
    recorder.record(op, attributes, sources, outputs);
    return outputs;
  };
  backend.executeSingleOutput = (op, attributes, inputs) =>
    listen(op, attributes, inputs, () => [executeSingleOutput.call(backend, op, attributes, inputs)])[0]!;
  backend.executeMultipleOutputs = (op, attributes, inputs, count) =>
    listen(op, attributes, inputs, () => executeMultipleOutputs.call(backend, op, attributes, inputs, count));
  try {
    return body();
  } finally {
    Object.assign(backend, { executeSingleOutput, executeMultipleOutputs });
  }
}

function refuseStatefulRandom(op: string): void {
  if (!STATEFUL_RANDOM.test(op)) return;
  throw new NashError(
    'failed',
    `layer '${currentLayer()}' draws random numbers with TensorFlow's ${op}, which keeps a state of its own; ` +
      'use randomNormal(shape, seeds) and its like, of src/kernels/random.ts or of `operations` in nash/models, which are fed by the seed input',
  );
}

/** Where two recordings of a step differ. */
export interface Difference {
  /** of the node */
  index: number;
  /** names the layer and the operation */
  message: string;
}

/**
 * How two recordings of a step, made with other seeds and data, differ: something was computed on the host and would be frozen into
 * the graph (design 1.6). Undefined where they are the same.
 */
export function differenceOf(first: Recording, second: Recording): Difference | undefined {
  const length = Math.max(first.nodes.length, second.nodes.length);
  for (let i = 0; i < length; i++) {
    const a = first.nodes[i];
    const b = second.nodes[i];
    if (a && b && equalNodes(a, b)) continue;
    const at = (a ?? b)!;
    const what =
      at.op === 'Const'
        ? `a constant of shape [${at.outputs[0]!.shape}] has other values`
        : `operation ${i} is ${a?.op ?? 'missing'} in one and ${b?.op ?? 'missing'} in the other`;
    const message =
      `layer '${at.layer || '(no layer)'}' cannot be compiled: traced twice with other seeds and data, ${what}. ` +
      'A number was made on the host (tf.randomNormal, tf.dropout, Math.random, a clock, or data read back) and would be ' +
      'frozen into the graph; take it from an input, or draw it with randomNormal(shape, seeds) and its like, of src/kernels/random.ts ' +
      'or of `operations` in nash/models.';
    return { index: i, message };
  }
  return undefined;
}

function equalNodes(a: RecordedNode, b: RecordedNode): boolean {
  return (
    a.op === b.op &&
    a.name === b.name &&
    JSON.stringify([a.inputs, a.attributes, a.outputs]) ===
      JSON.stringify([b.inputs, b.attributes, b.outputs]) &&
    (a.value === undefined || (b.value !== undefined && Buffer.compare(a.value, b.value) === 0))
  );
}

/** Keeps the nodes that some output needs, in order. */
export function prune(recording: Recording): Recording {
  const needed = new Set(recording.outputs.map((output) => nodeOf(output.source)));
  const kept: RecordedNode[] = [];
  for (const node of [...recording.nodes].reverse()) {
    if (!needed.has(node.name)) continue;
    kept.push(node);
    for (const source of node.inputs) needed.add(nodeOf(source));
  }
  return { ...recording, nodes: kept.reverse() };
}

/** `a/b:1` → `a/b` */
export const nodeOf = (source: string): string => source.slice(0, source.lastIndexOf(':'));
