// Max-norm regularization: after each update the weights that lead to a unit are shortened to a length (Srebro and Shraibman 2005;
// Srivastava et al. 2014, section 5.1, beside dropout). pylearn2, of which the recipe of Goodfellow et al. 2014 for faces is, calls it max_col_norm.
import { z } from 'zod';
import { type PenaltyContext, penaltyEntry } from './penalty.js';

export const maxNorm = penaltyEntry<PenaltyContext>()({
  options: z
    .strictObject({
      name: z.literal('max-norm'),
      bound: z.number().positive().describe('Euclidean length that the weights to one unit do not exceed'),
    })
    .describe(
      'the weights that lead to one unit (a column of a dense kernel, an output channel of a convolution) are shortened after each update of ' +
        'the net where they are longer (Srivastava et al. 2014, section 5.1); biases and scales are not',
    ),
  bounds: ({ bound }) => ({ unit: bound }),
});
