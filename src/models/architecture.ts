// What an architecture is: the two networks of a game, and the entry by which a config names it.
import type { Shape } from '../numerics/shape.js';
import type { Variant } from '../variants.js';
import type { Network } from './network.js';
import type { LatentCodes } from './options.js';
import type { OutputBias } from './output-bias.js';

/**
 * A pair of networks: G maps `latents` `[latent]` to items, D maps `items` to one logit `[1]`. In a conditional run each may be told
 * `labels`, and a D that is an auxiliary classifier gives `[1 + classes]`. Where the data are pairs, both are given a picture, `condition`,
 * G with or without latents, and D may give a logit for each of many patches, `[height, width, 1]`.
 */
export interface Architecture {
  generator: Network;
  discriminator: Network;
  /** items that D is given as one, beside each other in the last axis; default: 1 */
  packing?: number;
  /** what the last of the latents are, where they are no noise */
  codes?: LatentCodes;
  /** absent where G's last layer has no bias for each value of an item */
  outputBias?: OutputBias;
}

/** An architecture that a config may name. */
export interface ModelEntry<O extends { name: string } = never> extends Variant<O> {
  /**
   * Builds the two networks for items of a shape.
   * @param classes of the data in a conditional run; 0: the networks are told no labels
   * @param condition shape of the picture that an item is made from, where the data are pairs
   * @throws NashError('usage') when the architecture cannot make items of that shape
   */
  build(options: O, itemShape: Shape, classes: number, condition?: Shape): Architecture;
}

/** An entry whose builder takes the options of its own schema. */
export const modelEntry = <O extends { name: string }>(entry: ModelEntry<O>): ModelEntry<O> => entry;
