// How far the D of a game on numbers of one Gaussian is from the best one for its G, D* = p_data / (p_data + p_g) (Goodfellow et al. 2014,
// proposition 1), and what V(D*, G) = -log 4 + 2 JS is (theorem 1): one-dimension.ts, of the D that a run has.
import { measure } from './measure.js';
import { BINS, gaussianOf, NOT_GAUSSIAN, oneDimension, SUPPORT, spread } from './one-dimension.js';

export const optimalDiscriminator = measure({
  name: 'optimal-discriminator',
  metrics: {
    gan_optimal_discriminator_distance_ratio: {
      says: 'Mean |D - D*| under the data, D* = p_data / (p_data + p_g) the best D for this G',
      better: 'lower',
    },
    gan_discriminator_distance_ratio: {
      says: 'Largest |D - 1/2| within three deviations of the data: 0 at the optimum',
      better: 'lower',
    },
    gan_optimal_value_function_nats: {
      says: 'V(D*, G) = -log 4 + 2 JS: the most that V can be for this G, at least -log 4',
      better: 'lower',
    },
    gan_value_function_shortfall_nats: {
      says: 'V(D*, G) - V(D, G), D at inference and G averaged: what D lacks of the best one',
      better: 'lower',
    },
  },
  appliesTo: ['mixtures'],
  needs: ['generator', 'discriminator'],
  cost: { samples: 2500, growth: "D's time for samples and as many real items" },
  protocol: ({ real }) => ({ real: real.length, bins: BINS + 2, 'deviations on both sides': SUPPORT }),
  prepare({ source, size, real }) {
    const data = gaussianOf(source, size);
    if (!data) return { because: NOT_GAUSSIAN };
    const at = spread(data, SUPPORT);
    return (samples, _, { players }) => {
      const logits = (items: Float32Array) => players!.logits!(items);
      const found = oneDimension(data, {
        generated: samples,
        generatedLogits: logits(samples),
        realLogits: logits(real),
        support: { at, logits: logits(Float32Array.from(at)) },
      });
      const most = 2 * found.js_divergence_nats - Math.log(4);
      return {
        gan_optimal_discriminator_distance_ratio: found.optimal_discriminator_distance_ratio,
        gan_discriminator_distance_ratio: found.discriminator_distance_ratio,
        gan_optimal_value_function_nats: most,
        gan_value_function_shortfall_nats: most - found.value_function_nats,
      };
    };
  },
});
