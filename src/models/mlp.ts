// Fully connected G and D, the nets of every 2-D benchmark.
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import type { Architecture } from './architecture.js';
import { activation, batchNorm, dense, type Layer, reshape } from './layers.js';
import { network } from './network.js';
import type { MlpOptions } from './options.js';

/** Normal with variance 2/fan-in (He et al. 2015, equation 10). */
const heNormal = (fanIn: number): Initializer => ({ kind: 'normal', deviation: Math.sqrt(2 / fanIn) });

export function mlp(options: MlpOptions, itemShape: Shape): Architecture {
  const { generator: g, discriminator: d } = options;
  const items = sizeOf(itemShape);
  return {
    generator: network(
      'generator',
      [options.latent],
      [
        ...stack(options.latent, g.hidden, (i, fanIn, units) => [
          dense(`dense${i}`, units, { initializer: heNormal(fanIn), bias: !g.batchNorm }),
          ...(g.batchNorm ? [batchNorm(`norm${i}`)] : []),
          activation[g.activation](`${g.activation}${i}`),
        ]),
        dense('output', items, { initializer: heNormal(g.hidden.at(-1)!), bias: true }),
        activation[g.output](g.output),
        reshape('item', itemShape),
      ],
    ),
    discriminator: network('discriminator', itemShape, [
      ...stack(items, d.hidden, (i, fanIn, units) => [
        dense(`dense${i}`, units, { initializer: heNormal(fanIn), bias: true }),
        activation[d.activation](`${d.activation}${i}`),
      ]),
      dense('logit', 1, { initializer: heNormal(d.hidden.at(-1)!), bias: true }),
    ]),
  };
}

/** The layers of a stack of hidden widths; `make` is told each layer's number (from 1), fan-in and units. */
export function stack(
  input: number,
  hidden: readonly number[],
  make: (index: number, fanIn: number, units: number) => Layer[],
): Layer[] {
  return hidden.flatMap((units, i) => make(i + 1, i === 0 ? input : hidden[i - 1]!, units));
}
