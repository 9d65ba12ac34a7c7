// Which operations may stand where a gradient is differentiated once more (R1, gradient penalty): those that are registered here, each
// held against finite differences by a test. Everything else is refused, since nothing else would notice: tfjs throws for some
// (leakyRelu, elu, max), and for others (tanh, sigmoid, exp) it silently gives a WRONG derivative, because their gradient is made of
// their output, which its tape holds in the wrong order. A fused kernel's backward pass lies behind `tf.customGrad` and leaves the tape.
import * as tf from '@tensorflow/tfjs-core';
import { currentLayer } from '../compiler/layer-scope.js';
import { NashError } from '../errors.js';

/** Kernels of tfjs whose registered gradient tfjs differentiates rightly. */
export const TWICE_DIFFERENTIABLE: ReadonlySet<string> = new Set([
  'Add',
  'AddN',
  'BatchMatMul',
  'Concat',
  'Conv2D',
  'Conv2DBackpropInput',
  'ExpandDims',
  'Identity',
  'Mean',
  'Multiply',
  'Neg',
  'PadV2',
  'Pow',
  'RealDiv',
  'Relu',
  'Reshape',
  'Rsqrt',
  'Slice',
  'SplitV',
  'Square',
  'Sub',
  'Sum',
  'Tile',
  'Transpose',
]);

/** Kernels whose result no input is differentiated through, and what only moves or fills memory. */
const CONSTANT: ReadonlySet<string> = new Set([
  'Cast',
  'Conv2DBackpropFilter', // of the inner gradient by weights, which nobody asks for
  'Fill',
  'Greater',
  'Less',
  'OnesLike',
  'StatelessRandomNormal',
  'StatelessRandomUniform',
  'Step',
  'ZerosLike',
]);

let isActive = false;
let isOwnGradient = false;

/** As far as the guard listens to tfjs: everything that its tape notes passes through here, `tf.customGrad` without a kernel's name. */
interface Engine {
  runKernelFunc(params: { kernelName?: string }): unknown;
  /** above 0 inside a kernel: what it calls there is not on the tape */
  state: { kernelDepth: number };
}

/** Whether a gradient is being made that will be differentiated: fused kernels then take their composed form. */
export const needsSecondDerivatives = (): boolean => isActive;

/**
 * Runs `body`, which computes something and its gradient, such that the gradient can be differentiated once more.
 * @throws NashError('usage') when it uses an operation that is not registered as twice differentiable
 */
export function withSecondDerivatives<T>(body: () => T): T {
  if (isActive) return body();
  const engine = tf.engine() as unknown as Engine;
  const { runKernelFunc } = engine;
  isActive = true;
  engine.runKernelFunc = (params) => {
    if (engine.state.kernelDepth === 0) {
      if (params.kernelName !== undefined) requireTwiceDifferentiable(params.kernelName);
      else if (!isOwnGradient) throw refused('tf.customGrad');
    }
    return runKernelFunc.call(engine, params);
  };
  try {
    return body();
  } finally {
    isActive = false;
    engine.runKernelFunc = runKernelFunc;
  }
}

/** Lets `body` run a `tf.customGrad` whose gradient is written such that it can be differentiated (own-gradient.ts). */
export function withOwnGradient<T>(body: () => T): T {
  const outer = isOwnGradient;
  isOwnGradient = true;
  try {
    return body();
  } finally {
    isOwnGradient = outer;
  }
}

/** @throws NashError('usage') where second derivatives are needed and this kernel is not known to have them */
export function requireTwiceDifferentiable(kernel: string): void {
  if (isActive && !isOwnGradient && !TWICE_DIFFERENTIABLE.has(kernel) && !CONSTANT.has(kernel))
    throw refused(kernel);
}

const refused = (operation: string): NashError =>
  new NashError(
    'usage',
    `the operation '${operation}' in layer '${currentLayer() || '(no layer)'}' is not known to have a right second derivative, ` +
      "which this run's penalty needs. Choose a network without it in the net that the penalty is laid on; in a layer of your own, " +
      'use those of src/kernels, or of `operations` from nash/models, which have a form for this.',
  );
