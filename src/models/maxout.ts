// The nets of Goodfellow et al. 2014 for MNIST, by goodfeli/adversarial's mnist.yaml: ReLU G with a sigmoid output,
// maxout D with dropout on its input (keep 0.8) and hidden layers (keep 0.5), all weights uniform.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { NashError } from '../errors.js';
import { sizeOf } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { conditionalOptions, labelling } from './labels.js';
import {
  activation,
  dense,
  dropout,
  hiddenSigmoid,
  type Layer,
  maxoutUnits,
  plain,
  reshape,
  scaled,
  stack,
} from './layers.js';
import { network } from './network.js';
import { hasBias, type Normalization, normalization, normalized } from './normalization.js';
import {
  hidden,
  keep,
  latent,
  latentCodes,
  latentDistribution,
  packing,
  span,
  spectralNorm,
  width,
} from './options.js';
import { outputBias } from './output-bias.js';

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
        ahead: z
          .array(width)
          .max(32)
          .default([])
          .describe(
            'units of layers before the hidden ones, with names of their own, so that `init.from` fills the others with those of a G without them',
          ),
        normalization,
        output: z
          .enum(['linear', 'tanh', 'sigmoid'])
          .default('sigmoid')
          .describe(
            "of the last layer; `sigmoid`: stretched to the data's [-1, 1], and D is shown items on [0, 1], as the paper's is",
          ),
        range: range.default(0.05),
        outputRange: range.optional().describe('of the last layer; default: `range`'),
        activations: z
          .array(z.enum(['relu', 'sigmoid']))
          .optional()
          .describe('of each hidden layer, those ahead first; default: `relu`. `sigmoid` is between 0 and 1'),
        sigmoidBias: z.number().default(0).describe('initial bias of hidden layers of `sigmoid`'),
        outputWeights: width
          .optional()
          .describe(
            'of each value of an item so many weights are normal at first and all others 0 (Martens 2010, section 5); default: uniform',
          ),
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
    span,
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
    const widths = [...g.ahead, ...g.hidden];
    const { activations = widths.map(() => 'relu' as const) } = g;
    if (activations.length !== widths.length)
      throw new NashError(
        'usage',
        `model.generator.activations: found ${activations.length}, expected one for each of the ${widths.length} hidden layers`,
      );
    const before = g.hidden.at(-1)!;
    if (g.outputWeights && g.outputWeights > before)
      throw new NashError(
        'usage',
        `model.generator.outputWeights: found ${g.outputWeights}, expected at most the ${before} units of the last hidden layer`,
      );
    const labels = labelling(options, classes);
    const weights = (range: number, kind: Normalization = 'none') => ({
      initializer: uniform(range),
      bias: hasBias(kind),
    });
    return {
      generator: network('generator', labels.generatorInputs(options.latent), [
        ...labels.besideLatents,
        ...stack(options.latent, widths, (i, _, units) => {
          const nth = i > g.ahead.length ? `${i - g.ahead.length}` : `Ahead${i}`;
          return [
            dense(`dense${nth}`, units, {
              ...weights(g.range, g.normalization),
              biasValue: activations[i - 1] === 'sigmoid' ? g.sigmoidBias : 0,
            }),
            ...normalized(g.normalization, `norm${nth}`),
            activations[i - 1] === 'sigmoid' ? hiddenSigmoid(`sigmoid${nth}`) : activation.relu(`relu${nth}`),
          ];
        }),
        dense('output', items, {
          initializer: g.outputWeights
            ? { kind: 'sparse', count: g.outputWeights }
            : uniform(g.outputRange ?? g.range),
        }),
        activation[g.output](g.output),
        ...scaled('overSpan', 1 / options.span),
        reshape('item', itemShape),
      ]),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...(g.output === 'sigmoid' ? [toUnit] : []),
        ...scaled('span', options.span),
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
      outputBias: outputBias('output/bias', g.output, options.span),
    };
  },
});
