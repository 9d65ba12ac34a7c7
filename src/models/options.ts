// Options that several networks share, with their ranges.
import { z } from 'zod';

export const width = z.int().positive().max(65_536);
export const hidden = z.array(width).min(1).max(32);
export const latent = z.int().positive().max(65_536);
/** uniform: on [-sqrt(3), sqrt(3)], unit variance, as goodfeli/adversarial draws it for MNIST. */
export const latentDistribution = z.enum(['normal', 'uniform']);
/** share of what dropout keeps */
export const keep = z.number().gt(0).max(1);
