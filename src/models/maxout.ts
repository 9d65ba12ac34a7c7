// The nets of Goodfellow et al. 2014 for MNIST, by goodfeli/adversarial's mnist.yaml: ReLU G with a sigmoid output,
// maxout D with dropout on its input (keep 0.8) and hidden layers (keep 0.5), all weights uniform.
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import type { Architecture } from './architecture.js';
import { activation, dense, dropout, maxoutUnits, reshape } from './layers.js';
import { stack } from './mlp.js';
import { network } from './network.js';
import type { MaxoutOptions } from './options.js';

const uniform = (range: number): Initializer => ({ kind: 'uniform', range });

export function maxoutMlp(options: MaxoutOptions, itemShape: Shape): Architecture {
  const { generator: g, discriminator: d } = options;
  const items = sizeOf(itemShape);
  const weights = (range: number) => ({ initializer: uniform(range), bias: true });
  return {
    generator: network(
      'generator',
      [options.latent],
      [
        ...stack(options.latent, g.hidden, (i, _, units) => [
          dense(`dense${i}`, units, weights(g.range)),
          activation.relu(`relu${i}`),
        ]),
        dense('output', items, weights(g.range)),
        activation[g.output](g.output),
        reshape('item', itemShape),
      ],
    ),
    discriminator: network('discriminator', itemShape, [
      dropout('dropout0', d.keepInput),
      ...stack(items, d.units, (i, _, units) => [
        dense(`dense${i}`, units * d.pieces, weights(d.range)),
        maxoutUnits(`maxout${i}`, d.pieces),
        dropout(`dropout${i}`, d.keepHidden),
      ]),
      dense('logit', 1, weights(d.range)),
    ]),
  };
}
