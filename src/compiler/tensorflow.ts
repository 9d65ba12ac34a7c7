// The one place that loads TensorFlow. Everything else imports `@tensorflow/tfjs-core`, which is plain JavaScript
// until this module has registered the native backend.
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf, NashError } from '../errors.js';

/** How this process may use the machine; part of the run config, because the thread count decides the bits. */
export interface DeviceOptions {
  kind: 'cpu' | 'gpu' | 'auto';
  /** intra-op threads: 1, 2 and 4 give three different roundings, so every worker of a run has the same */
  threads: number;
}

/** The native binding's attribute-type and dtype constants, and its calls, as far as the compiler uses them. */
export interface Binding {
  TF_FLOAT: number;
  TF_INT32: number;
  TF_BOOL: number;
  TF_ATTR_STRING: number;
  TF_ATTR_INT: number;
  TF_ATTR_FLOAT: number;
  TF_ATTR_BOOL: number;
  TF_ATTR_TYPE: number;
  TF_ATTR_SHAPE: number;
  TF_Version: string;
}

/** One attribute of a kernel, in the binding's form. */
export interface KernelAttribute {
  name: string;
  type: number;
  value: unknown;
}

/** What the compiler needs of tfjs-node's backend. */
export interface NodeBackend {
  binding: Binding;
  isUsingGpuDevice: boolean;
  executeSingleOutput(name: string, attributes: KernelAttribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: KernelAttribute[],
    inputs: tf.TensorInfo[],
    count: number,
  ): tf.Tensor[];
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  loadSavedModelMetaGraph(path: string, tag: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: tf.Tensor[],
    infos: { name: string; dtype: string }[],
    outputs: string[],
  ): tf.Tensor[];
}

let loaded: NodeBackend | undefined;

/**
 * Loads TensorFlow once per process and returns its backend. The session overlaps independent branches on two
 * inter-op threads, which costs no bits (design 1.2).
 *
 * @throws NashError('environment') where the library is missing, or a GPU was asked for and none was found
 * (tfjs-node would silently use the CPU).
 */
export function loadTensorFlow(device: DeviceOptions): NodeBackend {
  if (loaded) return loaded;
  process.env.TF_NUM_INTRAOP_THREADS = String(device.threads);
  process.env.TF_NUM_INTEROP_THREADS ??= '2';
  process.env.OMP_NUM_THREADS = String(device.threads);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  process.env.TF_DETERMINISTIC_OPS = '1';
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  if (device.kind === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '';
  try {
    createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
  } catch (cause) {
    throw new NashError(
      'environment',
      `TensorFlow's library could not be loaded: ${messageOf(cause).split('\n')[0]}. Run 'npx nash setup', then 'npx nash doctor'.`,
      { cause },
    );
  }
  const backend = tf.backend() as unknown as NodeBackend;
  if (device.kind === 'gpu' && !backend.isUsingGpuDevice) {
    throw new NashError(
      'environment',
      "the config asks for a GPU (device.kind: gpu) and TensorFlow found none. 'npx nash doctor' says why; " +
        "--set device.kind=cpu trains without one, 'npx nash setup --gpu' installs the CUDA libraries.",
    );
  }
  loaded = backend;
  return backend;
}

/** The backend that `loadTensorFlow` registered; a programmer's mistake to call it before. */
export function nodeBackend(): NodeBackend {
  if (!loaded) throw new Error('broken invariant: loadTensorFlow() has not been called in this process');
  return loaded;
}
