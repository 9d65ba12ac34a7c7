// pix2pix (Isola et al. 2017, sections 3.2 and 6.1): G is a U-Net, an encoder and a decoder with skips between layers of one size, and is
// given no noise but dropout; D judges each patch of a pair by itself (PatchGAN), and its loss is the mean over patches.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { layer as inLayer } from '../compiler/layer-scope.js';
import { NashError } from '../errors.js';
import { dropout } from '../kernels/random.js';
import type { Shape } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { chain, contextOf } from './blocks.js';
import { appendCondition } from './conditions.js';
import {
  activation,
  batchNorm,
  convolution,
  type Layer,
  plain,
  type SlotSpec,
  transposedConvolution,
} from './layers.js';
import { type Body, network } from './network.js';
import { spectralNorm, width } from './options.js';

const WEIGHTS: Initializer = { kind: 'normal', deviation: 0.02 };
const SCALE: Initializer = { kind: 'normal', mean: 1, deviation: 0.02 };
const HALVING = { kernel: 4, stride: 2, initializer: WEIGHTS, bias: false };
/** Channels double up to so many times `width`: C512 of 64. */
const MULTIPLE_MAX = 8;
/** 256 x 256 is halved to 1 x 1. */
const HALVINGS_MAX = 8;
const HALVINGS_MIN = 2;
const SIDE_MIN = 16;

/** Pixels along a side of what a logit sees, and how many strided convolutions make them; 70 is the paper's, 34 lies between. */
const STRIDED = { 16: 1, 34: 2, 70: 3 } as const;
type Patch = keyof typeof STRIDED;

const options = z
  .strictObject({
    name: z.literal('pix2pix'),
    width: width.default(64).describe('channels next to the picture, which double inwards up to 8 times'),
    patch: z
      .union([z.literal(16), z.literal(34), z.literal(70)])
      .optional()
      .describe('side of the patches that D judges, in pixels; default: the largest that a picture holds'),
    latent: z.int().min(0).max(0).default(0).describe('G has none'),
    latentDistribution: z.literal('normal').default('normal').describe('of no effect: G has no latents'),
    conditional: z.literal('none').default('none').describe('G is told no labels'),
    spectralNorm: spectralNorm.default([]),
  })
  .describe(
    'Isola et al. 2017: U-Net and PatchGAN, for data that are pairs (`data.pairs`) and sides of 16 or more that 4 divides',
  );

export const pix2pix = modelEntry({
  options,
  build({ width, patch }, itemShape, _classes, condition) {
    if (!condition)
      throw new NashError(
        'usage',
        'model pix2pix makes a picture of a picture, and the data are no pairs; set data.pairs.name, such as grayscale, or choose another model',
      );
    const stages = halvingsOf(itemShape);
    const fitting = patch ?? largestPatch(itemShape);
    return {
      generator: network('generator', { condition }, unet(width, stages, itemShape.at(-1)!)),
      discriminator: network('discriminator', { items: itemShape, condition }, [
        appendCondition('pair', condition),
        ...patchLayers(width, STRIDED[fitting]),
      ]),
    };
  },
});

/** How often both sides can be halved, at most 8 times. @throws NashError('usage') where that is too seldom */
function halvingsOf([height, width]: Shape): number {
  let stages = 0;
  while (stages < HALVINGS_MAX && [height!, width!].every((side) => side % 2 ** (stages + 1) === 0))
    stages += 1;
  if (stages >= HALVINGS_MIN && Math.min(height!, width!) >= SIDE_MIN) return stages;
  throw new NashError(
    'usage',
    `model pix2pix needs sides of at least ${SIDE_MIN} pixels that ${2 ** HALVINGS_MIN} divides; the data has items of ${height} x ${width}. Set ` +
      'data.size for image folders.',
  );
}

/** 256 and 128: 70, 64: 34, 32 and 28: 16. */
const largestPatch = ([height, width]: Shape): Patch =>
  ([70, 34] as const).find((side) => side <= Math.min(height!, width!)) ?? 16;

/**
 * `[h, w, c]` → `[h / 2^stages, …]` and back → `[h, w, channels]`. As in the paper there is no norm where the encoder begins; as in its code
 * none at the bottleneck either, which may be a single pixel.
 */
function unet(width: number, stages: number, channels: number): Body {
  const widths = Array.from({ length: stages }, (_, i) => width * Math.min(2 ** i, MULTIPLE_MAX)); // from the picture inwards
  const down = widths.map((units, i) =>
    chain(`down${i + 1}`, [
      convolution('conv', units, HALVING),
      ...(i === 0 || i === stages - 1 ? [] : [batchNorm('norm', SCALE)]),
      ...(i === stages - 1 ? [] : [activation.leakyRelu('leaky')]), // a skip's relu makes the same of it
    ]),
  );
  const dropped = Math.min(3, Math.max(1, stages - 4)); // of 256 x 256 the first three, as in the paper
  const up = widths
    .slice(0, -1)
    .reverse()
    .map((units, i) =>
      chain(`up${i + 1}`, [
        activation.relu('relu'),
        transposedConvolution('deconv', units, HALVING),
        batchNorm('norm', SCALE),
        ...(i < dropped ? [noise('dropout')] : []),
      ]),
    );
  const last = chain('image', [
    activation.relu('relu'),
    transposedConvolution('deconv', channels, { ...HALVING, bias: true }),
    activation.tanh('tanh'),
  ]);
  return {
    plan({ condition }) {
      const placed: [Layer, Shape][] = [];
      const place = (layer: Layer, input: Shape) => {
        placed.push([layer, input]);
        return layer.outputShape(input);
      };
      const encoded = [condition!];
      for (const layer of down) encoded.push(place(layer, encoded.at(-1)!));
      let shape = encoded.at(-1)!;
      for (const [i, layer] of up.entries()) {
        const [height, width, made] = place(layer, shape) as [number, number, number];
        shape = [height, width, made + encoded[stages - 1 - i]!.at(-1)!];
      }
      const outputShape = place(last, shape);
      const named = <S extends { name: string }>(layer: Layer, specs: readonly S[]) =>
        specs.map((spec) => ({ ...spec, name: `${layer.name}/${spec.name}` }));
      return {
        outputShape,
        parameters: placed.flatMap(([layer, input]) => named(layer, layer.parameters(input))),
        slots: placed.flatMap(([layer, input]) => named<SlotSpec>(layer, layer.slots(input))),
      };
    },
    apply({ condition }, context) {
      const applied = (layer: Layer, x: tf.Tensor) =>
        inLayer(layer.name, () => layer.apply(x, contextOf(layer, context)));
      const encoded = [condition!];
      for (const layer of down) encoded.push(applied(layer, encoded.at(-1)!));
      let x = encoded.at(-1)!; // [batch, h / 2^stages, w / 2^stages, widths.at(-1)]
      for (const [i, layer] of up.entries()) x = tf.concat([encoded[stages - 1 - i]!, applied(layer, x)], 3);
      return applied(last, x); // [batch, h, w, channels]
    },
  };
}

/** G's only noise: half of the values are dropped, in training and in sampling alike (section 3.1). */
const noise = (name: string): Layer => plain(name, (x, { seeds }) => dropout(x, 0.5, seeds));

/**
 * `[h, w, c]` → a logit a patch, `[h / 2^strided, w / 2^strided, 1]`. The last two convolutions leave the sides as they are; in the authors'
 * code, which pads one pixel less, 256 x 256 has 30 x 30 patches, not 32 x 32.
 */
function patchLayers(width: number, strided: number): Layer[] {
  const stages = Array.from({ length: strided + 1 }, (_, i) => width * Math.min(2 ** i, MULTIPLE_MAX));
  return [
    ...stages.flatMap((units, i) => [
      convolution(`conv${i + 1}`, units, { ...HALVING, stride: i < strided ? 2 : 1, bias: i === 0 }),
      ...(i === 0 ? [] : [batchNorm(`norm${i + 1}`, SCALE)]),
      activation.leakyRelu(`leaky${i + 1}`),
    ]),
    convolution('logits', 1, { kernel: 4, stride: 1, initializer: WEIGHTS }),
  ];
}
