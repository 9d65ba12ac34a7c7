// Nodes that are written into a graph rather than recorded: constants, and what computes the size of a batch.
import * as tf from '@tensorflow/tfjs-core';
import { DATA_TYPE, type ElementType, type RecordedNode } from '../compiler/recording.js';
import { type KernelAttribute, nodeBackend } from '../compiler/tensorflow.js';
import { attribute } from '../kernels/kernel.js';

const integer = (name: string, value: number): KernelAttribute => ({
  name,
  type: nodeBackend().binding.TF_ATTR_INT,
  value,
});
const element = (name: string, dtype: ElementType): KernelAttribute => ({
  ...attribute.type(name, 'int32'),
  value: DATA_TYPE[dtype],
});

/** Makes a value that is known. */
const dims = (...values: number[]): tf.Tensor => tf.tensor1d(values, 'int32');

/** A dimension of what belongs to a batch of n: a fixed one, or a multiple of n; the other of the two is 0. */
export interface Dimension {
  fixed: number;
  perItem: number;
}

/** Collects nodes. What `constant` is given stays the caller's. */
export class GraphBuilder {
  readonly nodes: RecordedNode[] = [];
  private batchSource: string | undefined;

  /** @param taken names of nodes that are to come */
  constructor(private readonly taken: Set<string>) {}

  /** @returns the node's first output */
  add(node: Omit<RecordedNode, 'name'> & { name: string }): string {
    this.nodes.push(node);
    return `${node.name}:0`;
  }

  /** @param isOwn whether the name is the constant's own, such as that of the node whose place it takes */
  constant(name: string, value: tf.Tensor, isOwn = false): string {
    const data = value.dataSync();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    const outputs = [{ shape: [...value.shape], dtype: value.dtype as ElementType }];
    return this.add({
      ...{ name: isOwn ? name : this.unique(name), op: 'Const', layer: name, attributes: [], inputs: [] },
      outputs,
      value: bytes,
    });
  }

  /** A node of float32 or int32. @param shape of what it gives, where a reader of the graph has to know it */
  operation(
    layer: string,
    op: string,
    inputs: readonly string[],
    {
      dtype = 'float32',
      attributes,
      shape = [],
    }: { dtype?: ElementType; attributes?: KernelAttribute[]; shape?: readonly number[] } = {},
  ): string {
    return this.add({
      ...{ name: this.unique(`${layer}/${op}`), op, layer, inputs },
      attributes: attributes ?? [element('T', dtype)],
      outputs: [{ shape, dtype }],
    });
  }

  /** `[n]`, int32: how many samples there are. */
  batch(): string {
    this.batchSource ??= this.sizeOfBatch(0);
    return this.batchSource;
  }

  private sizeOfBatch(shrinkMask: number): string {
    const shape = this.operation('batch', 'Shape', ['latents:0'], {
      dtype: 'int32',
      attributes: [element('T', 'float32'), element('out_type', 'int32')],
    });
    const ends = [dims(0), dims(1), dims(1)].map((value) => this.constant('batch/end', value));
    const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask'].map((name) =>
      integer(name, 0),
    );
    return this.operation('batch', 'StridedSlice', [shape, ...ends], {
      dtype: 'int32',
      attributes: [
        element('T', 'int32'),
        element('Index', 'int32'),
        ...masks,
        integer('shrink_axis_mask', shrinkMask),
      ],
    });
  }

  /** `[dimensions.length]`, int32. */
  shape(layer: string, dimensions: readonly Dimension[]): string {
    const factors = this.constant(`${layer}/factors`, dims(...dimensions.map(({ perItem }) => perItem)));
    const scaled = this.operation(layer, 'Mul', [this.batch(), factors], { dtype: 'int32' });
    const fixed = this.constant(`${layer}/fixed`, dims(...dimensions.map(({ fixed }) => fixed)));
    return this.operation(layer, 'AddV2', [scaled, fixed], { dtype: 'int32' });
  }

  /** `[...shape]` */
  reshape(layer: string, source: string, shape: readonly number[]): string {
    const to = this.constant(`${layer}/shape`, dims(...shape));
    const attributes = [element('T', 'float32'), element('Tshape', 'int32')];
    return this.operation(layer, 'Reshape', [source, to], { attributes });
  }

  transpose(layer: string, source: string, axes: readonly number[]): string {
    const to = this.constant(`${layer}/axes`, dims(...axes));
    const attributes = [element('T', 'float32'), element('Tperm', 'int32')];
    return this.operation(layer, 'Transpose', [source, to], { attributes });
  }

  /** Row i modulo rows for sample i: `[rows, ...]` → `[n, ...]` */
  rowsInTurn(layer: string, rows: string, count: number): string {
    const scalar = (value: number) => this.constant(`${layer}/number`, tf.scalar(value, 'int32'));
    const end = this.sizeOfBatch(1);
    const range = this.operation(layer, 'Range', [scalar(0), end, scalar(1)], {
      dtype: 'int32',
      attributes: [element('Tidx', 'int32')],
    });
    const index = this.operation(layer, 'FloorMod', [range, scalar(count)], { dtype: 'int32' });
    return this.operation(layer, 'GatherV2', [rows, index, scalar(0)], {
      attributes: [
        element('Tparams', 'float32'),
        element('Tindices', 'int32'),
        element('Taxis', 'int32'),
        integer('batch_dims', 0),
      ],
    });
  }

  /** `[1, ...]` or whatever of known shape, as often along its first axis as there are samples */
  repeated(layer: string, source: string, rank: number): string {
    const one = { fixed: 1, perItem: 0 };
    const multiples = this.shape(
      layer,
      Array.from({ length: rank }, (_, i) => (i === 0 ? { fixed: 0, perItem: 1 } : one)),
    );
    const attributes = [element('T', 'float32'), element('Tmultiples', 'int32')];
    return this.operation(layer, 'Tile', [source, multiples], { attributes });
  }

  unique(name: string): string {
    let free = name;
    for (let i = 1; this.taken.has(free); i++) free = `${name}_${i}`;
    this.taken.add(free);
    return free;
  }
}
