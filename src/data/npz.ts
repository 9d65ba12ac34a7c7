// NumPy's arrays as data: `.npz` (a zip of arrays) or `.npy`, uint8 images and labels beside them, read as streams.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { NashError } from '../errors.js';
import { describeFile } from './data-file.js';
import { breathe, ITEMS_PER_BREATH, type ItemReader, LABEL_MAX } from './item-reader.js';
import { type NpyArray, openNpy } from './npy.js';
import { readZip } from './zip.js';

export interface NpzOptions {
  path: string;
  split: 'train' | 'test';
  /** names of arrays in an `.npz`; undefined: found */
  images?: string | undefined;
  labels?: string | undefined;
}

/** An array of a file, and what its header says. */
interface Candidate {
  name: string;
  open(): Promise<NpyArray>;
  shape: readonly number[];
  type: string;
}

const LABELS_BYTES_MAX = 2 ** 28;
const ITEM_BYTES_MAX = 2 ** 26;
const mend =
  'np.savez(FILE, images=images, labels=labels) writes them, images as uint8 `[count, height, width(, 1 or 3)]`.';

/**
 * Images in the order of the array.
 * @throws NashError('usage') when there is no array of images, or more than one that may be meant
 */
export async function npzReader(options: NpzOptions): Promise<ItemReader> {
  const { path } = options;
  const { candidates, files, close } = await candidatesOf(path);
  const images = chooseImages(path, candidates, options);
  const layout = layoutOf(`${path}:${images.name}`, images.shape);
  const labels = chooseLabels(path, candidates, options, layout.count);
  return {
    description: `array '${images.name}' of ${path}${labels ? `, labels in '${labels.name}'` : ', no labels'}`,
    files: files.map(describeFile),
    close,
    options: ['npz', images.name, labels?.name ?? null],
    async decode(sink) {
      const classes = labels ? await readLabels(`${path}:${labels.name}`, labels) : undefined;
      let i = 0;
      for await (const item of itemsOf(await images.open(), layout)) {
        sink.add(item, classes?.[i]);
        i += 1;
        if (i % ITEMS_PER_BREATH === 0) {
          sink.progress(i);
          await breathe();
        }
      }
      return [layout.height, layout.width, layout.channels];
    },
  };
}

async function candidatesOf(
  path: string,
): Promise<{ candidates: Candidate[]; files: string[]; close(): void }> {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
  if (!isFile || !/\.np[yz]$/i.test(path))
    throw new NashError(
      'usage',
      `data.path '${path}' ${isFile ? 'ends in neither' : 'is no file that ends in'} .npz or .npy. ${mend}`,
    );
  const candidate = async (name: string, open: () => Promise<NpyArray>): Promise<Candidate> => {
    const array = await open();
    array.close();
    return { name, open, shape: array.shape, type: array.type };
  };
  const ofFile = (file: string) => () => openNpy(file, createReadStream(file, { highWaterMark: 1 << 20 }));
  if (/\.npy$/i.test(path)) {
    const beside = path.replace(/\.npy$/i, '.labels.npy');
    const files = existsSync(beside) ? [path, beside] : [path];
    return {
      candidates: await Promise.all(files.map((file) => candidate(basename(file), ofFile(file)))),
      files,
      close() {},
    };
  }
  const candidates: Candidate[] = [];
  const archive = await readZip(path);
  for (const { name, stream } of archive.entries)
    if (name.endsWith('.npy'))
      candidates.push(
        await candidate(name.slice(0, -4), async () => openNpy(`${path}:${name}`, await stream())),
      );
  return { candidates, files: [path], close: archive.close };
}

function chooseImages(
  path: string,
  candidates: readonly Candidate[],
  { images, split }: NpzOptions,
): Candidate {
  const all =
    candidates.map(({ name, shape, type }) => `${name} ${type} [${shape.join(', ')}]`).join('; ') ||
    'nothing';
  const fitting = candidates.filter(
    ({ shape, type }) => type === '|u1' && (shape.length === 3 || shape.length === 4),
  );
  const chosen = choose(fitting, images, [`x_${split}`, `${split}_images`, 'images', 'x']);
  if (chosen) return chosen;
  const expected = images ? `images in '${images}'` : 'one array of images';
  const which = fitting.length > 1 ? 'data.images names it.' : mend;
  throw new NashError('usage', `${path}: found ${all}; expected ${expected}. ${which}`);
}

function chooseLabels(
  path: string,
  candidates: readonly Candidate[],
  { labels, split }: NpzOptions,
  count: number,
): Candidate | undefined {
  const fitting = candidates.filter(
    ({ shape, type }) =>
      /[iu]\d$/.test(type) &&
      shape[0] === count &&
      shape.slice(1).every((size) => size === 1) &&
      shape.length <= 2,
  );
  const chosen = choose(fitting, labels, [`y_${split}`, `${split}_labels`, 'labels', 'label', 'y']);
  if (chosen || labels === undefined) return chosen;
  throw new NashError(
    'usage',
    `${path}: found no whole numbers '${labels}', one for each of ${count} images. ${mend}`,
  );
}

/** The one that is named, or the only one, or the one of a usual name. */
function choose(
  fitting: readonly Candidate[],
  named: string | undefined,
  usual: readonly string[],
): Candidate | undefined {
  const of = (name: string) => fitting.find((candidate) => candidate.name === name);
  if (named !== undefined) return of(named);
  if (fitting.length === 1) return fitting[0];
  return usual.map(of).find((candidate) => candidate !== undefined);
}

interface Layout {
  count: number;
  height: number;
  width: number;
  channels: number;
  /** channels come before rows, as PyTorch has them */
  isPlanar: boolean;
}

const isColour = (size: number | undefined) => size === 1 || size === 3;

function layoutOf(name: string, shape: readonly number[]): Layout {
  const [count = 0, a = 0, b = 0, c] = shape;
  const layout =
    c === undefined
      ? { count, height: a, width: b, channels: 1, isPlanar: false }
      : isColour(c)
        ? { count, height: a, width: b, channels: c, isPlanar: false }
        : { count, height: b, width: c, channels: a, isPlanar: true };
  const bytes = layout.height * layout.width * layout.channels;
  if (count > 0 && isColour(layout.channels) && bytes > 0 && bytes <= ITEM_BYTES_MAX) return layout;
  throw new NashError(
    'usage',
    `${name}: found shape [${shape.join(', ')}], expected images of 1 or 3 channels. ${mend}`,
  );
}

async function* itemsOf(
  { data }: NpyArray,
  { height, width, channels, isPlanar }: Layout,
): AsyncGenerator<Uint8Array> {
  const item = new Uint8Array(height * width * channels);
  let filled = 0;
  for await (const chunk of data) {
    for (let from = 0; from < chunk.length; ) {
      const taken = Math.min(item.length - filled, chunk.length - from);
      item.set(chunk.subarray(from, from + taken), filled);
      filled += taken;
      from += taken;
      if (filled < item.length) continue;
      yield isPlanar ? interleaved(item, channels) : item;
      filled = 0;
    }
  }
}

function interleaved(planes: Uint8Array, channels: number): Uint8Array {
  const plane = planes.length / channels;
  return Uint8Array.from(planes, (_, i) => planes[(i % channels) * plane + Math.floor(i / channels)]!);
}

async function readLabels(name: string, labels: Candidate): Promise<(number | undefined)[]> {
  const bytes = Number(labels.type.at(-1));
  const isSigned = labels.type.includes('i');
  const count = labels.shape[0]!;
  if (count * bytes > LABELS_BYTES_MAX)
    throw new NashError('usage', `${name}: found ${count} labels, expected fewer`);
  const parts: Uint8Array[] = [];
  for await (const part of (await labels.open()).data) parts.push(Buffer.from(part));
  const all = Buffer.concat(parts);
  return Array.from({ length: count }, (_, i) => {
    const label =
      bytes === 8
        ? Number(all.readBigInt64LE(8 * i))
        : isSigned
          ? all.readIntLE(bytes * i, bytes)
          : all.readUIntLE(bytes * i, bytes);
    if (label > LABEL_MAX)
      throw new NashError('usage', `${name}: found label ${label}, expected at most ${LABEL_MAX}`);
    return label < 0 ? undefined : label;
  });
}
