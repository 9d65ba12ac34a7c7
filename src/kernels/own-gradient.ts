// Operations whose gradient is made of operations that have a gradient in their turn, so that every order of derivative is right. What
// tfjs registers is not always: a gradient made of an operation's own output (tanh, exp, softmax) is wrong once it is differentiated.
import * as tf from '@tensorflow/tfjs-core';
import { withOwnGradient } from './second-derivatives.js';

type Unary = (x: tf.Tensor) => tf.Tensor;

/** What an operation remembers for its gradient. */
type Remembers = 'input' | 'output';

/**
 * A function by its kernel and what makes its gradient.
 * @param backward (dy, remembered) → dx
 */
export const withBackward =
  (kernel: Unary, remembers: Remembers, backward: (dy: tf.Tensor, saved: tf.Tensor) => tf.Tensor): Unary =>
  (x) =>
    withOwnGradient(() =>
      tf.customGrad((...args) => {
        const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
        const value = kernel(input);
        save([remembers === 'input' ? input : value]);
        return { value, gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => backward(dy, saved!) };
      })(x),
    );

/**
 * A linear operation by its two kernels: the gradient of each is the other.
 * @param forward x → A x
 * @param adjoint dy → A^T dy, of the shape of x
 */
export const linear =
  (forward: Unary, adjoint: Unary): Unary =>
  (x) =>
    withOwnGradient(() =>
      tf.customGrad((input) => ({
        value: forward(input as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => linear(adjoint, forward)(dy),
      }))(x),
    );

/**
 * A function that is linear between kinks: its gradient kernel is linear in dy and its own adjoint.
 * @param kernel x → f(x)
 * @param masked (dy, remembered) → f'(x) dy; what is remembered only says on which side of the kink an element lies
 */
export const piecewiseLinear = (
  kernel: Unary,
  remembers: Remembers,
  masked: (dy: tf.Tensor, side: tf.Tensor) => tf.Tensor,
): Unary =>
  withBackward(kernel, remembers, (dy, side) => {
    const mask: Unary = (v) => masked(v, side);
    return linear(mask, mask)(dy);
  });

/**
 * A smooth function of each element by its kernel and its slope.
 * @param kernel x → f(x)
 * @param slope x → f'(x), made of operations that can be differentiated: of x, since the output would lie on the tape in the wrong order
 */
export const smooth = (kernel: Unary, slope: Unary): Unary =>
  withBackward(kernel, 'input', (dy, x) => tf.mul(dy, slope(x)));

/** What `body` computes, as a constant: nothing is differentiated through it. The result belongs to the enclosing `tf.tidy`. */
export const detached = (body: () => tf.Tensor): tf.Tensor =>
  withOwnGradient(() =>
    tf.customGrad(() => ({ value: body(), gradFunc: (dy: tf.Tensor) => dy }))(tf.scalar(0)),
  );
