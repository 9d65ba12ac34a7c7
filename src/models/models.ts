// The architectures that a config may name.
import type { z } from 'zod';
import { NashError } from '../errors.js';
import type { Shape } from '../numerics/shape.js';
import type { Net } from '../parameters/manifest.js';
import { optionsOf, variantOf } from '../variants.js';
import type { Architecture } from './architecture.js';
import { biggan } from './biggan.js';
import { dcgan } from './dcgan.js';
import { maxout } from './maxout.js';
import { maxoutConv } from './maxout-conv.js';
import { mlp } from './mlp.js';
import type { Network } from './network.js';
import { codeCount, type LatentCodes } from './options.js';
import { ownNetworks } from './own-networks.js';
import { pix2pix } from './pix2pix.js';
import { r3gan } from './r3gan.js';
import { sagan } from './sagan.js';
import { sngan } from './sngan.js';
import { stylegan2 } from './stylegan2.js';
import { spectrallyNormed } from './weights.js';

const MODELS = [
  mlp,
  maxout,
  maxoutConv,
  dcgan,
  sngan,
  sagan,
  biggan,
  stylegan2,
  r3gan,
  pix2pix,
  ownNetworks,
] as const;

/** The `model` section of a run config. */
export const modelOptions = optionsOf(MODELS);
export type ModelOptions = z.infer<typeof modelOptions>;

/**
 * Builds the two networks that the options name, for items of a shape.
 * @param classes of the data in a conditional run; 0: the networks are told no labels
 * @param condition shape of the picture that an item is made from, where the data are pairs
 * @throws NashError('usage') when the architecture cannot make items of that shape
 */
export function buildArchitecture(
  options: ModelOptions,
  itemShape: Shape,
  classes = 0,
  condition?: Shape,
): Architecture {
  const build = (shape: Shape) =>
    normed(variantOf(MODELS, options).build(options as never, shape, classes, condition), options);
  const architecture = withCodes(build(itemShape), options);
  const packing = packingOf(options);
  if (packing === 1) return architecture;
  if (options.conditional !== 'none') {
    throw new NashError(
      'usage',
      `model.packing is ${packing} and model.conditional ${options.conditional}: items that D judges together have no label in common. Set one ` +
        'of them back to its default, 1 or none.',
    );
  }
  const packed = [...itemShape.slice(0, -1), itemShape.at(-1)! * packing];
  return { ...architecture, discriminator: build(packed).discriminator, packing };
}

/** Networks of one's own pack by themselves, if at all. */
const packingOf = (options: ModelOptions): number =>
  options.name === 'module' ? 1 : ((options as { packing?: number }).packing ?? 1);

function withCodes(architecture: Architecture, options: ModelOptions): Architecture {
  const { latentCodes: codes } = options as { latentCodes?: LatentCodes };
  if (!codes) return architecture;
  const { latents } = architecture.generator.inputs;
  const { conditional, packing = 1 } = options as { conditional: string; packing?: number };
  if (codes.weight !== undefined && (conditional === 'projection' || packing > 1))
    throw new NashError(
      'usage',
      `model.latentCodes.weight asks D for the codes of each item, and model.conditional is ${conditional}, model.packing ${packing}: by projection ` +
        'D gives one number, and packed items have no codes in common. Choose another of them, or leave the weight out.',
    );
  if (latents!.length === 1 && codeCount(codes) < latents![0]!) return { ...architecture, codes };
  throw new NashError(
    'usage',
    `model.latentCodes are ${codeCount(codes)} numbers, of latents of shape [${latents!.join(', ')}]: some have to be left for noise. ` +
      'Raise model.latent, or take codes away.',
  );
}

const spectralNormOf = (options: ModelOptions): readonly Net[] =>
  (options as { spectralNorm?: Net[] }).spectralNorm ?? [];

const normed = ({ generator, discriminator, ...rest }: Architecture, options: ModelOptions): Architecture => {
  const each = (network: Network) =>
    spectralNormOf(options).includes(network.net) ? spectrallyNormed(network) : network;
  return { ...rest, generator: each(generator), discriminator: each(discriminator) };
};

/** Whether D's slope is bounded by how it is made, by spectral norm: a Wasserstein critic needs no clipping besides. */
export const boundsSlope = (options: ModelOptions): boolean =>
  spectralNormOf(options).includes('discriminator');
