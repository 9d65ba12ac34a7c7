// DCGAN (Radford et al. 2016, section 3): strided 4x4 convolutions, batch norm everywhere but on G's output and D's
// input, ReLU in G, leaky ReLU 0.2 in D, weights N(0, 0.02). The number of stages follows from the image's side.

import { z } from 'zod';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { geometryOf } from './geometry.js';
import { conditionalOptions, labelling } from './labels.js';
import { activation, batchNorm, convolution, dense, reshape, transposedConvolution } from './layers.js';
import { network } from './network.js';
import { latent, latentCodes, latentDistribution, packing, spectralNorm, width } from './options.js';

const WEIGHTS: Initializer = { kind: 'normal', deviation: 0.02 };
const SCALE: Initializer = { kind: 'normal', mean: 1, deviation: 0.02 };
const CONVOLUTION = { kernel: 4, stride: 2, initializer: WEIGHTS, bias: false };

const options = z
  .strictObject({
    name: z.literal('dcgan'),
    width: width.default(64).describe('channels next to the image, which double at each stage inwards'),
    latent: latent.default(100),
    latentDistribution: latentDistribution.default('normal'),
    latentCodes,
    hidden: z
      .array(width)
      .max(8)
      .default([])
      .describe(
        "units of fully connected layers before G's first picture, and after D's last; InfoGAN has `[1024]` for MNIST (Chen et al. 2016, C.1)",
      ),
    ...conditionalOptions,
    spectralNorm: spectralNorm.default([]),
    packing,
  })
  .describe(
    'Radford et al. 2016, for square images whose side is 7 or less times a power of two: 28, 32, 48, 64, …',
  );

export const dcgan = modelEntry({
  options,
  build(options, itemShape, classes) {
    const { width, latent, hidden } = options;
    const labels = labelling(options, classes);
    const { base, stages, channels } = geometryOf('dcgan', itemShape);
    const widths = Array.from({ length: stages }, (_, i) => width * 2 ** i); // from the image inwards
    const inner = widths.at(-1)!;
    return {
      generator: network('generator', labels.generatorInputs(latent), [
        ...labels.besideLatents,
        ...hidden.flatMap((units, i) => [
          dense(`hidden${i + 1}`, units, { initializer: WEIGHTS, bias: false }),
          batchNorm(`hiddenNorm${i + 1}`, SCALE),
          activation.relu(`hiddenRelu${i + 1}`),
        ]),
        dense('project', base * base * inner, { initializer: WEIGHTS, bias: false }),
        reshape('seed', [base, base, inner]),
        batchNorm('norm0', SCALE),
        activation.relu('relu0'),
        ...widths
          .slice(0, -1)
          .reverse()
          .flatMap((units, i) => [
            transposedConvolution(`deconv${i + 1}`, units, CONVOLUTION),
            batchNorm(`norm${i + 1}`, SCALE),
            activation.relu(`relu${i + 1}`),
          ]),
        transposedConvolution('image', channels, CONVOLUTION),
        activation.tanh('tanh'),
      ]),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...labels.besideItems,
        ...widths.flatMap((units, i) => [
          convolution(`conv${i + 1}`, units, CONVOLUTION),
          ...(i === 0 ? [] : [batchNorm(`norm${i + 1}`, SCALE)]),
          activation.leakyRelu(`leaky${i + 1}`),
        ]),
        ...hidden.flatMap((units, i) => [
          dense(`hidden${i + 1}`, units, { initializer: WEIGHTS, bias: false }),
          batchNorm(`hiddenNorm${i + 1}`, SCALE),
          activation.leakyRelu(`hiddenLeaky${i + 1}`),
        ]),
        labels.head('logit', { initializer: WEIGHTS, bias: false }),
      ]),
    };
  },
});
