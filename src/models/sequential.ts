// Layers that follow one another, as the body of a network with one input.
import { assert } from '../errors.js';
import { chain } from './blocks.js';
import type { Layer } from './layers.js';
import type { Body } from './network.js';

/** @param layers their names are unique; a parameter is called `<layer>/<parameter>` */
export function sequential(layers: readonly Layer[]): Body {
  const all = chain('', layers);
  return {
    plan(inputs) {
      const input = soleOf(inputs);
      return {
        outputShape: all.outputShape(input),
        parameters: all.parameters(input),
        slots: all.slots(input),
      };
    },
    apply: (inputs, context) => all.apply(soleOf(inputs), context),
  };
}

function soleOf<T>(inputs: Readonly<Record<string, T>>): T {
  const all = Object.values(inputs);
  assert(all.length === 1, () => `layers in sequence take one input, not ${Object.keys(inputs).join(', ')}`);
  return all[0]!;
}
