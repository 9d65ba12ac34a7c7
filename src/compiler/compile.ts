// Turns a step written as ordinary tfjs code into one TensorFlow session call (design 1.1).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { assert, NashError } from '../errors.js';
import { vectorInstructions } from '../numerics/instruction-set.js';
import { RandomStream, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { outputNode, writeSavedModel } from './graph.js';
import { toBfloat16 } from './mixed-precision.js';
import {
  type Difference,
  differenceOf,
  type InputSpec,
  prune,
  type Recording,
  record,
  type StepFunction,
} from './recording.js';
import { nodeBackend } from './tensorflow.js';

export interface CompileOptions {
  /** float32: bit-identical to the eager step. bfloat16: see mixed-precision.ts for what is cast. */
  precision: 'float32' | 'bfloat16';
  /** where to leave the SavedModel for a person to look at; a temporary folder, removed at once, when absent */
  dumpFolder?: string;
}

/** A step that runs as one session call. Holds a TensorFlow session until `dispose`. */
export interface CompiledStep {
  readonly recording: Recording;
  /**
   * Runs the graph. `tensors` hold every input, with the shapes it was compiled for; the caller keeps them.
   * A tensor's bytes are handed to TensorFlow at its first use and kept with it, so weights that serve several
   * shards are copied once.
   *
   * @returns each output's values in row-major order, owned by the caller
   */
  run(tensors: Record<string, tf.Tensor>): Record<string, Float32Array>;
  dispose(): void;
}

/**
 * Traces `step` twice, with other seeds and data, refuses it when the recordings differ, and loads the graph.
 *
 * @throws NashError('failed') naming the layer that draws on the host, NashError('environment') where bfloat16 is asked of a
 * processor that cannot
 */
export function compile(
  step: StepFunction,
  inputs: readonly InputSpec[],
  options: CompileOptions,
): CompiledStep {
  if (options.precision === 'bfloat16') requireBfloat16();
  const [first, second] = [traceOnce(step, inputs, 1), traceOnce(step, inputs, 2)];
  const difference = differenceOf(first, second);
  if (difference) {
    traceOnce(step, inputs, 1, difference);
    throw new NashError('failed', difference.message); // this time it was made elsewhere, or not at all
  }
  const pruned = prune(first);
  return load(options.precision === 'bfloat16' ? prune(toBfloat16(pruned)) : pruned, options.dumpFolder);
}

/** oneDNN has matrix kernels in bfloat16 from AVX-512 on; asked for one on less, it ends the process without a word to us (seen). */
function requireBfloat16(): void {
  if (process.arch !== 'x64' || nodeBackend().isUsingGpuDevice) return;
  const limit = process.env.ONEDNN_MAX_CPU_ISA ?? process.env.DNNL_MAX_CPU_ISA;
  const isLimited = /^(SSE41|AVX|AVX2|AVX2_VNNI)$/i.test(limit ?? '');
  if (!isLimited && vectorInstructions().includes('avx512bw')) return;
  throw new NashError(
    'environment',
    `precision bfloat16 needs a processor with AVX-512 or a GPU, and ${isLimited ? `ONEDNN_MAX_CPU_ISA is ${limit}` : 'this one has none'}. ` +
      '--set precision=float32 trains here.',
  );
}

function traceOnce(
  step: StepFunction,
  inputs: readonly InputSpec[],
  variant: number,
  refused?: Difference,
): Recording {
  const tensors = exampleInputs(inputs, variant);
  const { recording, results } = record(step, inputs, tensors, refused);
  tf.dispose(results);
  tf.dispose(tensors);
  return recording;
}

/** Tensors of the declared shapes with values that differ between variants: small normals, or any int32. */
function exampleInputs(inputs: readonly InputSpec[], variant: number): Record<string, tf.Tensor> {
  const tensors: Record<string, tf.Tensor> = {};
  for (const { name, shape, dtype } of inputs) {
    const random = new RandomStream(seedOf('trace', variant, name));
    const length = sizeOf(shape);
    const values =
      dtype === 'int32'
        ? Int32Array.from({ length }, () => random.word() | 0)
        : Float32Array.from({ length }, () => 0.05 * random.normal());
    tensors[name] = tf.tensor(values, [...shape], dtype);
  }
  return tensors;
}

function load(recording: Recording, dumpFolder: string | undefined): CompiledStep {
  const backend = nodeBackend();
  const folder = dumpFolder ?? mkdtempSync(join(tmpdir(), 'nash-graph-'));
  let session: number;
  try {
    writeSavedModel(recording, folder);
    session = backend.loadSavedModelMetaGraph(folder, 'serve');
  } finally {
    if (dumpFolder === undefined) rmSync(folder, { recursive: true, force: true });
  }
  const feeds = recording.inputs.map(({ name, dtype }) => ({ name: `${name}:0`, dtype }));
  const fetches = recording.outputs.map(({ name }) => `${outputNode(name)}:0`);
  return {
    recording,
    run(tensors) {
      const ordered = recording.inputs.map((input) => matching(tensors[input.name], input));
      const results = backend.runSavedModel(session, ordered, feeds, fetches);
      const values = Object.fromEntries(
        recording.outputs.map(({ name }, i) => [name, results[i]!.dataSync() as Float32Array]),
      );
      tf.dispose(results);
      return values;
    },
    dispose: () => backend.deleteSavedModel(session),
  };
}

function matching(tensor: tf.Tensor | undefined, input: InputSpec): tf.Tensor {
  assert(
    tensor && sizeOf(tensor.shape) === sizeOf(input.shape) && tensor.dtype === input.dtype,
    () =>
      `input '${input.name}' needs ${input.dtype} [${input.shape}], got ${tensor?.dtype} [${tensor?.shape}]`,
  );
  return tensor;
}
