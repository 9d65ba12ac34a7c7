// The `data` section of a run config.
import { z } from 'zod';

const deviation = z.number().positive();

/** Gaussians on a circle (Metz et al. 2017; PacGAN's protocol: radius 1, deviation 0.01). */
const ring = z.strictObject({
  source: z.literal('ring'),
  modes: z.int().min(1).max(1000).default(8),
  radius: z.number().positive().default(1),
  deviation: deviation.default(0.01),
});

/** Gaussians on a square grid (PacGAN's protocol: 5x5 at {-4, -2, 0, 2, 4}, deviation 0.05). */
const grid = z.strictObject({
  source: z.literal('grid'),
  side: z.int().min(1).max(100).default(5),
  spacing: z.number().positive().default(2),
  deviation: deviation.default(0.05),
});

/** One Gaussian on a line, the toy of Goodfellow et al. 2014, figure 1. */
const gaussian = z.strictObject({
  source: z.literal('gaussian-1d'),
  mean: z.number().default(0),
  deviation: deviation.default(1),
});

const path = z.string().min(1);
const split = z.enum(['train', 'test']).default('train');
/** true: every item also mirrored left to right, which doubles the set */
const mirror = z.boolean().default(false);

/** MNIST, or others in its files: Fashion-MNIST, KMNIST, EMNIST. */
const mnist = z.strictObject({
  source: z.literal('mnist'),
  path: path.default('data/mnist'),
  split,
  /** of EMNIST, where a folder holds several */
  subset: z.enum(['balanced', 'byclass', 'bymerge', 'digits', 'letters', 'mnist']).optional(),
  mirror,
});

const cifar10 = z.strictObject({
  source: z.literal('cifar10'),
  path: path.default('data/cifar10'),
  split,
  mirror,
});

const side = z.int().min(1).max(1024);

/** How pictures of any size become items of one. */
const form = {
  /** side of an item, or `[height, width]` */
  size: z.union([side, z.tuple([side, side])]).default(32),
  /** 1: grey */
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  /** crop: fill and cut what hangs over; pad: the whole picture on black; stretch: ignore the proportions */
  resize: z.enum(['crop', 'pad', 'stretch']).default('crop'),
  /** what shows through where a picture is transparent: white, black, grey or '#rrggbb' */
  background: z
    .union([z.enum(['white', 'black', 'grey']), z.string().regex(/^#[0-9a-fA-F]{6}$/, "expected '#rrggbb'")])
    .default('white'),
  /** pictures that cannot be read: refuse the data, naming all of them; or skip them */
  damaged: z.enum(['refuse', 'skip']).default('refuse'),
  mirror,
};

/** A folder or a `.zip` of pictures of any size and format; sub-folders are classes, or StyleGAN's `dataset.json` names them. */
const images = z.strictObject({ source: z.literal('images'), path, ...form });

const name = z.string().min(1).optional();

/** A parquet file or a folder of them, as Hugging Face has them. */
const parquet = z.strictObject({
  source: z.literal('parquet'),
  path,
  /** files whose names begin with it, where names say so */
  split: z.string().min(1).default('train'),
  /** column of the pictures; default: found */
  image: name,
  /** column of the labels; default: found */
  label: name,
  ...form,
});

/** Arrays of NumPy: images of one size, uint8, and labels. */
const npz = z.strictObject({
  source: z.literal('npz'),
  /** `.npz`, or `.npy` with labels in `.labels.npy` beside it */
  path,
  split,
  /** array of the images; default: found */
  images: name,
  /** array of the labels; default: found */
  labels: name,
  mirror,
});

export const dataOptions = z.discriminatedUnion('source', [
  ring,
  grid,
  gaussian,
  mnist,
  cifar10,
  images,
  parquet,
  npz,
]);
export type DataOptions = z.infer<typeof dataOptions>;
