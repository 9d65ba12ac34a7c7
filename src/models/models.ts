// The architectures that a config may name.
import type { z } from 'zod';
import type { Shape } from '../numerics/shape.js';
import { optionsOf, variantOf } from '../variants.js';
import type { Architecture } from './architecture.js';
import { dcgan } from './dcgan.js';
import { maxout } from './maxout.js';
import { mlp } from './mlp.js';

const MODELS = [mlp, maxout, dcgan] as const;

/** The `model` section of a run config. */
export const modelOptions = optionsOf(MODELS);
export type ModelOptions = z.infer<typeof modelOptions>;

/**
 * Builds the two networks that the options name, for items of a shape.
 * @throws NashError('usage') when the architecture cannot make items of that shape
 */
export const buildArchitecture = (options: ModelOptions, itemShape: Shape): Architecture =>
  variantOf(MODELS, options).build(options as never, itemShape);
