// G's weights as PyTorch knows them: `dense1.weight`, `norm1.running_mean`; matrices [out, in], convolutions [out, in, h, w], transposed
// ones [in, out, h, w]. What a dense layer makes of which a picture is made stands channel by channel, as PyTorch's pictures do.
import { encodeSafetensors, type Tensor } from '../checkpoints/safetensors.js';
import { nodeOf, type RecordedNode, type Recording } from '../compiler/recording.js';
import { sizeOf } from '../numerics/shape.js';
import { type Generator, recordingOf, weightName, weightsOf } from './generator-graph.js';
import { rangeOf, type Taken } from './taken.js';

/** How Nash's names of a layer's tensors end in PyTorch, where they are vectors. */
const VECTORS: Readonly<Record<string, string>> = {
  scale: 'weight',
  offset: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};

/** `norm1/scale` → `norm1.weight`; names that PyTorch has none for keep theirs. */
function torchName(name: string, rank: number): string {
  const parts = name.split('/');
  const last = parts.pop()!;
  const end = last === 'kernel' && rank >= 2 ? 'weight' : rank === 1 ? (VECTORS[last] ?? last) : last;
  return [...parts, end].join('.');
}

/** Axes of a kernel in PyTorch's order: `[in, out]` and `[h, w, a, b]` of either convolution. */
const AXES: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 4: [3, 2, 0, 1] };

/**
 * G's tensors by PyTorch's names.
 * @param graph G's, in which kernels under spectral normalization are divided by their norm
 */
export function torchTensors(generator: Generator, graph: Recording): Map<string, Tensor> {
  const recording = recordingOf(generator, 2);
  const orders = channelOrders(recording);
  const normed = normedKernels(recording, graph);
  const { parameters, slots } = weightsOf(generator);
  const powerVectors = new Set([...normed.keys()].map((name) => name.replace(/kernel$/, 'u')));
  return new Map(
    [...parameters, ...slots]
      .filter(({ name }) => !powerVectors.has(name))
      .map(({ name, shape, values }) => {
        const ordered = permuted({ shape, data: normed.get(name) ?? values }, orders.get(name));
        const axes = name.endsWith('kernel') ? AXES[shape.length] : undefined;
        return [torchName(name, shape.length), axes ? transposed(ordered, axes) : ordered];
      }),
  );
}

export function transposed({ shape, data }: Tensor, axes: readonly number[]): Tensor {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const to = axes.map((axis) => shape[axis]!);
  const result = new Float32Array(data.length);
  const steps = axes.map((axis) => strides[axis]!);
  const index = to.map(() => 0);
  let from = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[from]!;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += steps[axis]!;
      if (index[axis]! < to[axis]!) break;
      from -= steps[axis]! * to[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: to, data: result };
}

/** The last axis in another order. */
function permuted({ shape, data }: Tensor, order: readonly number[] | undefined): Tensor {
  if (!order) return { shape, data };
  const width = order.length;
  return { shape, data: data.map((_, i) => data[i - (i % width) + order[i % width]!]!) };
}

/** Operations on each number by itself, through which an order of features goes. */
const ELEMENTWISE =
  /^(Relu|LeakyRelu|Elu|Selu|Tanh|Sigmoid|Softplus|Exp|Neg|Square|BiasAdd|Mul|AddV2|Add|Sub|FusedBatchNormV3)$/;

/**
 * Of parameters whose last axis becomes a picture `[h, w, c]`, which of its features PyTorch has where: those of a dense layer and of what
 * stands between it and the picture.
 */
function channelOrders({ nodes }: Recording): Map<string, number[]> {
  const made = new Map(nodes.map((node) => [node.name, node]));
  const orders = new Map<string, number[]>();
  for (const node of nodes) {
    const [, height, width, channels] = node.outputs[0]!.shape;
    const before = made.get(nodeOf(node.inputs[0] ?? ':'));
    const isPicture = node.op === 'Reshape' && before?.outputs[0]?.shape.length === 2;
    if (!isPicture || channels === undefined || channels === 1 || height! * width! === 1) continue;
    const features = parametersOf(before, made);
    const order = channelsFirst([height!, width!, channels]);
    for (const name of features ?? []) orders.set(name, order);
  }
  return orders;
}

const channelsFirst = ([height, width, channels]: readonly [number, number, number]): number[] =>
  Array.from({ length: channels }, (_, c) =>
    Array.from({ length: height * width }, (_, at) => at * channels + c),
  ).flat();

/** Names of the parameters from a dense layer on; undefined where features come of anything else. */
function parametersOf(last: RecordedNode, made: ReadonlyMap<string, RecordedNode>): string[] | undefined {
  const names: string[] = [];
  const width = last.outputs[0]!.shape.at(-1)!;
  for (let node: RecordedNode | undefined = last; node; node = made.get(nodeOf(node.inputs[0]!))) {
    for (const source of node.inputs)
      if (source.startsWith(PREFIX)) names.push(nodeOf(source).slice(PREFIX.length));
    if (/MatMul/.test(node.op)) return names;
    const isSame =
      ELEMENTWISE.test(node.op) || (node.op === 'Reshape' && node.outputs[0]!.shape.at(-1) === width);
    if (!isSame) return undefined;
  }
  return undefined;
}

const PREFIX = weightName('');

/** Kernels that G divides by their spectral norm, as they are then. */
function normedKernels({ nodes }: Recording, graph: Recording): Map<string, Float32Array> {
  const values = new Map(graph.nodes.map(({ name, value }) => [name, value]));
  return new Map(
    nodes.flatMap(({ op, name, inputs: [kernel] }) => {
      const value = op === 'RealDiv' && kernel?.startsWith(PREFIX) ? values.get(name) : undefined;
      return value
        ? [[nodeOf(kernel!).slice(PREFIX.length), new Float32Array(value.slice().buffer)] as const]
        : [];
    }),
  );
}

/** Channels first. */
export const torchShape = (shape: readonly number[]): readonly number[] =>
  shape.length === 3 ? [shape[2]!, shape[0]!, shape[1]!] : shape;

/** Whether generator.py builds the network: layers in sequence that PyTorch has, each under its name. */
export const isSequence = ({ config }: Taken): boolean =>
  ['mlp', 'maxout', 'dcgan'].includes(config.model.name ?? '');

/** Said in the file. */
const LAYOUT =
  'kernels [out, in], [out, in, height, width], of transposed convolutions [in, out, height, width]; batch norm weight, bias, running_mean, ' +
  'running_var (epsilon 1e-5); pictures [n, channels, height, width]; names that end otherwise are of layers that PyTorch has not, as in docs/export.md';

/** generator.safetensors: PyTorch's names and layouts; config, latents and range in its metadata. */
export function safetensorsOf({ generator, graph, config, step, isRaw, samples, classes }: Taken): Buffer {
  const [latent] = generator.architecture.generator.inputs.latents!;
  const metadata = {
    format: 'pt',
    layout: LAYOUT,
    latents: `[n, ${latent}], ${generator.latentDistribution}`,
    shape: JSON.stringify(torchShape(samples.shape)),
    samples: `[n, ${torchShape(samples.shape).join(', ')}]; ${rangeOf(samples.shape)}`,
    weights: isRaw ? 'of the step' : "averaged over G's steps",
    step: String(step),
    config: JSON.stringify(config),
    ...(classes && { classes: JSON.stringify(classes.names ?? classes.counts.map((_, i) => String(i))) }),
  };
  return encodeSafetensors({ tensors: torchTensors(generator, graph), metadata });
}
