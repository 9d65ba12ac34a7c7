// Parzen windows for `nash reproduce` around what is no generator at all, by the code that measures a run: training images, k-means centres of them (Theis et al. 2016, section 3.3: they score above real images) and noise. Also the bias that the
// published recipe begins with.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../src/setup/files.mjs';
import { encodeSafetensors } from '../checkpoints/safetensors.js';
import { loadTensorFlow } from '../compiler/tensorflow.js';
import { loadConfig } from '../config/load-config.js';
import { dataCacheFolder } from '../data/cache-folder.js';
import { openSource } from '../data/open-source.js';
import { assert, NashError } from '../errors.js';
import { kMeansCentres } from '../evaluation/k-means.js';
import { encodeNpy } from '../evaluation/npy.js';
import { permutation, RandomStream, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import type { Published } from '../reproductions/reproduction.js';
import { evaluated } from './evaluated.js';

/** Windows of the protocol. */
const CENTRES = 10_000;
/** The last sixth of the training items is the validation set. */
const VALIDATION_SHARE = 1 / 6;
const ITERATIONS = 5;
/** goodfeli/adversarial clips means there, so that no logit is infinite. */
const LEAST_MEAN = 1e-7;

interface Asked {
  /** the config file, and what is changed of it */
  config: string;
  set: readonly string[];
  /** where files go, and what they came to: it is not computed twice */
  folder: string;
  log(line: string): void;
}

/** Rows of what is no generator. */
export async function parzenReferences({ config, set, folder, log }: Asked): Promise<Published[]> {
  const file = join(folder, 'parzen-references.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Published[];
  const training = await trainingItems(config, set);
  const { size } = training;
  loadTensorFlow({ kind: 'cpu', threads: 1 });
  const random = new RandomStream(seedOf('noise'));
  const rows: [string, () => Float32Array][] = [
    ['training images', () => training.items.subarray(0, CENTRES * size)],
    [
      'k-means centres of training images',
      () => kMeansCentres(training.items, { size, k: CENTRES, iterations: ITERATIONS }),
    ],
    ['uniform noise', () => Float32Array.from({ length: CENTRES * size }, () => 2 * random.uniform() - 1)],
  ];
  const sets = set.flatMap((one) => ['--set', one]);
  const found: Published[] = [];
  for (const [method, items] of rows) {
    log(`Parzen windows around ${method}`);
    const npy = join(folder, `${method.replaceAll(' ', '-')}.npy`);
    const data = items();
    writeWhole(npy, encodeNpy(data, [data.length / size, ...training.shape]));
    const { parzen_nats, parzen_standard_error_nats } = await evaluated(
      [npy, '--config', config, ...sets],
      'parzen',
    );
    rmSync(npy);
    assert(parzen_nats !== undefined, () => `${method} have windows`);
    found.push({
      method,
      source: 'by the same code',
      measures: { parzen_nats: { mean: parzen_nats, standardError: parzen_standard_error_nats! } },
    });
  }
  writeWhole(file, `${JSON.stringify(found, undefined, 2)}\n`);
  return found;
}

/** Settings with which G's output begins at the mean of each pixel, as that of the published recipe does: its bias is the mean's logit. */
export async function pixelMeansBias({ config, set, folder }: Omit<Asked, 'log'>): Promise<string[]> {
  const file = join(folder, 'pixel-means.safetensors');
  if (!existsSync(file)) {
    const { items, size } = await trainingItems(config, set);
    const data = logitsOfMeans(items, size);
    mkdirSync(folder, { recursive: true });
    writeWhole(
      file,
      encodeSafetensors({
        tensors: new Map([['generator/output/bias', { shape: [size], data }]]),
        metadata: {},
      }),
    );
  }
  return [`init.from=${file}`, 'init.only=[generator/output/bias]'];
}

/** @param items `[n, size]` in [-1, 1] @returns `[size]`, of means on [0, 1] */
export function logitsOfMeans(items: Float32Array, size: number): Float32Array {
  const sums = new Float64Array(size);
  for (let i = 0; i < items.length; i++) sums[i % size]! += (items[i]! + 1) / 2;
  return Float32Array.from(sums, (sum) => {
    const mean = Math.min(1 - LEAST_MEAN, Math.max(LEAST_MEAN, sum / (items.length / size)));
    return Math.log(mean / (1 - mean));
  });
}

/** What the paper trains with, in an order of no meaning. */
async function trainingItems(config: string, set: readonly string[]) {
  const { data } = loadConfig(config, [...set]);
  const log = () => {};
  const source = await openSource(data, { cacheDir: dataCacheFolder(), log });
  try {
    if (source.kind === 'distribution' || source.count < 2 * CENTRES)
      throw new NashError('usage', `${config}: ${data.source} has too few items for ${CENTRES} windows`);
    const size = sizeOf(source.shape);
    const count = source.count - Math.floor(source.count * VALIDATION_SHARE);
    const items = new Float32Array(count * size);
    source.read(permutation(count, seedOf('training images')), items);
    return { items, size, shape: source.shape };
  } finally {
    source.close();
  }
}
