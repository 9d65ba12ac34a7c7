// CIFAR-10 (Krizhevsky 2009) in each of its forms: the binary archive, loose binary files, and JPEG in an archive.
import { join } from 'node:path';
import { NashError } from '../errors.js';
import { badFile, describeFile, filesIn, findFile, readData, requireFolder } from './data-file.js';
import { breathe, ITEMS_PER_BREATH, type ItemReader, type ItemSink } from './item-reader.js';
import type { Picture } from './picture.js';
import { loadDecoder } from './pictures.js';
import { readTar } from './tar.js';
import { unpackStream } from './unpack.js';

type Split = 'train' | 'test';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;
const BATCH_RECORDS = 10_000;
const SHAPE = [SIDE, SIDE, 3] as const;
/** In the order of the labels. */
export const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];
const ARCHIVE = 'cifar-10-binary.tar.gz';
const JPEG_ARCHIVE = 'cifar10-jpeg.tar.xz';
const BATCHES: Record<Split, string[]> = {
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ['test_batch.bin'],
};
const mend = 'Get the file again, with `nash data cifar10`.';

/**
 * The best form that the folder holds: a complete one before a part, then exact before JPEG.
 * @throws NashError('usage') when there is none
 */
export function cifar10Reader(folder: string, split: Split): ItemReader {
  requireFolder(folder, `\`nash data cifar10 --to ${folder}\` downloads it.`);
  const archive = findFile(folder, [ARCHIVE]);
  if (archive)
    return reader(`${archive}, complete and exact`, [archive], split, (add) =>
      decodeArchive(archive, split, add),
    );
  const batches = completeBatches(folder, split);
  if (batches)
    return reader(`${batches.join(', ')}, complete and exact`, batches, split, (add) =>
      decodeFiles(batches, add),
    );
  const jpeg = findFile(folder, [JPEG_ARCHIVE]);
  if (jpeg)
    return {
      ...reader(`${jpeg}, complete, JPEG (not exact)`, [jpeg], split, (add) =>
        decodeJpegArchive(jpeg, split, add),
      ),
      decoder: async () => (await loadDecoder()).DECODER,
    };
  const parts = partialFiles(folder, split);
  if (parts.length > 0)
    return reader(`${parts.join(', ')}, exact, only a part`, parts, split, (add) => decodeFiles(parts, add));
  const holds = filesIn(folder).slice(0, 8).join(', ') || 'no files';
  throw new NashError(
    'usage',
    `data.path '${folder}' holds ${holds}; expected ${ARCHIVE}, ${BATCHES[split].join(', ')}, other .bin files, or ${JPEG_ARCHIVE}. ` +
      `\`nash data cifar10 --to ${folder}\` downloads the first.`,
  );
}

type Decode = (add: ItemSink['add']) => AsyncIterable<number>;

function reader(description: string, paths: readonly string[], split: Split, decode: Decode): ItemReader {
  return {
    description,
    files: paths.map(describeFile),
    options: { split },
    classes: CIFAR10_CLASSES,
    async decode(sink) {
      for await (const done of decode(sink.add)) {
        sink.progress(done);
        await breathe();
      }
      return SHAPE;
    },
  };
}

/** The files of a split when all are there, in the folder or in the one that the archive makes. */
function completeBatches(folder: string, split: Split): string[] | undefined {
  for (const place of [folder, join(folder, 'cifar-10-batches-bin')]) {
    const paths = BATCHES[split].flatMap((name) => findFile(place, [name]) ?? []);
    if (paths.length === BATCHES[split].length) return paths;
  }
  return undefined;
}

/** Other binary files: those whose name begins with `test` belong to that split, all others to `train`. */
function partialFiles(folder: string, split: Split): string[] {
  const names = filesIn(folder).filter(
    (name) => /\.bin(\.gz)?$/.test(name) && name.startsWith('test') === (split === 'test'),
  );
  const numbered = names.filter((name) => isBatch(name));
  return (numbered.length > 0 ? numbered : names).map((name) => join(folder, name));
}

const isBatch = (path: string) => /(^|[/\\])(data_batch_[1-5]|test_batch)\.bin(\.gz)?$/.test(path);

async function* decodeFiles(paths: readonly string[], add: ItemSink['add']): AsyncGenerator<number> {
  let before = 0;
  for (const path of paths) {
    const bytes = readData(path);
    for (const done of decodeRecords(path, bytes, 0, isBatch(path), add)) yield before + done;
    before += bytes.length / RECORD;
  }
}

async function* decodeArchive(path: string, split: Split, add: ItemSink['add']): AsyncGenerator<number> {
  const batches = new Map<string, { data: Buffer; offset: number }>();
  for await (const { name, data, offset } of readTar(path, unpackStream(path))) {
    const base = name.split('/').at(-1) ?? '';
    if (BATCHES[split].includes(base)) batches.set(base, { data, offset });
  }
  for (const [i, name] of BATCHES[split].entries()) {
    const batch = batches.get(name);
    if (!batch)
      throw badFile(path, {
        offset: 0,
        found: `no ${name}`,
        expected: `all of ${BATCHES[split].join(', ')}`,
        mend,
      });
    for (const done of decodeRecords(path, batch.data, batch.offset, true, add))
      yield i * BATCH_RECORDS + done;
  }
}

/** Records of a label byte and three planes, red, green and blue; an item has the colours side by side. */
function* decodeRecords(
  path: string,
  bytes: Buffer,
  offset: number,
  isWholeBatch: boolean,
  add: ItemSink['add'],
): Generator<number> {
  const wanted = isWholeBatch
    ? BATCH_RECORDS * RECORD
    : Math.max(1, Math.ceil(bytes.length / RECORD)) * RECORD;
  if (bytes.length !== wanted) {
    const found =
      bytes.length < wanted
        ? `the end after ${bytes.length} bytes`
        : `${bytes.length - wanted} bytes too many`;
    const expected = isWholeBatch
      ? `${BATCH_RECORDS} records of ${RECORD} bytes`
      : `whole records of ${RECORD} bytes`;
    throw badFile(path, { offset: offset + Math.min(bytes.length, wanted), found, expected, mend });
  }
  const item = new Uint8Array(3 * PLANE);
  for (let i = 0; i < bytes.length / RECORD; i++) {
    const start = i * RECORD;
    const label = bytes[start]!;
    if (label >= CIFAR10_CLASSES.length) {
      throw badFile(path, {
        offset: offset + start,
        found: `label ${label}`,
        expected: 'a label below 10',
        mend,
      });
    }
    for (let p = 0; p < PLANE; p++) {
      for (let c = 0; c < 3; c++) item[3 * p + c] = bytes[start + 1 + c * PLANE + p]!;
    }
    add(item, label);
    if (i % ITEMS_PER_BREATH === 0) yield i;
  }
}

async function pictureIn(path: string, name: string, bytes: Buffer, offset: number): Promise<Picture> {
  const { DamagedPicture, decodePicture } = await loadDecoder();
  try {
    return await decodePicture(bytes, 'white');
  } catch (error) {
    if (!(error instanceof DamagedPicture)) throw error;
    throw badFile(
      path,
      { offset, found: `${name}: ${error.message}`, expected: 'a whole picture', mend },
      error,
    );
  }
}

/** `train/<class>/0000.jpg` …: classes in the order of their labels would not be the archive's own, so items keep the archive's. */
async function* decodeJpegArchive(path: string, split: Split, add: ItemSink['add']): AsyncGenerator<number> {
  const perClass = split === 'train' ? 5000 : 1000;
  const counts = new Array<number>(CIFAR10_CLASSES.length).fill(0);
  let done = 0;
  for await (const { name, data, offset } of readTar(path, unpackStream(path))) {
    const [part, label = '', file = ''] = name.replace(/^\.\//, '').split('/');
    if (part !== split || !/\.jpe?g$/i.test(file)) continue;
    const index = CIFAR10_CLASSES.indexOf(label);
    if (index < 0) {
      throw badFile(path, {
        offset: offset - 512,
        found: `class '${label}'`,
        expected: `one of ${CIFAR10_CLASSES.join(', ')}`,
        mend,
      });
    }
    const { width, height, rgb } = await pictureIn(path, name, data, offset);
    if (width !== SIDE || height !== SIDE) {
      throw badFile(path, {
        offset,
        found: `${name} of ${width} x ${height}`,
        expected: `${SIDE} x ${SIDE}`,
        mend,
      });
    }
    add(rgb, index);
    counts[index]!++;
    if (done++ % ITEMS_PER_BREATH === 0) yield done;
  }
  const wrong = counts.findIndex((count) => count !== perClass);
  if (wrong >= 0) {
    const found = `${counts[wrong]} pictures of ${split}/${CIFAR10_CLASSES[wrong]}`;
    throw badFile(path, { offset: 0, found, expected: `${perClass}`, mend });
  }
}
