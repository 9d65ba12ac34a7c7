// How a TensorFlow kernel that tfjs does not expose is called, and how it is told which derivatives it has.
import * as tf from '@tensorflow/tfjs-core';
import { type KernelAttribute, nodeBackend } from '../compiler/tensorflow.js';
import { NashError } from '../errors.js';

/** Attributes in the binding's form. */
export const attribute = {
  type: (name: string, dtype: 'float32' | 'int32'): KernelAttribute => {
    const { binding } = nodeBackend();
    return {
      name,
      type: binding.TF_ATTR_TYPE,
      value: dtype === 'float32' ? binding.TF_FLOAT : binding.TF_INT32,
    };
  },
  float: (name: string, value: number): KernelAttribute => ({
    name,
    type: nodeBackend().binding.TF_ATTR_FLOAT,
    value,
  }),
  bool: (name: string, value: boolean): KernelAttribute => ({
    name,
    type: nodeBackend().binding.TF_ATTR_BOOL,
    value,
  }),
  text: (name: string, value: string): KernelAttribute => ({
    name,
    type: nodeBackend().binding.TF_ATTR_STRING,
    value,
  }),
};

/** Calls one kernel with one output. The result belongs to the enclosing `tf.tidy`. */
export function callKernel(op: string, attributes: KernelAttribute[], inputs: tf.Tensor[]): tf.Tensor {
  return nodeBackend().executeSingleOutput(op, attributes, inputs);
}

/** Calls one kernel with several outputs. */
export function callKernelOutputs(
  op: string,
  attributes: KernelAttribute[],
  inputs: tf.Tensor[],
  count: number,
): tf.Tensor[] {
  return nodeBackend().executeMultipleOutputs(op, attributes, inputs, count);
}

let secondDerivatives = false;

/**
 * Runs `body` as a step that differentiates a gradient. Fused kernels, whose backward pass tfjs cannot differentiate,
 * refuse to be used inside: through `tf.customGrad` around the backend a gradient penalty would leave the tape and come
 * out wrong, with no error (design 1.6).
 */
export function withSecondDerivatives<T>(body: () => T): T {
  const outer = secondDerivatives;
  secondDerivatives = true;
  try {
    return body();
  } finally {
    secondDerivatives = outer;
  }
}

/** @throws NashError('usage') when a kernel without second derivatives stands in a step that needs them */
export function requireFirstOrder(kernel: string): void {
  if (!secondDerivatives) return;
  throw new NashError(
    'usage',
    `the layer kernel '${kernel}' has no second derivative, which this run's penalty needs. ` +
      'Choose a network without it in the net that the penalty is laid on.',
  );
}

/** Lets a tensor made inside a tidied scope of tfjs outlive it; `adopt` must follow. */
export const outlive = <T extends tf.Tensor>(tensor: T): T => tf.keep(tensor);

/** Hands an outliving tensor to the scope that is open now, which disposes it like any other. */
export function adopt(kept: tf.Tensor): tf.Tensor {
  const adopted = tf.clone(kept);
  kept.dispose();
  return adopted;
}
