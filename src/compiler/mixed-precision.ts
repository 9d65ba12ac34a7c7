// A pass over a recording: matrix work in bfloat16, and activations left in bfloat16 from one matrix kernel to the next.
//
// What is cast: the operands and results of Conv2D, its two gradients and matrix products; and, where their main input already
// is bfloat16, batch norm, (leaky) ReLU and their gradients, reshapes and transposes. Batch norm's scale, offset and
// statistics stay float32 inside its kernel. What is never cast: weights as they are kept and updated, losses,
// statistics, sums over shards, and every output of the step: a gradient is rounded to bfloat16 once, by the
// matrix kernel that made it, and is float32 from there on.
import {
  DATA_TYPE,
  type ElementType,
  type RecordedNode,
  type Recording,
  type TensorSpec,
} from './recording.js';
import { type KernelAttribute, nodeBackend } from './tensorflow.js';

interface Rule {
  /** indexes of the inputs that become bfloat16 */
  inputs: readonly number[];
  /** indexes of the outputs that become bfloat16 */
  outputs: readonly number[];
  /** true: always; false: only where the first of `inputs` is bfloat16 already */
  always: boolean;
}

const RULES: Record<string, Rule> = {
  Conv2D: { inputs: [0, 1], outputs: [0], always: true },
  Conv2DBackpropInput: { inputs: [1, 2], outputs: [0], always: true },
  Conv2DBackpropFilter: { inputs: [0, 2], outputs: [0], always: true },
  MatMul: { inputs: [0, 1], outputs: [0], always: true },
  BatchMatMulV2: { inputs: [0, 1], outputs: [0], always: true }, // what tf.matMul executes
  Relu: { inputs: [0], outputs: [0], always: false },
  ReluGrad: { inputs: [0, 1], outputs: [0], always: false },
  LeakyRelu: { inputs: [0], outputs: [0], always: false },
  LeakyReluGrad: { inputs: [0, 1], outputs: [0], always: false },
  FusedBatchNormV3: { inputs: [0], outputs: [0], always: false },
  FusedBatchNormGradV3: { inputs: [0, 1], outputs: [0], always: false },
  Reshape: { inputs: [0], outputs: [0], always: false },
  Transpose: { inputs: [0], outputs: [0], always: false },
};

/** Rewrites a float32 recording; the step's inputs and outputs keep their types. */
export function toBfloat16(recording: Recording): Recording {
  const rewriter = new Rewriter(recording);
  for (const node of recording.nodes) rewriter.visit(node);
  return {
    ...recording,
    nodes: rewriter.nodes,
    outputs: recording.outputs.map((output) => ({
      ...output,
      source: rewriter.as(output.source, 'float32'),
    })),
  };
}

class Rewriter {
  readonly nodes: RecordedNode[] = [];
  private readonly specs = new Map<string, TensorSpec>();
  private readonly casts = new Map<string, string>();

  constructor(recording: Recording) {
    for (const input of recording.inputs) this.specs.set(`${input.name}:0`, input);
  }

  visit(node: RecordedNode): void {
    const rule = RULES[node.op];
    const applies =
      rule !== undefined &&
      this.isFloat(node.inputs[rule.inputs[0]!]!) &&
      (rule.always || this.specs.get(node.inputs[rule.inputs[0]!]!)!.dtype === 'bfloat16');
    this.push(applies ? this.rewritten(node, rule) : this.asFloat32(node));
  }

  /** The same tensor in another float type; a cast is made once and shared. */
  as(source: string, dtype: ElementType): string {
    const spec = this.specs.get(source)!;
    if (spec.dtype === dtype || !this.isFloat(source)) return source;
    const key = `${source}>${dtype}`;
    const known = this.casts.get(key);
    if (known) return known;
    const name = `${source.replace(':', '_')}/as_${dtype}`;
    this.push({
      name,
      op: 'Cast',
      layer: name.slice(0, name.lastIndexOf('/')),
      attributes: [
        typeAttribute('SrcT', DATA_TYPE[dtype === 'float32' ? 'bfloat16' : 'float32']),
        typeAttribute('DstT', DATA_TYPE[dtype]),
      ],
      inputs: [source],
      outputs: [{ shape: spec.shape, dtype }],
    });
    this.casts.set(key, `${name}:0`);
    return `${name}:0`;
  }

  private isFloat(source: string): boolean {
    const dtype = this.specs.get(source)!.dtype;
    return dtype === 'float32' || dtype === 'bfloat16';
  }

  private push(node: RecordedNode): void {
    this.nodes.push(node);
    node.outputs.forEach((spec, index) => {
      this.specs.set(`${node.name}:${index}`, spec);
    });
  }

  private asFloat32(node: RecordedNode): RecordedNode {
    return { ...node, inputs: node.inputs.map((source) => this.as(source, 'float32')) };
  }

  private rewritten(node: RecordedNode, rule: Rule): RecordedNode {
    return {
      ...node,
      attributes: node.attributes.map((a) => (a.name === 'T' ? typeAttribute('T', DATA_TYPE.bfloat16) : a)),
      inputs: node.inputs.map((source, i) =>
        this.as(source, rule.inputs.includes(i) ? 'bfloat16' : 'float32'),
      ),
      outputs: node.outputs.map((spec, i) =>
        rule.outputs.includes(i) ? { ...spec, dtype: 'bfloat16' } : spec,
      ),
    };
  }
}

const typeAttribute = (name: string, value: number): KernelAttribute => ({
  name,
  type: nodeBackend().binding.TF_ATTR_TYPE,
  value,
});
