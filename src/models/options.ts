// Options that several networks share, with their ranges.
import { z } from 'zod';
import { NETS } from '../parameters/manifest.js';

export const width = z.int().positive().max(65_536);
export const hidden = z.array(width).min(1).max(32).describe('units of each hidden layer');
export const latent = z.int().positive().max(65_536).describe('numbers in z, of which G makes a sample');
export const latentDistribution = z
  .enum(['normal', 'uniform', 'truncated'])
  .describe(
    'of z; `uniform`: on [-sqrt(3), sqrt(3)], unit variance, as goodfeli/adversarial draws it for MNIST; `truncated`: normal, drawn anew beyond ' +
      '2 deviations (Brock et al. 2019, section 3.1)',
  );
export type LatentDistribution = z.output<typeof latentDistribution>;
export const latentCodes = z
  .strictObject({
    categories: z
      .array(z.int().min(2).max(65_536))
      .max(16)
      .default([])
      .describe('values of each categorical code, all equally likely, of which z has one-hot numbers'),
    continuous: z.int().nonnegative().max(65_536).default(0).describe('codes that are uniform on [-1, 1]'),
    weight: z
      .number()
      .positive()
      .max(1e6)
      .optional()
      .describe(
        "lambda of InfoGAN: D tells the codes of generated items, and how wrong it is, times this, is in both nets' losses (equation 6); " +
          'default: it is not asked',
      ),
  })
  .optional()
  .describe('the last of the `latent` numbers, which are no noise (InfoGAN: Chen et al. 2016, section 7)');
export type LatentCodes = NonNullable<z.output<typeof latentCodes>>;
/** How many numbers D gives for the codes that it tells. */
export const toldCodes = (codes: LatentCodes | undefined): number =>
  codes?.weight === undefined ? 0 : codeCount(codes);

/** How many of the latents are codes. */
export const codeCount = ({ categories, continuous }: LatentCodes): number =>
  categories.reduce((sum, values) => sum + values, continuous);

export const span = z
  .number()
  .positive()
  .default(1)
  .describe(
    "D sees items times it, and G's samples are over it: `data.contrast.span` gives both nets normalized pictures as they were before they were put on [-1, 1]",
  );
/** share of what dropout keeps */
export const keep = z.number().gt(0).max(1);
export const spectralNorm = z
  .array(z.enum(NETS))
  .max(NETS.length)
  .describe(
    'nets whose kernels are divided by their largest singular value, found by a power iteration (Miyato et al. 2018, algorithm 1)',
  );
export const packing = z
  .int()
  .min(1)
  .max(64)
  .default(1)
  .describe(
    'items that D judges together, all real or all generated (PacGAN: Lin et al. 2018, section 2); divides `minibatch.group`',
  );
