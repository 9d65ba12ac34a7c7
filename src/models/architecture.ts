// The contract of an architecture, and the table of those that a config may name.
import type { Shape } from '../numerics/shape.js';
import { dcgan } from './dcgan.js';
import { maxoutMlp } from './maxout.js';
import { mlp } from './mlp.js';
import type { Network } from './network.js';
import type { ModelOptions } from './options.js';

/** A pair of networks: G maps latents `[latent]` to items, D maps items to one logit `[1]`. */
export interface Architecture {
  generator: Network;
  discriminator: Network;
}

/**
 * Builds the two networks for items of a shape.
 * @throws NashError('usage') when the architecture cannot make items of that shape
 */
export function buildArchitecture(options: ModelOptions, itemShape: Shape): Architecture {
  switch (options.name) {
    case 'mlp':
      return mlp(options, itemShape);
    case 'maxout':
      return maxoutMlp(options, itemShape);
    case 'dcgan':
      return dcgan(options, itemShape);
  }
}
