// Samples as a file: numbers for other programs, a picture for a person.
import { dirname, extname } from 'node:path';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { encodeSafetensors } from '../checkpoints/safetensors.js';
import { assert, messageOf, NashError } from '../errors.js';
import { drawDensity } from './density-figure.js';
import { drawImageGrid } from './image-grid.js';
import { encodeNpy } from './npy.js';
import { drawScatter } from './scatter-figure.js';

export interface Samples {
  /** `[count, ...shape]`, in the range of the training data */
  data: Float32Array;
  /** of one sample: `[height, width, channels]`, `[2]` or `[1]` */
  shape: readonly number[];
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

/** A grid of images, a scatter of points, or a density of numbers. */
function draw({ data, shape }: Samples, count: number): Promise<Buffer> | Buffer {
  const caption = `${count} samples`;
  if (shape.length === 3) return drawImageGrid({ images: data, shape });
  if (shape[0] === 2) return drawScatter({ generated: data, caption });
  return drawDensity({ generated: data, caption });
}

function encode(format: Format, samples: Samples, count: number): Promise<Buffer> | Buffer {
  const shape = [count, ...samples.shape];
  switch (format) {
    case '.npy':
      return encodeNpy(samples.data, shape);
    case '.png':
      return draw(samples, count);
    case '.safetensors':
      return encodeSafetensors({
        tensors: new Map([['samples', { shape, data: samples.data }]]),
        metadata: {},
      });
  }
}

/** Writes samples in the format that the ending names, whole or not at all. Throws NashError: `usage` for the ending, `environment` for the disk. */
export async function exportSamples(path: string, samples: Samples): Promise<void> {
  const count = samples.data.length / samples.shape.reduce((product, d) => product * d, 1);
  assert(
    Number.isInteger(count) && count > 0,
    () => `${samples.data.length} floats are no samples of [${samples.shape}]`,
  );
  const bytes = await encode(sampleFormat(path), samples, count);
  try {
    makeFolder(dirname(path));
    writeWhole(path, bytes);
  } catch (cause) {
    throw new NashError('environment', `samples cannot be written to ${path}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
