// The architectures that a config may name.
import type { z } from 'zod';
import type { Shape } from '../numerics/shape.js';
import { optionsOf, variantOf } from '../variants.js';
import type { Architecture } from './architecture.js';
import { dcgan } from './dcgan.js';
import { maxout } from './maxout.js';
import { maxoutConv } from './maxout-conv.js';
import { mlp } from './mlp.js';
import { ownNetworks } from './own-networks.js';
import { r3gan } from './r3gan.js';
import { sagan } from './sagan.js';
import { sngan } from './sngan.js';
import { stylegan2 } from './stylegan2.js';

const MODELS = [mlp, maxout, maxoutConv, dcgan, sngan, sagan, stylegan2, r3gan, ownNetworks] as const;

/** The `model` section of a run config. */
export const modelOptions = optionsOf(MODELS);
export type ModelOptions = z.infer<typeof modelOptions>;

/**
 * Builds the two networks that the options name, for items of a shape.
 * @param classes of the data in a conditional run; 0: the networks are told no labels
 * @throws NashError('usage') when the architecture cannot make items of that shape
 */
export const buildArchitecture = (options: ModelOptions, itemShape: Shape, classes = 0): Architecture =>
  variantOf(MODELS, options).build(options as never, itemShape, classes);

/** Whether D's slope is bounded by how it is made. */
export const boundsSlope = (options: ModelOptions): boolean =>
  (variantOf(MODELS, options) as { boundsSlope?: boolean }).boundsSlope ?? false;
