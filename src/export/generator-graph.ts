// G at inference as a graph of latents and labels alone: weights are constants in it, and a batch of any size goes through it. Method: G is
// recorded with batches of two and of three; what differs between the recordings is the batch, what neither latents nor labels reach is
// computed now. The operations are TensorFlow's, and such as tfjs has too.
import * as tf from '@tensorflow/tfjs-core';
import {
  type ElementType,
  type InputSpec,
  prune,
  type RecordedNode,
  type Recording,
  record,
} from '../compiler/recording.js';
import { nodeBackend } from '../compiler/tensorflow.js';
import { NashError } from '../errors.js';
import { BATCH, batchSeed } from '../evaluation/sample-drawer.js';
import { SeedSource } from '../kernels/random.js';
import type { Architecture } from '../models/architecture.js';
import type { LatentDistribution } from '../models/options.js';
import type { ManifestEntry } from '../parameters/manifest.js';
import { oneHot } from '../steps/labels.js';
import { drawLatents } from '../steps/latents.js';
import { type Dimension, GraphBuilder } from './graph-builder.js';
import { rewriteOf } from './graph-rewrites.js';

/** Which of a run's generators. */
export interface Generator {
  architecture: Architecture;
  latentDistribution: LatentDistribution;
  /** G's weights and slots, `[size + slotSize]` */
  vector: Float32Array;
  truncation?: number | undefined;
}

/** Of the samples whose noise the graph has: those that `nash sample` draws where no other seed is named. */
export const SEED = 0;

/** Sample i has the noise of sample i modulo this many. */
export const NOISE_ROWS = 16;

const [TWO, THREE] = [2, 3];

/**
 * Inputs of the graph: `latents` float32 `[n, latent]` and, where G is told them, `labels` int32 `[n]`. Output: `samples` `[n, ...item]`. Weights are
 * constants of the names of `weightName`; what is made of them alone is computed. Noise inside G is that of the first `NOISE_ROWS` samples.
 * @throws NashError('failed') where a layer depends on the size of the batch otherwise than by it
 */
export function generatorGraph(generator: Generator): Recording {
  const graph: Recording[] = [];
  tf.tidy(() => {
    const [two, three] = [TWO, THREE].map((batch) => recordingOf(generator, batch)) as [Recording, Recording];
    graph.push(prune(new Unbatching(generator, two, three).result()));
  });
  return graph[0]!;
}

/** The name of a parameter or slot of G in the graph. */
export const weightName = (name: string): string => `weights/${name}`;

/** G's parameters and slots with their values. */
export const weightsOf = ({ architecture, vector }: Generator) => {
  const { manifest } = architecture.generator;
  const cut = (entries: readonly ManifestEntry[], start: number) =>
    entries.map((entry) => ({
      ...entry,
      values: vector.subarray(start + entry.offset, start + entry.offset + entry.size),
    }));
  return { parameters: cut(manifest.entries, 0), slots: cut(manifest.slots, manifest.size) };
};

/** What G executes for a batch; its weights are inputs. */
export function recordingOf(generator: Generator, batch: number): Recording {
  const { architecture, truncation } = generator;
  const network = architecture.generator;
  const classes = network.inputs.labels?.[0];
  const inputs: InputSpec[] = [
    { name: 'latents', shape: [batch, ...network.inputs.latents!], dtype: 'float32' },
    ...(classes ? [{ name: 'labels', shape: [batch], dtype: 'int32' } as const] : []),
    { name: 'seed', shape: [2], dtype: 'int32' },
  ];
  const tensors: Record<string, tf.Tensor> = { seed: seedOfBatch() };
  for (const { name, shape, dtype } of inputs) tensors[name] ??= tf.zeros([...shape], dtype);
  const { parameters, slots } = weightsOf(generator);
  const bound = (entries: typeof parameters) =>
    new Map(
      entries.map(({ name, shape, values }) => {
        const tensor = tf.tensor(values, [...shape]);
        inputs.push({ name: weightName(name), shape, dtype: 'float32' });
        tensors[weightName(name)] = tensor;
        return [name, tensor];
      }),
    );
  const weights = { parameters: bound(parameters), slots: bound(slots) };
  const step = (given: Record<string, tf.Tensor>) => {
    const seeds = new SeedSource(given.seed!);
    drawLatents({ ...generator, batch }, seeds); // what is drawn after them is drawn as it is there
    const labels = classes && { labels: oneHot(given.labels!, classes) };
    const application = { ...weights, isTraining: false, seeds, truncation };
    return { samples: network.apply({ latents: given.latents!, ...labels }, application).output };
  };
  return prune(record(step, inputs, tensors).recording);
}

/** Two constants that stand at the same place, of a batch of two and of three. */
type Pair = readonly [two: tf.Tensor, three: tf.Tensor];

const isSame = ([two, three]: Pair): boolean =>
  String(two.shape) === String(three.shape) &&
  Buffer.compare(Buffer.from(bytesOf(two)), Buffer.from(bytesOf(three))) === 0;

const bytesOf = (tensor: tf.Tensor): Uint8Array => {
  const data = tensor.dataSync();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
};

/** An input of a node: known now, decided by the batch, or computed by a node before. */
type Operand =
  | { kind: 'known'; source: string; value: tf.Tensor }
  | { kind: 'varying'; pair: Pair }
  | { kind: 'source'; source: string };

class Unbatching {
  private readonly builder: GraphBuilder;
  private readonly known = new Map<string, tf.Tensor>();
  private readonly written = new Map<string, string>();
  private readonly constants: readonly Map<string, tf.Tensor>[];
  private readonly pairs: readonly (readonly [two: RecordedNode, three: RecordedNode])[];

  constructor(
    private readonly generator: Generator,
    private readonly two: Recording,
    three: Recording,
  ) {
    this.constants = [two, three].map(constantsOf);
    const [first, second] = [two, three].map(({ nodes }) => nodes.filter(({ op }) => op !== 'Const'));
    this.pairs = first!.map((node, i) => [node, second![i]!]);
    const ops = [first, second].map((nodes) => nodes!.map(({ op, name }) => `${name} ${op}`).join());
    if (ops[0] !== ops[1]) throw notUnderstood(this.generator, 'G does other operations for another batch');
    this.builder = new GraphBuilder(new Set(['latents', 'labels', ...first!.map(({ name }) => name)]));
    const { parameters, slots } = weightsOf(generator);
    for (const { name, shape, values } of [...parameters, ...slots])
      this.known.set(`${weightName(name)}:0`, tf.tensor(values, [...shape]));
    this.known.set('seed:0', seedOfBatch());
  }

  result(): Recording {
    for (const [two, three] of this.pairs) this.take(two, three);
    const { inputs, outputs } = this.two;
    return {
      inputs: inputs
        .filter(({ name }) => name === 'latents' || name === 'labels')
        .map((input) => ({ ...input, shape: [-1, ...input.shape.slice(1)] })),
      nodes: this.builder.nodes,
      outputs: outputs.map((output) => ({
        ...output,
        source: this.sourceOf({ kind: 'source', source: output.source }),
        spec: { ...output.spec, shape: [-1, ...output.spec.shape.slice(1)] },
      })),
    };
  }

  private take(two: RecordedNode, three: RecordedNode): void {
    const operands = two.inputs.map((source, i) => this.operand(source, three.inputs[i]!));
    const known = operands.flatMap((operand) => (operand.kind === 'known' ? operand.value : []));
    if (known.length === operands.length) {
      const outputs = execute(two, known);
      outputs.forEach((value, i) => {
        this.known.set(`${two.name}:${i}`, value);
      });
      return;
    }
    if (/^Stateless(Random|Truncated)/.test(two.op)) {
      this.noise(two, operands);
      return;
    }
    const inputs = operands.map((operand, i) =>
      operand.kind === 'varying' ? this.varying(two, i, operand.pair) : this.sourceOf(operand),
    );
    const rewrite = rewriteOf(two.op);
    const values = operands.map((operand) => (operand.kind === 'known' ? operand.value : undefined));
    if (rewrite) this.written.set(`${two.name}:0`, rewrite(this.builder, two, inputs, values));
    else this.builder.add({ ...two, inputs });
  }

  private operand(two: string, three: string): Operand {
    const pair = [this.constants[0]!.get(two), this.constants[1]!.get(three)] as const;
    if (pair[0] && pair[1]) {
      const both: Pair = [pair[0], pair[1]];
      return isSame(both) ? { kind: 'known', source: two, value: both[0] } : { kind: 'varying', pair: both };
    }
    const value = this.known.get(two);
    return value ? { kind: 'known', source: two, value } : { kind: 'source', source: two };
  }

  /** The graph's source of an operand; a value that is known becomes a constant. */
  private sourceOf(operand: Exclude<Operand, { kind: 'varying' }>): string {
    if (operand.kind === 'source') {
      const value = this.known.get(operand.source);
      if (value) return this.sourceOf({ kind: 'known', source: operand.source, value });
      return this.written.get(operand.source) ?? operand.source;
    }
    const { source, value } = operand;
    const there = this.written.get(source);
    if (there) return there;
    const constant = this.builder.constant(source.replace(/:0$/, '').replace(':', '/'), value, true);
    this.written.set(source, constant);
    return constant;
  }

  /** A constant that is another in a batch of another size, as what it is of a batch of any size. */
  private varying(node: RecordedNode, index: number, pair: Pair): string {
    if (pair[0].dtype === 'int32' && pair[0].rank === 1) {
      const dimensions = this.dimensions(node, pair);
      const varying = dimensions.filter(({ perItem }) => perItem > 0);
      // Reshape and Slice take -1 for what remains
      const takesRest = (node.op === 'Reshape' && index === 1) || (node.op === 'Slice' && index === 2);
      if (takesRest && varying.length === 1) {
        const sizes = dimensions.map(({ fixed, perItem }) => (perItem === 0 ? fixed : -1));
        return this.builder.constant(`${node.name}/sizes`, tf.tensor1d(sizes, 'int32'));
      }
      return this.builder.shape(node.name, dimensions);
    }
    const row = this.rowOf(node, pair);
    return this.builder.repeated(node.name, this.builder.constant(`${node.name}/row`, row), row.rank);
  }

  private dimensions(node: RecordedNode, [two, three]: Pair): Dimension[] {
    const [a, b] = [two.dataSync(), three.dataSync()];
    if (a.length !== b.length) throw notUnderstood(this.generator, `layer '${node.layer}'`);
    return Array.from(a, (size, i) => {
      if (b[i] === size) return { fixed: size, perItem: 0 };
      const perItem = b[i]! - size;
      if (size !== TWO * perItem) throw notUnderstood(this.generator, `layer '${node.layer}'`);
      return { fixed: 0, perItem };
    });
  }

  /** Of a constant that has the same row for each sample, that row. */
  private rowOf(node: RecordedNode, [two, three]: Pair): tf.Tensor {
    const isPerSample = two.rank > 0 && two.shape[0] === TWO && three.shape[0] === THREE;
    if (isPerSample) {
      const row = tf.slice(two, 0, 1);
      const repeated = tf.tile(row, [THREE, ...two.shape.slice(1).map(() => 1)]);
      if (isSame([repeated, three])) return row;
    }
    throw notUnderstood(this.generator, `layer '${node.layer}'`);
  }

  /** What `nash sample` draws for the first samples of its first batch. */
  private noise(node: RecordedNode, operands: readonly Operand[]): void {
    const [shape, seed] = operands as [Operand, Operand];
    if (shape.kind !== 'varying' || seed.kind !== 'known')
      throw notUnderstood(this.generator, `layer '${node.layer}'`);
    const [first, ...rest] = this.dimensions(node, shape.pair);
    const isPerSample = first!.perItem === 1 && rest.every(({ perItem }) => perItem === 0);
    if (!isPerSample) throw notUnderstood(this.generator, `layer '${node.layer}'`);
    const whole = tf.tensor1d([BATCH, ...rest.map(({ fixed }) => fixed)], 'int32');
    const drawn = execute(node, [whole, seed.value])[0]!;
    const rows = this.builder.constant(`${node.name}/rows`, tf.slice(drawn, 0, NOISE_ROWS));
    this.written.set(`${node.name}:0`, this.builder.rowsInTurn(node.name, rows, NOISE_ROWS));
  }
}

const seedOfBatch = (): tf.Tensor => tf.tensor1d([...batchSeed(SEED, 0)], 'int32');

const notUnderstood = ({ architecture }: Generator, where: string): NashError =>
  new NashError(
    'failed',
    `${where} depends on the number of samples in a way that no export knows, and a model taken elsewhere takes any number. ` +
      `Shapes of the ${architecture.generator.net} may hold it once, or a multiple; constants one row for each sample.`,
  );

function constantsOf({ nodes }: Recording): Map<string, tf.Tensor> {
  return new Map(
    nodes
      .filter(({ op }) => op === 'Const')
      .map(({ name, outputs: [spec], value }) => [`${name}:0`, tensorOf(spec!, value!)]),
  );
}

function tensorOf({ shape, dtype }: { shape: readonly number[]; dtype: ElementType }, bytes: Uint8Array) {
  const copy = bytes.slice();
  if (dtype === 'float32') return tf.tensor(new Float32Array(copy.buffer), [...shape], 'float32');
  if (dtype === 'int32') return tf.tensor(new Int32Array(copy.buffer), [...shape], 'int32');
  return tf.tensor(copy, [...shape], 'bool');
}

const execute = ({ op, attributes, outputs }: RecordedNode, inputs: tf.Tensor[]): tf.Tensor[] =>
  nodeBackend().executeMultipleOutputs(op, [...attributes], inputs, outputs.length);
