// What an operation of a graph becomes in ONNX is written with this: nodes under names of their own, constants when they are asked for.
import type { RecordedNode } from '../compiler/recording.js';
import type { OnnxNode, OnnxTensor } from './onnx-schema.js';

export type Attributes = OnnxNode['attributes'];

/** Numbers of a constant. */
export interface Constant {
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

/** Collects ONNX's nodes while a graph is gone through. */
export class OnnxWriter {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  /** by source in the graph */
  readonly values = new Map<string, Constant>();
  /** of what nodes give, by source in the graph */
  readonly shapes = new Map<string, readonly number[]>();
  private readonly written = new Set<string>();
  private count = 0;

  /** @param output default: a name of its own @returns it */
  add(op: string, inputs: readonly string[], attributes: Attributes = {}, output = this.fresh(op)): string {
    this.nodes.push({ op, inputs: inputs.map((input) => this.named(input)), output, attributes });
    return output;
  }

  floats(data: Float32Array, shape: readonly number[]): string {
    const name = this.fresh('constant');
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.constants.push({ name, shape, type: 'float32', bytes });
    return name;
  }

  integers(
    data: readonly number[],
    shape: readonly number[] = [data.length],
    name = this.fresh('constant'),
  ): string {
    const bytes = new Uint8Array(BigInt64Array.from(data, BigInt).buffer);
    this.constants.push({ name, shape, type: 'int64', bytes });
    return name;
  }

  /** A constant of the graph is written when it is first asked for: many are attributes in ONNX. */
  private named(source: string): string {
    const value = this.values.get(source);
    if (value && !this.written.has(source)) {
      this.written.add(source);
      const { shape, data } = value;
      if (data instanceof Int32Array) this.integers([...data], shape, source);
      else this.constants.push({ name: source, shape, type: 'float32', bytes: new Uint8Array(data.buffer) });
    }
    return source;
  }

  private fresh(what: string): string {
    this.count += 1;
    return `${what}/${this.count}`;
  }
}

export interface Case {
  writer: OnnxWriter;
  node: RecordedNode;
  inputs: readonly string[];
  /** the numbers of an input that is a constant */
  constant(index: number): Constant;
  attribute<T>(name: string): T | undefined;
  /** of an input that a recorded node made */
  sideOf(index: number, axis: number): number;
  /** writes what the node gives. @param index of its outputs, default: the first */
  give(op: string, inputs: readonly string[], attributes?: Attributes, index?: number): void;
}

export type Translate = (given: Case) => void;
