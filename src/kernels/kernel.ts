// How a TensorFlow kernel that tfjs does not expose is called.
import * as tf from '@tensorflow/tfjs-core';
import { type KernelAttribute, nodeBackend } from '../compiler/tensorflow.js';
import { requireTwiceDifferentiable } from './second-derivatives.js';

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

/** The attribute of kernels over float32 tensors. */
export const floats = (): KernelAttribute[] => [attribute.type('T', 'float32')];

/** Calls one kernel with one output. The result belongs to the enclosing `tf.tidy`. */
export function callKernel(op: string, attributes: KernelAttribute[], inputs: tf.Tensor[]): tf.Tensor {
  requireTwiceDifferentiable(op);
  return nodeBackend().executeSingleOutput(op, attributes, inputs);
}

/** Calls one kernel with several outputs. */
export function callKernelOutputs(
  op: string,
  attributes: KernelAttribute[],
  inputs: tf.Tensor[],
  count: number,
): tf.Tensor[] {
  requireTwiceDifferentiable(op);
  return nodeBackend().executeMultipleOutputs(op, attributes, inputs, count);
}

/** Lets a tensor made inside a tidied scope of tfjs outlive it; `adopt` must follow. */
export const outlive = <T extends tf.Tensor>(tensor: T): T => tf.keep(tensor);

/** Hands an outliving tensor to the scope that is open now, which disposes it like any other. */
export function adopt(kept: tf.Tensor): tf.Tensor {
  const adopted = tf.clone(kept);
  kept.dispose();
  return adopted;
}
