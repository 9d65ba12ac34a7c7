// Samples as a file: numbers for other programs, a picture for a person.
import { dirname, extname, join } from 'node:path';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { encodeSafetensors } from '../checkpoints/safetensors.js';
import { assert, messageOf, NashError } from '../errors.js';
import { sizeOf } from '../numerics/shape.js';
import { drawDensity } from './density-figure.js';
import { drawImageGrid } from './image-grid.js';
import { drawLabelledGrid } from './labelled-grid.js';
import { encodeNpy } from './npy.js';
import { drawScatter } from './scatter-figure.js';
import { drawSideBySide, type Pictures } from './side-by-side.js';

export interface Samples {
  /** `[count, ...shape]`, in the range of the training data */
  data: Float32Array;
  /** of one sample: `[height, width, channels]`, `[2]` or `[1]` */
  shape: readonly number[];
  /** what they are called, in the plural; default: samples */
  what?: string;
  /** class of each, undefined for those that have none; absent where nothing has one */
  labels?: readonly (number | undefined)[];
  /** names of the classes */
  classes?: readonly string[];
  /** pictures side by side in a grid; default: as many as below each other */
  columns?: number | undefined;
  /** of pairs: what each is made from, and where they are samples what each was to be, of the same height and width */
  conditions?: Pictures | undefined;
  targets?: Pictures | undefined;
}

/** Endings that `exportSamples` knows; check before sampling, so that a typing error costs nothing. */
export const SAMPLE_FORMATS = ['.npy', '.png', '.safetensors'] as const;
type Format = (typeof SAMPLE_FORMATS)[number];

/** The format that a file's ending names. Throws NashError('usage'). */
export function sampleFormat(path: string): Format {
  const ending = extname(path).toLowerCase();
  const format = SAMPLE_FORMATS.find((known) => known === ending);
  if (format) return format;
  throw new NashError(
    'usage',
    `${path} ends in ${ending ? `'${ending}'` : 'nothing'}; samples are written as ${SAMPLE_FORMATS.join(', ')}`,
  );
}

const OWN_SIZE = { columns: 1, scale: 1, padding: 0 };

/**
 * One image at its own size, a grid of several, with their labels where they have any, pairs side by side, a scatter of points, or a density
 * of numbers.
 */
export function drawSamples(samples: Samples, count: number): Promise<Buffer> | Buffer {
  const { data, shape, columns, what = 'samples', labels, classes, conditions, targets } = samples;
  const caption = `${count} ${what}`;
  if (conditions) return drawSideBySide([conditions, samples, ...(targets ? [targets] : [])], columns);
  if (shape.length === 3 && labels) {
    const names = labels.map((label) => (label === undefined ? '' : (classes?.[label] ?? String(label))));
    return drawLabelledGrid(data, shape, names);
  }
  if (shape.length === 3)
    return count === 1
      ? drawImageGrid({ images: data, shape, ...OWN_SIZE })
      : drawImageGrid({ images: data, shape, ...(columns && { columns }) });
  if (shape[0] === 2) return drawScatter({ generated: data, caption });
  return drawDensity({ generated: data, caption });
}

type Tensors = [string, { shape: number[]; data: Float32Array }][];

/** What stands beside samples, by name; classes are float32 there too, -1: none. */
function tensorsBeside({ labels, conditions, targets }: Samples, count: number): Tensors {
  const numbers = labels && {
    data: Float32Array.from(labels, (label) => label ?? -1),
    shape: [],
  };
  return Object.entries({ labels: numbers, conditions, targets }).flatMap(([name, part]) =>
    part ? [[name, { shape: [count, ...part.shape], data: part.data }]] : [],
  ) as Tensors;
}

function encode(format: Format, samples: Samples, count: number): Promise<Buffer> | Buffer {
  const shape = [count, ...samples.shape];
  switch (format) {
    case '.npy':
      return encodeNpy(samples.data, shape);
    case '.png':
      return drawSamples(samples, count);
    case '.safetensors':
      return encodeSafetensors({
        tensors: new Map([['samples', { shape, data: samples.data }], ...tensorsBeside(samples, count)]),
        metadata: {},
      });
  }
}

/**
 * Writes a PNG for each image, at its own size: `00000.png`, …
 * @throws NashError: 'usage' where the samples are no images, 'environment' for the disk
 */
export async function exportImages(folder: string, { data, shape }: Samples): Promise<void> {
  if (shape.length !== 3)
    throw new NashError(
      'usage',
      `samples of shape [${shape}] are no pictures; --out FILE.npy or FILE.png writes them to one file`,
    );
  const size = sizeOf(shape);
  for (let at = 0; at < data.length; at += size) {
    const name = `${String(at / size).padStart(5, '0')}.png`;
    await exportSamples(join(folder, name), { data: data.subarray(at, at + size), shape });
  }
}

/**
 * Writes samples in the format that the ending names, whole or not at all, and beside an `.npy` labels as `FILE.labels.npy` (int32, -1: none)
 * and of pairs `FILE.conditions.npy` and `FILE.targets.npy`.
 * @throws NashError: `usage` for the ending, `environment` for the disk.
 */
export async function exportSamples(path: string, samples: Samples): Promise<void> {
  const count = samples.data.length / sizeOf(samples.shape);
  assert(
    Number.isInteger(count) && count > 0,
    () => `${samples.data.length} floats are no samples of [${samples.shape}]`,
  );
  const format = sampleFormat(path);
  const files = [[path, await encode(format, samples, count)] as const];
  if (format === '.npy') {
    const labels = samples.labels && Int32Array.from(samples.labels, (label) => label ?? -1);
    const { conditions, targets } = samples;
    const beside = { labels: labels && { data: labels, shape: [] }, conditions, targets };
    for (const [name, part] of Object.entries(beside))
      if (part)
        files.push([
          `${path.slice(0, -format.length)}.${name}.npy`,
          encodeNpy(part.data, [count, ...part.shape]),
        ]);
  }
  try {
    makeFolder(dirname(path));
    for (const [file, bytes] of files) writeWhole(file, bytes);
  } catch (cause) {
    throw new NashError('environment', `samples cannot be written to ${path}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
