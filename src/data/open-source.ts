// From the `data` section of a config to a source that can be read.
import { statSync } from 'node:fs';
import { NashError } from '../errors.js';
import { cifar10Reader } from './cifar10.js';
import { contrasted } from './contrast.js';
import type { DataSource, DatasetSource } from './data-source.js';
import { mnistReader } from './idx.js';
import { imageFolder } from './image-folder.js';
import { imageZip } from './image-zip.js';
import { type CacheContext, openCached } from './item-cache.js';
import { mirrored } from './mirrored.js';
import { mixtureSource } from './mixture.js';
import { npzReader } from './npz.js';
import { type DataOptions, pairsOf } from './options.js';
import { paired } from './pairs.js';
import { parquetPictures } from './parquet.js';
import type { ItemForm } from './picture.js';
import { type PictureSet, pictureReader } from './pictures.js';
import { stacked } from './stacked.js';
import { tfdReader } from './tfd.js';

type DatasetOptions = Extract<DataOptions, { path: string }>;
type PictureOptions = Extract<DataOptions, { source: 'images' | 'parquet' }>;

/**
 * Opens the data that the options name. Images are decoded once a host, into `cacheDir`; the data folder is only read.
 * @param context.log told which files are read, and how decoding goes on
 * @throws NashError('usage') when the data are missing or damaged, NashError('environment') when the cache cannot be written
 */
export async function openSource(options: DataOptions, context: CacheContext): Promise<DataSource> {
  switch (options.source) {
    case 'ring':
    case 'grid':
    case 'gaussian-1d':
      return mixtureSource(options);
    default: {
      const dataset = await openDataset(options, context);
      const { contrast, mirror } = options;
      const pairs = pairsOf(options);
      if (contrast) context.log(`data: each less its mean, of norm ${contrast.norm}, over ${contrast.span}`);
      const normalized = contrast ? contrasted(dataset, contrast) : dataset;
      const source = pairs ? paired(normalized, pairs) : normalized;
      if (pairs)
        context.log(
          `data: pairs, ${pairs.name}: ${inWords(source.shape)} of ${inWords(source.conditions!.shape)}`,
        );
      if (!mirror) return source;
      context.log(`data: each is also mirrored, ${2 * source.count} items`);
      return mirrored(source);
    }
  }
}

const inWords = (shape: readonly number[]): string => shape.join(' x ');

async function openDataset(options: DatasetOptions, context: CacheContext): Promise<DatasetSource> {
  const { path } = options;
  const pictures = (set: PictureSet, form: PictureOptions) =>
    openCached(path, pictureReader(set, formOf(form)), context, form.damaged);
  switch (options.source) {
    case 'mnist':
      return openCached(path, mnistReader(path, options.split, options.subset), context);
    case 'stacked-mnist':
      return stacked(await openCached(path, mnistReader(path, options.split), context), options.count);
    case 'cifar10':
      return openCached(path, cifar10Reader(path, options.split), context);
    case 'tfd':
      return openCached(path, tfdReader(options), context);
    case 'images':
      return pictures(await picturesAt(path), options);
    case 'parquet':
      return pictures(await parquetPictures(options), options);
    case 'npz':
      return openCached(path, await npzReader(options), context);
  }
}

/** @throws NashError('usage') when there is neither a folder nor a zip archive */
async function picturesAt(path: string): Promise<PictureSet> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return imageFolder(path);
  if (stat?.isFile() && /\.zip$/i.test(path)) return imageZip(path);
  const found = stat ? 'is a file that does not end in .zip' : 'does not exist';
  throw new NashError(
    'usage',
    `data.path '${path}' ${found}. Name a folder of pictures, in sub-folders or not, or a .zip of them.`,
  );
}

function formOf({ size, channels, resize, background, pairs }: PictureOptions): ItemForm {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  const form = { height, width, channels, resize, background };
  return pairs?.name === 'side-by-side' ? { ...form, halves: true } : form;
}
