// Parzen windows for `nash reproduce` around what is no generator at all, by the code that measures a run: training images, k-means centres of
// them (Theis et al. 2016, section 3.3: they score above real images) and noise.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../src/setup/files.mjs';
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
