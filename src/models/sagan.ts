// SAGAN (Zhang et al. 2019): SNGAN's residual nets with spectral norm in G too, and self-attention in both.
import { z } from 'zod';
import { modelEntry } from './architecture.js';
import { geometryOf } from './geometry.js';
import { conditionalOptions, labelling } from './labels.js';
import { glorotUniform } from './layers.js';
import { network } from './network.js';
import { latent, latentCodes, latentDistribution, packing, spectralNorm, width } from './options.js';
import { plainly, resnetDiscriminator, resnetGenerator } from './resnet.js';
import { resnetWidths } from './sngan.js';

const options = z
  .strictObject({
    name: z.literal('sagan'),
    width: width.optional().describe('channels of D next to the image; default: as of sngan'),
    latent: latent.default(128),
    latentDistribution: latentDistribution.default('normal'),
    latentCodes,
    ...conditionalOptions,
    spectralNorm: spectralNorm.default(['discriminator', 'generator']),
    packing,
  })
  .describe(
    'Zhang et al. 2019, for square images whose side is 7 or less times a power of two; attention lies on pictures of half the side, ' +
      'at most 32 (table 1)',
  );

/** Table 1 of the paper: of the sides that were tried, this had the best FID. */
const ATTENTION_SIDE_MAX = 32;

export const sagan = modelEntry({
  options,
  build(options, itemShape, classes) {
    const { width, latent } = options;
    const labels = labelling(options, classes);
    const geometry = geometryOf('sagan', itemShape);
    const widths = resnetWidths(geometry, width);
    let attentionSide = itemShape[0]! / 2;
    while (attentionSide > ATTENTION_SIDE_MAX) attentionSide /= 2;
    const parts = { ...plainly, norm: labels.norm };
    const features = widths.discriminator.halving.at(-1)!;
    return {
      generator: network(
        'generator',
        labels.generatorInputs(latent),
        resnetGenerator(latent, geometry, widths.generator, parts, attentionSide),
      ),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...labels.besideItems,
        ...resnetDiscriminator(geometry, widths.discriminator, parts, attentionSide),
        labels.head('logit', { initializer: glorotUniform(features, 1), bias: true }),
      ]),
    };
  },
});
