// Names the operations of a trace by the layer that made them, backward operations included.
import * as tf from '@tensorflow/tfjs-core';

const stack: string[] = [];

/** The path of the layers being built now, outermost first: `discriminator/conv2`; empty outside every layer. */
export const currentLayer = (): string => stack.join('/');

function within<T>(path: readonly string[], body: () => T): T {
  const outer = stack.splice(0, stack.length, ...path);
  try {
    return body();
  } finally {
    stack.splice(0, stack.length, ...outer);
  }
}

/** tfjs's gradient of one operation: a thunk for each input, called when that input's gradient is wanted. */
type TapeGradient = (...dys: never[]) => Record<string, () => tf.Tensor>;

interface Tape {
  activeTape?: { gradient?: TapeGradient }[];
}

/**
 * Runs `body` under a layer's name. The gradient functions that tfjs's tape notes meanwhile are wrapped, so that the
 * operations they execute later stand under `<layer>/gradient`.
 */
export function layer<T>(name: string, body: () => T): T {
  const tape = () => (tf.engine().state as unknown as Tape).activeTape ?? [];
  const before = tape().length;
  const path = [...stack, name];
  const result = within(path, body);
  for (const node of tape().slice(before)) {
    if (!node.gradient || named.has(node.gradient)) continue;
    node.gradient = nameGradient(node.gradient, [...path, 'gradient']);
    named.add(node.gradient);
  }
  return result;
}

/** Gradient functions already named by an inner layer. */
const named = new WeakSet<TapeGradient>();

const nameGradient =
  (gradient: TapeGradient, path: readonly string[]): TapeGradient =>
  (...dys) => {
    const thunks = within(path, () => gradient(...dys));
    return Object.fromEntries(
      Object.entries(thunks).map(([input, thunk]) => [input, () => within(path, thunk)]),
    );
  };
