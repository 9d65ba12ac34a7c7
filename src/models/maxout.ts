// The nets of Goodfellow et al. 2014 for MNIST, by goodfeli/adversarial's mnist.yaml: ReLU G with a sigmoid output,
// maxout D with dropout on its input (keep 0.8) and hidden layers (keep 0.5), all weights uniform.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { sizeOf } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { conditionalOptions, labelling } from './labels.js';
import { activation, dense, dropout, type Layer, maxoutUnits, plain, reshape, stack } from './layers.js';
import { network } from './network.js';
import { hasBias, type Normalization, normalization, normalized } from './normalization.js';
import { hidden, keep, latent, latentCodes, latentDistribution, packing, spectralNorm } from './options.js';

const uniform = (range: number): Initializer => ({ kind: 'uniform', range });

const range = z.number().positive().describe('initial weights are uniform on [-range, range]');

const options = z
  .strictObject({
    name: z.literal('maxout'),
    latent: latent.default(100),
    latentDistribution: latentDistribution.default('uniform'),
    latentCodes,
    generator: z
      .strictObject({
        hidden: hidden.default([1200, 1200]),
        normalization,
        output: z
          .enum(['linear', 'tanh', 'sigmoid'])
          .default('sigmoid')
          .describe(
            "of the last layer; `sigmoid`: stretched to the data's [-1, 1], and D is shown items on [0, 1], as the paper's is",
          ),
        range: range.default(0.05),
      })
      .prefault({}),
    discriminator: z
      .strictObject({
        units: hidden.default([240, 240]),
        pieces: z.int().min(2).max(16).default(5).describe('linear pieces of which a unit is the largest'),
        keepInput: keep.default(0.8).describe('share of the input that dropout keeps'),
        keepHidden: keep.default(0.5).describe('share of the hidden units that dropout keeps'),
        normalization,
        range: range.default(0.005),
      })
      .prefault({}),
    ...conditionalOptions,
    spectralNorm: spectralNorm.default([]),
    packing,
  })
  .describe(
    'the fully connected nets of Goodfellow et al. 2014 for MNIST: a D of maxout units with dropout, a G of rectifiers',
  );

/** Items lie on [-1, 1], those of the paper on [0, 1]: there a pixel that dropout leaves out is black, not grey. */
const toUnit: Layer = plain('toUnit', (x) => tf.mul(tf.add(x, 1), 0.5));

export const maxout = modelEntry({
  options,
  build(options, itemShape, classes) {
    const { generator: g, discriminator: d } = options;
    const items = sizeOf(itemShape);
    const labels = labelling(options, classes);
    const weights = (range: number, kind: Normalization = 'none') => ({
      initializer: uniform(range),
      bias: hasBias(kind),
    });
    return {
      generator: network('generator', labels.generatorInputs(options.latent), [
        ...labels.besideLatents,
        ...stack(options.latent, g.hidden, (i, _, units) => [
          dense(`dense${i}`, units, weights(g.range, g.normalization)),
          ...normalized(g.normalization, `norm${i}`),
          activation.relu(`relu${i}`),
        ]),
        dense('output', items, weights(g.range)),
        activation[g.output](g.output),
        reshape('item', itemShape),
      ]),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...(g.output === 'sigmoid' ? [toUnit] : []),
        dropout('dropout0', d.keepInput),
        reshape('flat', [items]),
        ...labels.besideItems,
        ...stack(items, d.units, (i, _, units) => [
          dense(`dense${i}`, units * d.pieces, weights(d.range, d.normalization)),
          ...normalized(d.normalization, `norm${i}`),
          maxoutUnits(`maxout${i}`, d.pieces),
          dropout(`dropout${i}`, d.keepHidden),
        ]),
        labels.head('logit', weights(d.range)),
      ]),
    };
  },
});
