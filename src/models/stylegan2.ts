// StyleGAN2 (Karras et al. 2020a, config F: skip connections in G, a residual D), with the smaller mappings that StyleGAN2-ADA takes for
// small pictures. Weights are of unit variance and scaled where they are used (equalized learning rate). Longer than other files, since G is
// no list of layers: its mapping, styles, noise and skips are read together.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { layer as inLayer } from '../compiler/layer-scope.js';
import { addBias, leakyRelu } from '../kernels/activations.js';
import { modulated } from '../kernels/modulation.js';
import { pixelNorm } from '../kernels/normalization.js';
import { randomNormal, randomUniform } from '../kernels/random.js';
import { filtered, upsampleFiltered } from '../kernels/resample.js';
import type { Initializer, ParameterSpec, SlotSpec } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { residual } from './blocks.js';
import { type Geometry, geometryOf } from './geometry.js';
import { conditionalOptions, type Labelling, labelling } from './labels.js';
import { convolution, dense, type Layer, type LayerContext, plain } from './layers.js';
import { type Body, network } from './network.js';
import { latent, latentDistribution, packing, width } from './options.js';
import { filteredHalf, minibatchDeviation, TAPS } from './pictures.js';
import { equalized } from './weights.js';

const options = z
  .strictObject({
    name: z.literal('stylegan2'),
    width: width
      .default(64)
      .describe('channels next to the image, which double at each stage inwards up to `widthMax`'),
    widthMax: width.default(512).describe('channels that no stage exceeds'),
    latent: latent.default(512),
    latentDistribution: latentDistribution.default('normal'),
    ...conditionalOptions,
    packing,
    styles: width.default(512).describe('numbers in w, to which the mapping takes z'),
    mapping: z
      .int()
      .min(1)
      .max(32)
      .default(2)
      .describe('layers of the mapping (FFHQ: 8; ADA for CIFAR-10: 2)'),
    mixing: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe('share of the samples in training whose later layers have the style of another z'),
  })
  .describe('Karras et al. 2020, config F, for square images whose side is 7 or less times a power of two');

type Options = z.output<typeof options>;

const SLOPE = 0.2;
/** Weights of the mapping learn a hundredth as fast (Karras et al. 2019, appendix C). */
const MAPPING_RATE = 0.01;
/** Share of the mean style that a step keeps: StyleGAN2's w_avg_beta. */
const MEAN_STYLE_MOMENTUM = 0.995;

const constant = (value: number): Initializer => ({ kind: 'constant', value });
const unitNormal = (deviation = 1): Initializer => ({ kind: 'normal', deviation });

/** Leaky ReLU that keeps the mean square: times sqrt 2. */
const activated = (x: tf.Tensor): tf.Tensor => tf.mul(leakyRelu(x, SLOPE), Math.SQRT2);

/** Side and channels of each stage, the smallest first. */
interface Stage {
  side: number;
  channels: number;
}

const stagesOf = ({ base, stages }: Geometry, { width, widthMax }: Options): Stage[] =>
  Array.from({ length: stages + 1 }, (_, i) => ({
    side: base * 2 ** i,
    channels: Math.min(widthMax, width * 2 ** (stages - i)),
  }));

export const stylegan2 = modelEntry({
  options,
  build(options, itemShape, classes) {
    const labels = labelling(options, classes);
    const geometry = geometryOf('stylegan2', itemShape);
    const stages = stagesOf(geometry, options);
    return {
      generator: network(
        'generator',
        labels.generatorInputs(options.latent),
        synthesis(options, stages, geometry),
      ),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...labels.besideItems,
        ...discriminator(stages, labels),
      ]),
    };
  },
});

/** One modulated convolution of G. */
interface Convolution {
  name: string;
  side: number;
  kernel: number;
  fanIn: number;
  units: number;
  kind: 'plain' | 'up' | 'image';
}

function convolutionsOf(stages: readonly Stage[], channels: number): Convolution[] {
  return stages.flatMap(({ side, channels: units }, i) => {
    const fanIn = i === 0 ? units : stages[i - 1]!.channels;
    const first = i === 0 ? [] : [{ name: `${side}/up`, side, kernel: 3, fanIn, units, kind: 'up' as const }];
    return [
      ...first,
      { name: `${side}/conv`, side, kernel: 3, fanIn: units, units, kind: 'plain' as const },
      { name: `${side}/image`, side, kernel: 1, fanIn: units, units: channels, kind: 'image' as const },
    ];
  });
}

/** G: mapping, a learned constant, and a picture that each stage adds to. */
function synthesis(options: Options, stages: readonly Stage[], { channels }: Geometry): Body {
  const { latent, styles, mapping } = options;
  const convolutions = convolutionsOf(stages, channels);
  const layers = convolutions.filter(({ kind }) => kind !== 'image').length + 1; // the last picture has a style of its own
  const first = stages[0]!;
  return {
    plan: ({ labels }) => ({
      outputShape: [stages.at(-1)!.side, stages.at(-1)!.side, channels],
      parameters: [
        ...(labels ? [{ name: 'label/kernel', shape: [labels[0]!, latent], initializer: unitNormal() }] : []),
        ...Array.from({ length: mapping }, (_, i) =>
          mappingSpecs(i, i > 0 ? styles : latent * (labels ? 2 : 1), styles),
        ).flat(),
        { name: 'constant', shape: [first.side, first.side, first.channels], initializer: unitNormal() },
        ...convolutions.flatMap((convolution) => specsOf(convolution, styles)),
      ],
      slots: [meanStyle(styles)],
    }),
    /** `[batch, layers, styles]` */
    codes: (inputs, context) => {
      const w = mapped(inputs.latents!, options, context);
      if (context.isTraining) context.writeSlot('meanStyle', tf.mean(w, 0));
      return perLayer(w, layers, options, context);
    },
    apply: ({ codes }, context) => {
      const [batch] = codes!.shape as [number];
      let h = tf.tile(tf.expandDims(context.parameter('constant'), 0), [batch, 1, 1, 1]);
      let image: tf.Tensor | undefined;
      let at = 0; // a picture has the style of the convolution after it
      for (const convolution of convolutions) {
        inLayer(convolution.name, () => {
          const style = tf.reshape(tf.slice(codes!, [0, at, 0], [batch, 1, styles]), [batch, styles]);
          if (convolution.kind !== 'image') {
            h = styled(h, style, convolution, context);
            at += 1;
            return;
          }
          const part = toImage(h, style, convolution, context);
          image = image === undefined ? part : tf.add(upsampleFiltered(image, TAPS), part);
        });
      }
      return image!;
    },
  };
}

const mappingSpecs = (i: number, fanIn: number, units: number): ParameterSpec[] => [
  { name: `mapping${i + 1}/kernel`, shape: [fanIn, units], initializer: unitNormal(1 / MAPPING_RATE) },
  { name: `mapping${i + 1}/bias`, shape: [units], initializer: constant(0) },
];

const meanStyle = (styles: number): SlotSpec => ({
  name: 'meanStyle',
  shape: [styles],
  initializer: constant(0),
  merge: 'mean',
  momentum: MEAN_STYLE_MOMENTUM,
});

const specsOf = ({ name, kernel, fanIn, units, kind }: Convolution, styles: number): ParameterSpec[] => [
  { name: `${name}/style/kernel`, shape: [styles, fanIn], initializer: unitNormal() },
  { name: `${name}/style/bias`, shape: [fanIn], initializer: constant(1) },
  {
    name: `${name}/kernel`,
    shape: kind === 'up' ? [kernel, kernel, units, fanIn] : [kernel, kernel, fanIn, units],
    initializer: unitNormal(),
  },
  { name: `${name}/bias`, shape: [units], initializer: constant(0) },
  ...(kind === 'image' ? [] : [{ name: `${name}/noise`, shape: [], initializer: constant(0) }]),
];

/** z, and the vector of the label beside it, to w: `[batch, latent]` → `[batch, styles]` */
function mapped(latents: tf.Tensor, { mapping }: Options, { parameter, labels }: LayerContext): tf.Tensor {
  let h = pixelNorm(latents);
  if (labels) {
    const vectors = tf.matMul(labels as tf.Tensor2D, parameter('label/kernel') as tf.Tensor2D);
    h = tf.concat([h, pixelNorm(vectors)], 1);
  }
  for (let i = 1; i <= mapping; i++) {
    const kernel = parameter(`mapping${i}/kernel`);
    const scaled = tf.mul(kernel, MAPPING_RATE / Math.sqrt(kernel.shape[0]!));
    const bias = tf.mul(parameter(`mapping${i}/bias`), MAPPING_RATE);
    h = activated(addBias(tf.matMul(h as tf.Tensor2D, scaled as tf.Tensor2D), bias));
  }
  return h;
}

/**
 * A style for each layer, `[batch, styles]` → `[batch, layers, styles]`. In training some samples change from some layer on to the style of
 * another z (Karras et al. 2019, section 3.1); at sampling styles may be drawn towards their mean (truncation).
 */
function perLayer(w: tf.Tensor, layers: number, options: Options, context: LayerContext): tf.Tensor {
  const { isTraining, seeds, truncation = 1 } = context;
  const [batch, styles] = w.shape as [number, number];
  const spread = (v: tf.Tensor) => tf.tile(tf.expandDims(v, 1), [1, layers, 1]);
  if (isTraining && options.mixing > 0) {
    const other = mapped(randomNormal([batch, options.latent], seeds), options, context);
    const isMixed = tf.cast(tf.less(randomUniform([batch, 1], seeds), options.mixing), 'float32');
    const from = tf.add(tf.mul(randomUniform([batch, 1], seeds), layers - 1), 1); // the layer, from 1 on, of the change
    const change = tf.cast(tf.less(from, tf.add(tf.range(0, layers), 1)), 'float32'); // [batch, layers]
    const mask = tf.reshape(tf.mul(isMixed, change), [batch, layers, 1]);
    return tf.add(spread(w), tf.mul(mask, tf.sub(spread(other), spread(w))));
  }
  if (truncation === 1) return spread(w);
  const mean = tf.reshape(context.slot('meanStyle'), [1, styles]);
  return spread(tf.add(mean, tf.mul(tf.sub(w, mean), truncation)));
}

const styleOf = (w: tf.Tensor, name: string, { parameter }: LayerContext): tf.Tensor => {
  const kernel = parameter(`${name}/style/kernel`);
  const scaled = tf.mul(kernel, 1 / Math.sqrt(kernel.shape[0]!));
  return addBias(tf.matMul(w as tf.Tensor2D, scaled as tf.Tensor2D), parameter(`${name}/style/bias`));
};

/** A modulated convolution with noise, bias and activation. */
function styled(x: tf.Tensor, w: tf.Tensor, convolution: Convolution, context: LayerContext): tf.Tensor {
  const { name, side, units, fanIn, kernel: size, kind } = convolution;
  const { parameter, seeds } = context;
  const [batch] = x.shape as [number];
  const kernel = tf.mul(parameter(`${name}/kernel`), 1 / Math.sqrt(size * size * fanIn));
  const isTransposed = kind === 'up';
  const y = modulated(x, { kernel, styles: styleOf(w, name, context), isTransposed }, (h) =>
    isTransposed
      ? upConvolution(h, kernel, [batch, side, units])
      : tf.conv2d(h as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same'),
  );
  const noise = tf.mul(randomNormal([batch, side, side, 1], seeds), parameter(`${name}/noise`));
  return activated(addBias(tf.add(y, noise), parameter(`${name}/bias`)));
}

/** Stride 2, transposed, then the filter between the pixels, which there are one too many of on each side. */
function upConvolution(
  x: tf.Tensor,
  kernel: tf.Tensor,
  [batch, side, units]: [number, number, number],
): tf.Tensor {
  const shape: [number, number, number, number] = [batch, side + 1, side + 1, units];
  const four = tf.mul(kernel, 4) as tf.Tensor4D; // a quarter of the pixels is there: as many times as bright
  const wide = tf.conv2dTranspose(x as tf.Tensor4D, four, shape, 2, 'valid');
  return filtered(wide, TAPS, { pad: 1, stride: 1 });
}

/** A picture of what a stage holds: modulated, not demodulated. */
function toImage(x: tf.Tensor, w: tf.Tensor, { name, fanIn }: Convolution, context: LayerContext): tf.Tensor {
  const kernel = tf.mul(context.parameter(`${name}/kernel`), 1 / Math.sqrt(fanIn));
  const style = styleOf(w, name, context);
  const [batch, channels] = style.shape as [number, number];
  const scaled = tf.mul(x, tf.reshape(style, [batch, 1, 1, channels]));
  const y = tf.conv2d(scaled as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same');
  return addBias(y, context.parameter(`${name}/bias`));
}

const scaledLeakyRelu = (name: string): Layer => plain(name, activated);

const conv = (name: string, units: number, kernel: number, bias = true): Layer =>
  equalized(convolution(name, units, { kernel, stride: 1, initializer: unitNormal(), bias }));

/** Half the side: the filter, then a 3x3 convolution of stride 2 without padding. */
function downConvolution(name: string, units: number): Layer {
  const same = convolution(name, units, { kernel: 3, stride: 2, initializer: unitNormal(), bias: true });
  return equalized({
    ...same,
    apply: (x, { parameter }) => {
      const blurred = filtered(x, TAPS, { pad: 2, stride: 1 }) as tf.Tensor4D;
      const y = tf.conv2d(blurred, parameter('kernel') as tf.Tensor4D, 2, 'valid');
      return addBias(y, parameter('bias'));
    },
  });
}

function discriminator(stages: readonly Stage[], labels: Labelling): Layer[] {
  const inwards = [...stages].reverse();
  const last = inwards.at(-1)!;
  return [
    conv('image', inwards[0]!.channels, 1),
    scaledLeakyRelu('leaky'),
    ...inwards.slice(0, -1).map(({ side, channels }, i) =>
      residual(`${side}`, {
        main: [
          conv('conv1', channels, 3),
          scaledLeakyRelu('leaky1'),
          downConvolution('conv2', inwards[i + 1]!.channels),
          scaledLeakyRelu('leaky2'),
        ],
        shortcut: [filteredHalf('half'), conv('conv', inwards[i + 1]!.channels, 1, false)],
        factor: Math.SQRT1_2,
      }),
    ),
    minibatchDeviation('deviation'),
    conv('conv', last.channels, 3),
    scaledLeakyRelu('leakyConv'),
    equalized(dense('dense', last.channels, { initializer: unitNormal(), bias: true })),
    scaledLeakyRelu('leakyDense'),
    equalized(labels.head('logit', { initializer: unitNormal(), bias: true })),
  ];
}
