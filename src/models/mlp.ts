// Fully connected G and D, the nets of every 2-D benchmark.
import { z } from 'zod';
import { type Shape, sizeOf } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { conditionalOptions, labelling } from './labels.js';
import { activation, dense, type Layer, reshape, stack } from './layers.js';
import { network } from './network.js';
import { hasBias, normalization, normalized } from './normalization.js';
import { hidden, latent, latentCodes, latentDistribution, packing, spectralNorm } from './options.js';
import { outputBias } from './output-bias.js';

/** Normal with variance 2/fan-in (He et al. 2015, equation 10). */
const heNormal = (fanIn: number): Initializer => ({ kind: 'normal', deviation: Math.sqrt(2 / fanIn) });

/** Features that layers make of so many. */
const widthAfter = (width: number, layers: readonly Layer[]): number =>
  sizeOf(layers.reduce<Shape>((shape, layer) => layer.outputShape(shape), [width]));

const hiddenActivation = z
  .enum(['relu', 'leakyRelu', 'tanh'])
  .default('relu')
  .describe('of the hidden layers');

const options = z
  .strictObject({
    name: z.literal('mlp'),
    latent: latent.default(2),
    latentDistribution: latentDistribution.default('normal'),
    latentCodes,
    generator: z
      .strictObject({
        hidden: hidden.default([128, 128, 128]),
        activation: hiddenActivation,
        normalization,
        output: z.enum(['linear', 'tanh', 'sigmoid']).default('linear').describe('of the last layer'),
      })
      .prefault({}),
    discriminator: z
      .strictObject({
        hidden: hidden.default([128, 128, 128]),
        activation: hiddenActivation,
        normalization,
      })
      .prefault({}),
    ...conditionalOptions,
    spectralNorm: spectralNorm.default([]),
    packing,
  })
  .describe('fully connected nets, for data of any shape');

export const mlp = modelEntry({
  options,
  build(options, itemShape, classes) {
    const { generator: g, discriminator: d } = options;
    const items = sizeOf(itemShape);
    const labels = labelling(options, classes);
    return {
      generator: network('generator', labels.generatorInputs(options.latent), [
        ...labels.besideLatents,
        ...stack(widthAfter(options.latent, labels.besideLatents), g.hidden, (i, fanIn, units) => [
          dense(`dense${i}`, units, { initializer: heNormal(fanIn), bias: hasBias(g.normalization) }),
          ...normalized(g.normalization, `norm${i}`),
          activation[g.activation](`${g.activation}${i}`),
        ]),
        dense('output', items, { initializer: heNormal(g.hidden.at(-1)!), bias: true }),
        activation[g.output](g.output),
        reshape('item', itemShape),
      ]),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        reshape('flat', [items]),
        ...labels.besideItems,
        ...stack(widthAfter(items, labels.besideItems), d.hidden, (i, fanIn, units) => [
          dense(`dense${i}`, units, { initializer: heNormal(fanIn), bias: hasBias(d.normalization) }),
          ...normalized(d.normalization, `norm${i}`),
          activation[d.activation](`${d.activation}${i}`),
        ]),
        labels.head('logit', { initializer: heNormal(d.hidden.at(-1)!), bias: true }),
      ]),
      outputBias: outputBias('output/bias', g.output),
    };
  },
});
