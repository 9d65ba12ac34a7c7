// The `data` section of a run config.
import { z } from 'zod';
import { type PairOptions, pairs } from './pairs.js';

const deviation = z.number().positive().describe('standard deviation of each Gaussian, in each direction');

const ring = z
  .strictObject({
    source: z.literal('ring'),
    modes: z.int().min(1).max(1000).default(8).describe('Gaussians'),
    radius: z.number().positive().default(1).describe('of the circle of their means'),
    deviation: deviation.default(0.01),
  })
  .describe("points of Gaussians on a circle (Metz et al. 2017; the defaults are PacGAN's protocol)");

const grid = z
  .strictObject({
    source: z.literal('grid'),
    side: z.int().min(1).max(100).default(5).describe('Gaussians along a side of the square'),
    spacing: z.number().positive().default(2).describe('from one mean to the next'),
    deviation: deviation.default(0.05),
  })
  .describe(
    "points of Gaussians on a square grid (PacGAN's protocol: 5 x 5 at {-4, -2, 0, 2, 4}, deviation 0.05)",
  );

const gaussian = z
  .strictObject({
    source: z.literal('gaussian-1d'),
    mean: z.number().default(0),
    deviation: deviation.default(1),
  })
  .describe('numbers of one Gaussian, the toy of Goodfellow et al. 2014, figure 1');

const path = z.string().min(1).describe('where the data lie');
const split = z.enum(['train', 'test']).default('train').describe('which part is learned');
const mirror = z
  .boolean()
  .default(false)
  .describe('`true`: every item also mirrored left to right, which doubles the set');
const contrast = z
  .strictObject({
    norm: z.number().positive().default(55).describe('Euclidean, of an item less its mean'),
    span: z
      .number()
      .positive()
      .default(4)
      .describe('what items are over, so that they lie on [-1, 1]; what lies beyond is cut off'),
  })
  .optional()
  .describe(
    "global contrast normalization, pylearn2's: each item less its mean, stretched to one norm. Figures show it on grey",
  );
/** What every set of items may have done to it. */
const changed = { mirror, contrast };

const mnist = z
  .strictObject({
    source: z.literal('mnist'),
    path: path.default('data/mnist'),
    split,
    subset: z
      .enum(['balanced', 'byclass', 'bymerge', 'digits', 'letters', 'mnist'])
      .optional()
      .describe('which of EMNIST, where a folder holds several'),
    ...changed,
    pairs,
  })
  .describe('MNIST, or others in its files: Fashion-MNIST, KMNIST, EMNIST');

const stackedMnist = z
  .strictObject({
    source: z.literal('stacked-mnist'),
    path: path.default('data/mnist'),
    split,
    count: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(128_000)
      .describe("items, drawn once, the same for every `seed`; the default is that of PacGAN's code"),
    ...changed,
  })
  .describe(
    'three random digits of MNIST as the channels of one picture, 1,000 modes (Srivastava et al. 2017)',
  );

const cifar10 = z
  .strictObject({
    source: z.literal('cifar10'),
    path: path.default('data/cifar10'),
    split,
    ...changed,
    pairs,
  })
  .describe('CIFAR-10 in its binary version');

const tfd = z
  .strictObject({
    source: z.literal('tfd'),
    path: path
      .default('data/tfd')
      .describe('`TFD_48x48.mat` or `TFD_96x96.mat`, or the folder that holds one'),
    split: z
      .enum(['unlabeled', 'train', 'valid', 'test'])
      .default('unlabeled')
      .describe('which part is learned; all but `unlabeled` have an expression, and differ by `fold`'),
    fold: z.int().min(1).max(5).default(1).describe('which of the five ways to part the labelled faces'),
    ...changed,
  })
  .describe(
    'the Toronto Face Database in its MATLAB file, which its authors give to those who ask: grey faces, 7 expressions',
  );

const side = z.int().min(1).max(1024);

/** How pictures of any size become items of one. */
const form = {
  size: z
    .union([side, z.tuple([side, side])])
    .default(32)
    .describe('side of an item, or `[height, width]`'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('3: colour, 1: grey'),
  resize: z
    .enum(['crop', 'pad', 'stretch'])
    .default('crop')
    .describe(
      '`crop`: fill and cut what hangs over; `pad`: the whole picture on black; `stretch`: ignore the proportions',
    ),
  background: z
    .union([z.enum(['white', 'black', 'grey']), z.string().regex(/^#[0-9a-fA-F]{6}$/, "expected '#rrggbb'")])
    .default('white')
    .describe("what shows through where a picture is transparent; `'#rrggbb'` is any colour"),
  damaged: z
    .enum(['refuse', 'skip'])
    .default('refuse')
    .describe('pictures that cannot be read: `refuse` the data, naming all of them, or `skip` them'),
  ...changed,
  pairs,
};

const images = z
  .strictObject({ source: z.literal('images'), path, ...form })
  .describe(
    "a folder or a `.zip` of pictures of any size and format; sub-folders are classes, or StyleGAN's `dataset.json` names them",
  );

const found = z.string().min(1).optional();

const parquet = z
  .strictObject({
    source: z.literal('parquet'),
    path,
    split: z.string().min(1).default('train').describe('files whose names begin with it, where names say so'),
    image: found.describe('column of the pictures; default: found'),
    label: found.describe('column of the labels; default: found'),
    ...form,
  })
  .describe('a parquet file or a folder of them, as Hugging Face has them');

const npz = z
  .strictObject({
    source: z.literal('npz'),
    path: path.describe('`.npz`, or `.npy` with labels in `.labels.npy` beside it'),
    split,
    images: found.describe('array of the images; default: found'),
    labels: found.describe('array of the labels; default: found'),
    ...changed,
    pairs,
  })
  .describe('arrays of NumPy: images of one size, uint8, and labels');

export const dataOptions = z.discriminatedUnion('source', [
  ring,
  grid,
  gaussian,
  mnist,
  stackedMnist,
  cifar10,
  tfd,
  images,
  parquet,
  npz,
]);
export type DataOptions = z.infer<typeof dataOptions>;

/** How the data are pairs, where they are. */
export const pairsOf = (data: DataOptions): PairOptions | undefined =>
  'pairs' in data ? data.pairs : undefined;
