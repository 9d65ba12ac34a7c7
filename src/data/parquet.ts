// Hugging Face data sets as parquet: pictures as bytes in a column, labels in another. The only user of hyparquet.
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf, NashError } from '../errors.js';
import { describeFile, filesBelow } from './data-file.js';
import { LABEL_MAX } from './item-reader.js';
import type { PictureInput, PictureSet } from './pictures.js';

export interface ParquetOptions {
  path: string;
  /** files whose names begin with it are taken where there are any */
  split: string;
  /** names of columns; undefined: found */
  image?: string | undefined;
  label?: string | undefined;
}

/** A row group is read whole: writers make some hundred megabytes of one. */
const ROW_GROUP_BYTES_MAX = 2 ** 30;
const INTEGERS: readonly (string | undefined)[] = ['INT32', 'INT64'];
const LABEL_NAMES = ['label', 'labels'];
const IMAGE_NAMES = ['image', 'img'];

interface ParquetFile {
  path: string;
  metadata: FileMetaData;
}

interface Columns {
  image: string;
  label: string | undefined;
  /** integer columns of which none was taken, for the log */
  labelsUnclear: readonly string[];
}

/**
 * Rows in the order of the files' names.
 * @throws NashError('usage') when a file is damaged, or has no column of pictures
 */
export async function parquetPictures(options: ParquetOptions): Promise<PictureSet> {
  const paths = filesOf(options);
  const files: ParquetFile[] = [];
  for (const path of paths) files.push({ path, metadata: await readable(path, () => metadataOf(path)) });
  const columns = columnsOf(files[0]!, options);
  const classes = classNames(files[0]!.metadata, columns.label);
  const count = files.reduce((sum, { metadata }) => sum + Number(metadata.num_rows), 0);
  if (count === 0) throw new NashError('usage', `${paths.join(', ')}: found no rows, expected pictures`);
  const unclear = columns.labelsUnclear.join(', ');
  const labels = columns.label ? `labels in '${columns.label}'` : 'no labels';
  return {
    description: `${count} rows of ${paths.length} parquet files (${basename(paths[0]!)} …), pictures in '${columns.image}', ${labels}${
      unclear ? ` (data.label may name one of ${unclear})` : ''
    }`,
    files: paths.map(describeFile),
    classes,
    count,
    options: ['parquet', columns.image, columns.label ?? null],
    from: (index) => rows(files, columns, index),
  };
}

const metadataOf = async (path: string): Promise<FileMetaData> =>
  parquetMetadataAsync(await asyncBufferFromFile(path));

/** Names the file in whatever the library says of it. */
async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new NashError(
      'usage',
      `${path}: found damage (${messageOf(cause)}), expected a whole parquet file. Get it again.`,
      {
        cause,
      },
    );
  }
}

function filesOf({ path, split }: ParquetOptions): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat)
    throw new NashError(
      'usage',
      `data.path '${path}' does not exist. Name a parquet file, or a folder of them.`,
    );
  if (stat.isFile()) return [path];
  const names = filesBelow(path)
    .filter((name) => name.endsWith('.parquet'))
    .sort();
  if (names.length === 0)
    throw new NashError('usage', `data.path '${path}' holds no file that ends in .parquet.`);
  const ofSplit = names.filter((name) => basename(name).startsWith(split));
  const areSplit = names.some((name) => /^(train|test|val)/.test(basename(name)));
  if (ofSplit.length === 0 && areSplit)
    throw new NashError(
      'usage',
      `data.path '${path}' holds ${names.slice(0, 8).join(', ')}; expected names that begin with '${split}', as data.split says.`,
    );
  return (areSplit ? ofSplit : names).map((name) => join(path, name));
}

function columnsOf({ path, metadata }: ParquetFile, options: ParquetOptions): Columns {
  const columns = parquetSchema(metadata).children;
  const isBytes = (type?: string, converted?: string) => type === 'BYTE_ARRAY' && converted !== 'UTF8';
  const images = columns
    .filter(({ element, children }) =>
      children.length > 0
        ? children.some((child) => child.element.name === 'bytes' && isBytes(child.element.type))
        : isBytes(element.type, element.converted_type),
    )
    .map(({ element }) => element.name);
  const integers = columns
    .filter(({ element, children }) => children.length === 0 && INTEGERS.includes(element.type))
    .map(({ element }) => element.name);
  const all = columns.map(({ element }) => element.name).join(', ');
  const image = options.image ?? only(images, IMAGE_NAMES);
  if (!image || !images.includes(image)) {
    const expected = options.image
      ? `'${options.image}' among them with bytes`
      : 'one of bytes, or a struct that has `bytes`';
    throw new NashError('usage', `${path}: found columns ${all}; expected ${expected}. data.image names it.`);
  }
  if (options.label !== undefined && !integers.includes(options.label))
    throw new NashError(
      'usage',
      `${path}: found columns ${all}; expected '${options.label}' among them with whole numbers.`,
    );
  const label = options.label ?? only(integers, LABEL_NAMES);
  return { image, label, labelsUnclear: label ? [] : integers };
}

/** The only one, or the one of a usual name. */
const only = (names: readonly string[], usual: readonly string[]): string | undefined =>
  names.length === 1 ? names[0] : usual.find((name) => names.includes(name));

/** What the data set's makers call the classes (Hugging Face's `ClassLabel`); none where they do not say. */
function classNames({ key_value_metadata = [] }: FileMetaData, label: string | undefined): string[] {
  const text = key_value_metadata.find(({ key }) => key === 'huggingface')?.value;
  if (!text || label === undefined) return [];
  try {
    const names: unknown = JSON.parse(text).info.features[label].names;
    return Array.isArray(names) && names.length <= LABEL_MAX ? names.map(String) : [];
  } catch {
    return []; // names only: without them classes are numbers
  }
}

async function* rows(
  files: readonly ParquetFile[],
  columns: Columns,
  index: number,
): AsyncGenerator<PictureInput> {
  let before = 0;
  for (const { path, metadata } of files) {
    let start = 0;
    for (const group of metadata.row_groups) {
      const size = Number(group.num_rows);
      if (before + size > index) {
        const first = Math.max(0, index - before);
        const found = await readable(path, () =>
          readGroup(path, metadata, columns, { start, size, bytes: Number(group.total_byte_size) }),
        );
        for (let i = first; i < size; i++) yield inputOf(`${path}, row ${start + i}`, found[i]!, columns);
      }
      before += size;
      start += size;
    }
  }
}

async function readGroup(
  path: string,
  metadata: FileMetaData,
  { image, label }: Columns,
  { start, size, bytes }: { start: number; size: number; bytes: number },
): Promise<Record<string, unknown>[]> {
  if (bytes > ROW_GROUP_BYTES_MAX)
    throw new Error(
      `a row group of ${bytes} bytes, more than ${ROW_GROUP_BYTES_MAX}: write it with a smaller row_group_size`,
    );
  const found = await parquetReadObjects({
    file: await asyncBufferFromFile(path),
    metadata,
    columns: label ? [image, label] : [image],
    rowStart: start,
    rowEnd: start + size,
    utf8: false,
    compressors: bounded,
  });
  if (found.length !== size) throw new Error(`${found.length} rows where ${size} are said to be`);
  return found;
}

/** A page may say that it unpacks to anything: the library asks for the memory before it unpacks. */
const bounded: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, unpack]) => [
    codec,
    (input: Uint8Array, bytes: number) => {
      if (bytes > ROW_GROUP_BYTES_MAX)
        throw new Error(`a page of ${bytes} bytes, more than ${ROW_GROUP_BYTES_MAX}`);
      return unpack(input, bytes);
    },
  ]),
);

function inputOf(name: string, row: Record<string, unknown>, columns: Columns): PictureInput {
  const cell = row[columns.image];
  const bytes = cell instanceof Uint8Array ? cell : (cell as { bytes?: unknown } | null)?.bytes;
  const label = columns.label === undefined ? -1 : Number(row[columns.label] ?? -1);
  return {
    name,
    label: label < 0 ? undefined : label,
    async read() {
      if (label > LABEL_MAX)
        throw new NashError('usage', `found label ${label}, expected at most ${LABEL_MAX}`);
      if (bytes instanceof Uint8Array) return bytes;
      throw new NashError(
        'usage',
        'found no bytes, expected a picture (one that is only named is elsewhere)',
      );
    },
  };
}
