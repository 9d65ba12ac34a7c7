// Clipping of D's weights after each of its updates, under any loss (Arjovsky et al. 2017, algorithm 1).
import { z } from 'zod';
import { type DiscriminatorContext, penaltyEntry } from './penalty.js';

export const clip = penaltyEntry<DiscriminatorContext>()({
  options: z
    .strictObject({
      name: z.literal('clip'),
      bound: z.number().positive().default(0.01).describe('magnitude that no weight of D exceeds'),
    })
    .describe("D's weights are clamped after each of its updates (Arjovsky et al. 2017, algorithm 1)"),
  bounds: ({ bound }) => ({ weight: bound }),
  boundsSlope: true,
});
