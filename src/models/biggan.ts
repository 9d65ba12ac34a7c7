// BigGAN (Brock et al. 2019, appendix B): residual nets whose G is told class and latents at every block, by the scales and offsets of its
// batch norms; spectral norm and self-attention in both nets, orthogonal first weights. Channels up to side 32 are those of the authors'
// PyTorch code for CIFAR-10, beyond those of the paper.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { layer as inLayer } from '../compiler/layer-scope.js';
import { assert, NashError } from '../errors.js';
import type { Shape } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { modelEntry } from './architecture.js';
import { chain } from './blocks.js';
import { type Geometry, geometryOf } from './geometry.js';
import { conditionalOptions, labelling } from './labels.js';
import {
  activation,
  batchNorm,
  convolution,
  dense,
  type Layer,
  type LayerContext,
  reshape,
} from './layers.js';
import { type Body, network } from './network.js';
import { latent, latentCodes, latentDistribution, packing, spectralNorm, width } from './options.js';
import { attentionAt, type Parts, plainly, resnetDiscriminator, upBlock } from './resnet.js';

const options = z
  .strictObject({
    name: z.literal('biggan'),
    width: width
      .optional()
      .describe(
        'ch of the paper; default: 64 up to side 32, where all blocks have 4 ch, and 96 beyond, where they go up to 16 ch',
      ),
    latent: latent.default(120),
    latentDistribution: latentDistribution.default('normal'),
    latentCodes,
    shared: width
      .default(128)
      .describe("numbers of a class's vector, from which all of G's blocks take their scales and offsets"),
    ...conditionalOptions,
    spectralNorm: spectralNorm.default(['discriminator', 'generator']),
    packing,
  })
  .describe(
    'Brock et al. 2019, for square images of side 128 at most, which is 7 or less times a power of two; attention lies on pictures of half ' +
      'the side, and `latent` is divided among the first picture and the blocks of G',
  );

/** Up to so many stages all blocks have one width. */
const EVEN_STAGES_MAX = 3;
const EVEN = 4;
/** More stages than the paper's nets of side 128 have widths of their own there. */
const STAGES_MAX = 5;
const WIDEST = 16;

const orthogonal: Initializer = { kind: 'orthogonal' };
const PARTS: Parts = { ...plainly, initializer: () => orthogonal, isWideInside: true };

/** Channels of G's blocks and of D's, in units of ch (table 4 of the paper; the authors' code below side 64). */
function widthsOf({ stages }: Geometry, ch: number) {
  if (stages <= EVEN_STAGES_MAX) {
    const even = new Array<number>(stages).fill(EVEN * ch);
    const level = new Array<number>(2).fill(EVEN * ch);
    return { start: EVEN * ch, generator: even, discriminator: { halving: even.slice(0, 2), level } };
  }
  const inwards = Array.from({ length: stages }, (_, i) => ch * 2 ** i);
  return {
    start: WIDEST * ch,
    generator: inwards.map((_, i) => (WIDEST * ch) / 2 ** i),
    discriminator: { halving: inwards, level: [WIDEST * ch] },
  };
}

export const biggan = modelEntry({
  options,
  build(options, itemShape, classes) {
    const labels = labelling(options, classes);
    const geometry = geometryOf('biggan', itemShape);
    const { stages } = geometry;
    if (stages > STAGES_MAX)
      throw new NashError(
        'usage',
        `model biggan has widths for images of side 128 at most; the data has [${itemShape.join(', ')}]. Set data.size, or choose model.name=stylegan2.`,
      );
    const widths = widthsOf(geometry, options.width ?? (stages <= EVEN_STAGES_MAX ? 64 : 96));
    const attentionSide = itemShape[0]! / 2;
    return {
      generator: network(
        'generator',
        labels.generatorInputs(options.latent),
        generator(options, geometry, widths, attentionSide),
      ),
      discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
        ...labels.besideItems,
        ...resnetDiscriminator(geometry, widths.discriminator, PARTS, attentionSide),
        labels.head('logit', { initializer: orthogonal, bias: true }),
      ]),
    };
  },
});

/** The first picture is made of a part of the latents; each block has a part of its own, beside the class's vector, as its condition. */
function generator(
  { latent, shared }: z.output<typeof options>,
  { base, channels }: Geometry,
  widths: ReturnType<typeof widthsOf>,
  attentionSide: number,
): Body {
  const parts = widths.generator.length + 1;
  const share = latent / parts;
  if (!Number.isInteger(share))
    throw new NashError(
      'usage',
      `model.latent is ${latent}, which its ${parts} parts do not divide, one for the first picture and one for each of ${parts - 1} blocks; ` +
        `${Math.ceil(share) * parts} is a number that they do`,
    );
  const head = chain('', [
    dense('project', base * base * widths.start, { initializer: orthogonal }),
    reshape('seed', [base, base, widths.start]),
  ]);
  const blocksFor = (condition: number): Layer[] =>
    widths.generator.map((units, i) => {
      const fanIn = i === 0 ? widths.start : widths.generator[i - 1]!;
      const norm = (name: string) => conditionedBatchNorm(name, condition);
      return chain('', [
        upBlock(`block${i + 1}`, fanIn, units, { ...PARTS, norm }),
        ...attentionAt(base * 2 ** (i + 1), units, attentionSide, PARTS),
      ]);
    });
  const tail = chain('', [
    batchNorm('norm'),
    activation.relu('relu'),
    convolution('image', channels, { initializer: orthogonal }),
    activation.tanh('tanh'),
  ]);
  const conditionOf = (classes: number | undefined) => share + (classes === undefined ? 0 : shared);
  return {
    plan({ labels }) {
      const all = [head, ...blocksFor(conditionOf(labels?.[0])), tail];
      const shapes: Shape[] = [[share]];
      for (const [i, one] of all.entries()) shapes.push(one.outputShape(shapes[i]!));
      const specs = <S>(ask: (layer: Layer, input: Shape) => readonly S[]): S[] =>
        all.flatMap((one, i) => ask(one, shapes[i]!));
      const table = labels && { name: 'shared/table', shape: [labels[0]!, shared], initializer: orthogonal };
      return {
        outputShape: shapes.at(-1)!,
        parameters: [...(table ? [table] : []), ...specs((one, input) => one.parameters(input))],
        slots: specs((one, input) => one.slots(input)),
      };
    },
    apply({ latents, labels }, context) {
      const [first, ...chunks] = tf.split(latents!, parts, 1) as [tf.Tensor, ...tf.Tensor[]]; // [batch, share] each
      const vector =
        labels && tf.matMul(labels as tf.Tensor2D, context.parameter('shared/table') as tf.Tensor2D);
      const x = head.apply(first, context);
      const y = blocksFor(conditionOf(labels?.shape[1])).reduce((h, block, i) => {
        const chunk = chunks[i]!;
        const condition = vector ? tf.concat([vector, chunk], 1) : chunk;
        return block.apply(h, { ...context, labels: condition });
      }, x);
      return tail.apply(y, context);
    },
  };
}

/**
 * Batch norm whose scale and offset are linear in a condition `[batch, features]`, given in place of labels (figure 15 of the paper): the
 * scale is 1 and what it makes.
 */
function conditionedBatchNorm(name: string, features: number): Layer {
  const inside = batchNorm(name);
  const kernel = (part: string, channels: number) => ({
    name: `${part}/kernel`,
    shape: [features, channels],
    initializer: orthogonal,
  });
  return {
    ...inside,
    parameters: (input) => [kernel('scale', input.at(-1)!), kernel('offset', input.at(-1)!)],
    apply: (x, context) => {
      const [batch, channels] = [x.shape[0]!, x.shape.at(-1)!];
      const made = (part: string) => tf.reshape(linear(part, features, context), [batch, 1, 1, channels]);
      const plain = { scale: tf.ones([channels]), offset: tf.zeros([channels]) };
      const whitened = inside.apply(x, {
        ...context,
        parameter: (part) => plain[part as keyof typeof plain],
      });
      return tf.add(tf.mul(whitened, tf.add(made('scale'), 1)), made('offset'));
    },
  };
}

function linear(part: string, features: number, { labels, parameter }: LayerContext): tf.Tensor {
  assert(
    labels?.shape[1] === features,
    () => `a condition of ${features} numbers is [${labels?.shape ?? 'none'}]`,
  );
  return inLayer(part, () => tf.matMul(labels as tf.Tensor2D, parameter(`${part}/kernel`) as tf.Tensor2D));
}
