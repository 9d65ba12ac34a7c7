// Layers that follow one another, as the body of a network with one input, and labels and a condition that any layer of it may look at.
import { assert } from '../errors.js';
import { chain } from './blocks.js';
import type { Layer } from './layers.js';
import type { Body } from './network.js';

/** @param layers their names are unique; a parameter is called `<layer>/<parameter>` */
export function sequential(layers: readonly Layer[]): Body {
  const all = chain('', layers);
  return {
    plan(inputs) {
      const input = mainOf(inputs);
      return {
        outputShape: all.outputShape(input),
        parameters: all.parameters(input),
        slots: all.slots(input),
      };
    },
    apply: (inputs, context) => all.apply(mainOf(inputs), context),
  };
}

function mainOf<T>(inputs: Readonly<Record<string, T>>): T {
  const names = Object.keys(inputs).filter((name) => name !== 'labels');
  const [main = 'condition', ...others] = names.filter((name) => name !== 'condition');
  assert(
    others.length === 0 && names.length > 0,
    () => `layers in sequence take one input beside labels and a condition, not ${names.join(', ')}`,
  );
  return inputs[main]!;
}
