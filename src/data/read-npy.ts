// A whole array of floats from a `.npy` file, as `nash sample --out FILE.npy` and np.save write it.
import { createReadStream, statSync } from 'node:fs';
import { NashError } from '../errors.js';
import { sizeOf } from '../numerics/shape.js';
import type { DatasetSource } from './data-source.js';
import { openNpy } from './npy.js';

/** Floats and whole numbers, little-endian; what is longer than a float is rounded to one. */
const READERS: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  '<f4': (view, at) => view.getFloat32(at, true),
  '<f8': (view, at) => view.getFloat64(at, true),
};

export interface NpyFloats {
  data: Float32Array;
  /** the first is the count of items */
  shape: readonly number[];
}

/**
 * @returns items `[count, ...shape]`, all of them finite
 * @throws NashError('usage') where it is no such file
 */
export async function readNpy(path: string): Promise<NpyFloats> {
  const refuse = (found: string, expected: string) =>
    new NashError(
      'usage',
      `${path}: found ${found}, expected ${expected}. \`nash sample RUN_DIR --out FILE.npy\` and np.save write such files.`,
    );
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw refuse('no file', 'an array of NumPy');
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  const { shape, type, data, close } = await openNpy(path, stream);
  const read = READERS[type];
  if (!read || shape.length < 1 || sizeOf(shape) === 0) {
    close();
    const found = read ? `an array of shape [${shape}]` : `elements of type '${type}'`;
    throw refuse(found, 'float32 [N, ...shape], in the range of the training data');
  }
  const bytes = Buffer.concat(await collect(data));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = Number(type.slice(2));
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => read(view, i * width));
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0)
    throw refuse(`${values[odd]} in item ${Math.floor(odd / (values.length / shape[0]!))}`, 'finite numbers');
  return { data: values, shape: shape.length === 1 ? [shape[0]!, 1] : shape };
}

async function collect(data: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  return chunks;
}

/** Items of a file as a data set without labels. */
export function itemsSource({ data, shape: [count, ...shape] }: NpyFloats): DatasetSource {
  const size = sizeOf(shape);
  return {
    kind: 'dataset',
    shape,
    count: count!,
    digest: '',
    read(indices, out) {
      for (let i = 0; i < indices.length; i++)
        out.set(data.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size);
    },
    label: () => undefined,
    close: () => {},
  };
}
