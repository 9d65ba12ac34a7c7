// Squared distances of many items to many, in double precision: a graph written by hand, since tfjs has no doubles. A result is the sum of
// two floats, which hold 48 of its 53 bits.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { outputNode, writeSavedModel } from './graph.js';
import type { RecordedNode, Recording, TensorSpec } from './recording.js';
import { type KernelAttribute, nodeBackend } from './tensorflow.js';

/** DataType of tensorflow/core/framework/types.proto */
const [FLOAT, INT32, DOUBLE, BOOL] = [1, 3, 2, 10];
/** Share of two items' squared norms below which their squared distance is the rounding of nought. */
const ROUNDING = 1e-12;

/** Holds a TensorFlow session until `dispose`. */
export interface DoubleDistances {
  /** @param a `[n, size]` @param b `[m, size]` @returns `[n, m]` */
  squared(a: Float32Array, b: Float32Array, size: number): Float64Array;
  dispose(): void;
}

export function doubleDistances(): DoubleDistances {
  const backend = nodeBackend();
  const folder = mkdtempSync(join(tmpdir(), 'nash-distances-'));
  let session: number;
  try {
    writeSavedModel(recording(), folder);
    session = backend.loadSavedModelMetaGraph(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const feeds = ['a:0', 'b:0'].map((name) => ({ name, dtype: 'float32' }));
  const fetches = ['high', 'low'].map((name) => `${outputNode(name)}:0`);
  return {
    squared(a, b, size) {
      const items = [a, b].map((values) => tf.tensor2d(values, [values.length / size, size]));
      const results = backend.runSavedModel(session, items, feeds, fetches);
      const [high, low] = results.map((result) => result.dataSync() as Float32Array) as [
        Float32Array,
        Float32Array,
      ];
      tf.dispose([...items, ...results]);
      const sum = new Float64Array(high.length);
      for (let i = 0; i < sum.length; i++) sum[i] = high[i]! + low[i]!;
      return sum;
    },
    dispose: () => backend.deleteSavedModel(session),
  };
}

/** |a|^2 - 2 a b + |b|^2 of floats that are doubles by then. */
function recording(): Recording {
  const { TF_ATTR_TYPE, TF_ATTR_BOOL } = nodeBackend().binding;
  const type = (name: string, value: number): KernelAttribute => ({ name, type: TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean): KernelAttribute => ({ name, type: TF_ATTR_BOOL, value });
  const spec: TensorSpec = { shape: [-1, -1], dtype: 'float32' };
  const nodes: RecordedNode[] = [];
  const add = (name: string, op: string, inputs: string[], attributes: KernelAttribute[]): string => {
    nodes.push({ name, op, layer: '', attributes, inputs, outputs: [spec] });
    return `${name}:0`;
  };
  const constant = (name: string, dtype: 'int32' | 'float32', values: Int32Array | Float32Array): string => {
    const outputs: TensorSpec[] = [{ shape: [values.length], dtype }];
    const value = new Uint8Array(values.buffer as ArrayBuffer);
    nodes.push({ name, op: 'Const', layer: '', attributes: [], inputs: [], outputs, value });
    return `${name}:0`;
  };
  const cast = (name: string, from: string, [source, target]: [number, number]) =>
    add(name, 'Cast', [from], [type('SrcT', source), type('DstT', target), flag('Truncate', false)]);
  const T = type('T', DOUBLE);
  const binary = (name: string, op: string, a: string, b: string) => add(name, op, [a, b], [T]);
  const a = cast('double-a', 'a:0', [FLOAT, DOUBLE]);
  const b = cast('double-b', 'b:0', [FLOAT, DOUBLE]);
  const axis = constant('axis', 'int32', Int32Array.of(1));
  const norms = (name: string, of: string, keeps: boolean) =>
    add(
      name,
      'Sum',
      [binary(`${name}-squares`, 'Mul', of, of), axis],
      [T, type('Tidx', INT32), flag('keep_dims', keeps)],
    );
  const products = add(
    'products',
    'MatMul',
    [a, b],
    [T, flag('transpose_a', false), flag('transpose_b', true)],
  );
  const both = binary('norms', 'AddV2', norms('norms-a', a, true), norms('norms-b', b, false));
  const raw = binary('raw', 'Sub', both, binary('twice', 'AddV2', products, products));
  const scale = cast('share', constant('rounding', 'float32', Float32Array.of(ROUNDING)), [FLOAT, DOUBLE]);
  const isMore = binary('is-more', 'Greater', raw, binary('least', 'Mul', both, scale));
  const squared = binary('squared', 'Mul', raw, cast('counts', isMore, [BOOL, DOUBLE]));
  const high = cast('near', squared, [DOUBLE, FLOAT]);
  const rest = binary('rest', 'Sub', squared, cast('near-double', high, [FLOAT, DOUBLE]));
  const low = cast('rest-float', rest, [DOUBLE, FLOAT]);
  return {
    inputs: ['a', 'b'].map((name) => ({ name, shape: [-1, -1], dtype: 'float32' as const })),
    nodes,
    outputs: [
      { name: 'high', source: high, spec },
      { name: 'low', source: low, spec },
    ],
  };
}
