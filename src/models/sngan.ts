// SNGAN (Miyato et al. 2018, appendix B.4): spectral norm in D, a ResNet (tables 4 to 6) or a plain CNN (table 3), batch norm in G.
import { z } from 'zod';
import { modelEntry } from './architecture.js';
import { type Geometry, geometryOf } from './geometry.js';
import { conditionalOptions, type Labelling, labelling } from './labels.js';
import {
  activation,
  type ConvolutionOptions,
  convolution,
  dense,
  glorotUniform,
  type Layer,
  reshape,
  transposedConvolution,
} from './layers.js';
import { network } from './network.js';
import { latent, latentCodes, latentDistribution, packing, spectralNorm, width } from './options.js';
import { plainly, resnetDiscriminator, resnetGenerator } from './resnet.js';

const options = z
  .strictObject({
    name: z.literal('sngan'),
    architecture: z
      .enum(['resnet', 'cnn'])
      .default('resnet')
      .describe('tables 4 to 6 of the paper, or table 3'),
    width: width
      .optional()
      .describe(
        "channels of D next to the image; default: the paper's, of the ResNet 128 up to side 32, where all blocks are alike and G's twice as " +
          'wide, and 64 beyond, where channels double at each stage inwards; of the CNN 64',
      ),
    latent: latent.default(128),
    latentDistribution: latentDistribution.default('normal'),
    latentCodes,
    ...conditionalOptions,
    spectralNorm: spectralNorm.default(['discriminator']),
    packing,
  })
  .describe('Miyato et al. 2018, for square images whose side is 7 or less times a power of two');

/** Up to so many stages all blocks of a ResNet have one width. */
const EVEN_STAGES_MAX = 3;

/** Channels of a residual G's and D's blocks: those of tables 4 (up to side 32) and 5. */
export function resnetWidths({ stages }: Geometry, width?: number) {
  const isEven = stages <= EVEN_STAGES_MAX;
  const narrow = width ?? (isEven ? 128 : 64);
  const at = (i: number) => (isEven ? narrow : narrow * 2 ** i); // from the image inwards
  const inwards = Array.from({ length: stages }, (_, i) => at(i));
  const outwards = inwards.map((w) => (isEven ? 2 * w : w)).reverse();
  return {
    generator: { start: outwards[0]!, stages: outwards },
    discriminator: isEven
      ? { halving: inwards.slice(0, 2), level: [narrow, narrow] } // table 4: two blocks halve the side, two do not
      : { halving: inwards, level: inwards.slice(-1) },
  };
}

export const sngan = modelEntry({
  options,
  build(options, itemShape, classes) {
    const labels = labelling(options, classes);
    const geometry = geometryOf('sngan', itemShape);
    const { generator, discriminator } =
      options.architecture === 'cnn' ? cnn(options, geometry, labels) : resnet(options, geometry, labels);
    return {
      generator: network('generator', labels.generatorInputs(options.latent), generator),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...labels.besideItems,
        ...discriminator,
      ]),
    };
  },
});

type Options = z.output<typeof options>;
type Layers = Record<'generator' | 'discriminator', Layer[]>;

function resnet({ latent, width }: Options, geometry: Geometry, labels: Labelling): Layers {
  const widths = resnetWidths(geometry, width);
  const features = widths.discriminator.halving.at(-1)!;
  return {
    generator: resnetGenerator(latent, geometry, widths.generator, { ...plainly, norm: labels.norm }),
    discriminator: [
      ...resnetDiscriminator(geometry, widths.discriminator, plainly),
      labels.head('logit', { initializer: glorotUniform(features, 1), bias: true }),
    ],
  };
}

/** D's slope in table 3. */
const SLOPE = 0.1;
const normal = { kind: 'normal', deviation: 0.02 } as const;
const kernel = (size: number, stride: number, bias: boolean): ConvolutionOptions => ({
  kernel: size,
  stride,
  initializer: normal,
  bias,
});

/** Table 3: a pair of convolutions a stage, of 3x3 and of 4x4 with stride 2, and one more. */
function cnn({ width = 64 }: Options, { base, stages, channels }: Geometry, labels: Labelling): Layers {
  const inwards = Array.from({ length: stages }, (_, i) => width * 2 ** i);
  const inner = width * 2 ** stages;
  return {
    generator: [
      dense('project', base * base * inner, { initializer: normal, bias: true }),
      reshape('seed', [base, base, inner]),
      labels.norm('norm0'),
      activation.relu('relu0'),
      ...[...inwards]
        .reverse()
        .flatMap((units, i) => [
          transposedConvolution(`deconv${i + 1}`, units, kernel(4, 2, true)),
          labels.norm(`norm${i + 1}`),
          activation.relu(`relu${i + 1}`),
        ]),
      convolution('image', channels, kernel(3, 1, true)),
      activation.tanh('tanh'),
    ],
    discriminator: [
      ...inwards.flatMap((units, i) => [
        convolution(`conv${i + 1}a`, units, kernel(3, 1, true)),
        activation.leakyRelu(`leaky${i + 1}a`, SLOPE),
        convolution(`conv${i + 1}b`, units, kernel(4, 2, true)),
        activation.leakyRelu(`leaky${i + 1}b`, SLOPE),
      ]),
      convolution('conv', inner, kernel(3, 1, true)),
      activation.leakyRelu('leaky', SLOPE),
      labels.head('logit', { initializer: normal, bias: true }),
    ],
  };
}
