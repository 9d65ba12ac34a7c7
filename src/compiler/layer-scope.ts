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

interface Tape {
  activeTape?: { gradient?: (...args: never[]) => unknown }[];
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
    const gradient = node.gradient;
    if (!gradient || wrapped.has(gradient)) continue;
    node.gradient = (...args: never[]) => within([...path, 'gradient'], () => gradient(...args));
    wrapped.add(node.gradient);
  }
  return result;
}

/** Gradient functions already named by an inner layer. */
const wrapped = new WeakSet<object>();
