// The IDX format of MNIST (LeCun, Cortes, Burges) and of those who follow it: a magic number, the dimensions, big-endian, then bytes.
import { NashError } from '../errors.js';
import { badFile, describeFile, findFile, readData, requireFolder } from './data-file.js';
import { breathe, ITEMS_PER_BREATH, type ItemReader } from './item-reader.js';

const SIDE_MAX = 4096;
const mend = 'Get the file again, with `nash data mnist`.';

const DIGITS = [...'0123456789'];
const CAPITALS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
/** Small letters that do not look like their capitals (EMNIST, table I). */
const UNLIKE = [...'abdefghnqrt'];

interface Form {
  /** of each split's files, before `-images-idx3-ubyte` */
  stems: { train: string; test: string };
  /** in the order of the labels */
  classes: readonly string[];
  /** the label of the first class */
  first: number;
  /** columns of pixels lie where rows should */
  isTransposed: boolean;
}

/** Fashion-MNIST, KMNIST and others have the names of MNIST's files. */
const MNIST: Form = {
  stems: { train: 'train', test: 't10k' },
  classes: DIGITS,
  first: 0,
  isTransposed: false,
};

const emnist = (subset: string, classes: readonly string[], first = 0): Form => ({
  stems: { train: `emnist-${subset}-train`, test: `emnist-${subset}-test` },
  classes,
  first,
  isTransposed: true,
});

/** Cohen et al. 2017, table II; the labels of `letters` begin at 1. */
const EMNIST = {
  balanced: emnist('balanced', [...DIGITS, ...CAPITALS, ...UNLIKE]),
  byclass: emnist('byclass', [...DIGITS, ...CAPITALS, ...CAPITALS.map((letter) => letter.toLowerCase())]),
  bymerge: emnist('bymerge', [...DIGITS, ...CAPITALS, ...UNLIKE]),
  digits: emnist('digits', DIGITS),
  letters: emnist('letters', CAPITALS, 1),
  mnist: emnist('mnist', DIGITS),
};
export type EmnistSubset = keyof typeof EMNIST;

type Split = 'train' | 'test';

/**
 * MNIST, or another data set in its form: images and labels, packed or not.
 * @param subset of EMNIST; needed where a folder holds several
 * @throws NashError('usage') when a file is missing
 */
export function mnistReader(folder: string, split: Split, subset?: EmnistSubset): ItemReader {
  requireFolder(folder, `\`nash data mnist --to ${folder}\` downloads it.`);
  const form = formIn(folder, split, subset);
  const images = locate(folder, `${form.stems[split]}-images`, 3);
  const labels = locate(folder, `${form.stems[split]}-labels`, 1);
  return {
    description: `${images} and its labels`,
    files: [describeFile(images), describeFile(labels)],
    options: { split },
    classes: form.classes,
    async decode(sink) {
      const { data, dimensions } = parseIdx(images, readData(images), 3);
      const [count = 0, height = 0, width = 0] = dimensions;
      const classes = parseLabels(labels, count, form);
      const size = height * width;
      for (let i = 0; i < count; i++) {
        const item = data.subarray(i * size, (i + 1) * size);
        sink.add(form.isTransposed ? transposed(item, height) : item, classes[i]! - form.first);
        if (i % (ITEMS_PER_BREATH * 16) === 0) {
          sink.progress(i + 1);
          await breathe();
        }
      }
      return form.isTransposed ? [width, height, 1] : [height, width, 1];
    },
  };
}

/** MNIST's own names before EMNIST's. */
function formIn(folder: string, split: Split, subset: EmnistSubset | undefined): Form {
  if (subset) return EMNIST[subset];
  if (findFile(folder, namesOf(`${MNIST.stems[split]}-images`, 3))) return MNIST;
  const subsets = Object.entries(EMNIST).filter(([, { stems }]) =>
    findFile(folder, namesOf(`${stems[split]}-images`, 3)),
  );
  if (subsets.length > 1) {
    const names = subsets.map(([name]) => name).join(', ');
    throw new NashError(
      'usage',
      `${folder} holds EMNIST's ${names}. Name one with --set data.subset=letters.`,
    );
  }
  return subsets[0]?.[1] ?? MNIST;
}

/** @param height of the picture as it lies */
const transposed = (item: Uint8Array, height: number): Uint8Array => {
  const width = item.length / height;
  return item.map((_, i) => item[(i % height) * width + Math.floor(i / height)]!);
};

/** Both spellings of the names are in use: `train-images-idx3-ubyte` and `train-images.idx3-ubyte`. */
const namesOf = (stem: string, rank: number) => [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`];

function locate(folder: string, stem: string, rank: number): string {
  const names = namesOf(stem, rank);
  const path = findFile(folder, names);
  if (path) return path;
  throw new NashError(
    'usage',
    `${folder} holds neither ${names[0]} nor ${names[0]}.gz. \`nash data mnist --to ${folder}\` downloads the four files.`,
  );
}

function parseLabels(path: string, imageCount: number, { classes, first }: Form): Uint8Array {
  const { data, dimensions } = parseIdx(path, readData(path), 1);
  if (dimensions[0] !== imageCount) {
    throw badFile(path, {
      offset: 4,
      found: `${dimensions[0]} labels`,
      expected: `${imageCount}, one for each image`,
      mend,
    });
  }
  const end = first + classes.length;
  const wrong = data.findIndex((label) => label < first || label >= end);
  if (wrong >= 0) {
    throw badFile(path, {
      offset: 8 + wrong,
      found: `label ${data[wrong]}`,
      expected: first === 0 ? `a label below ${end}` : `a label from ${first} to ${end - 1}`,
      mend,
    });
  }
  return data;
}

/**
 * The dimensions and the bytes of an IDX file of unsigned bytes.
 * @throws NashError('usage') when the magic number, a dimension or the length is wrong
 */
export function parseIdx(
  path: string,
  bytes: Buffer,
  rank: number,
): { data: Uint8Array; dimensions: number[] } {
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw badFile(path, {
      offset: bytes.length,
      found: 'the end of the file',
      expected: `a header of ${headerBytes} bytes`,
      mend,
    });
  }
  const magic = bytes.readUInt32BE(0);
  if (magic !== 0x0800 + rank) {
    const expected = `the magic number ${hex(0x0800 + rank)} of ${rank === 3 ? 'images' : 'labels'} in IDX form`;
    throw badFile(path, { offset: 0, found: hex(magic), expected, mend });
  }
  const dimensions = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  dimensions.forEach((size, i) => {
    const fits = size >= 1 && (i === 0 || size <= SIDE_MAX);
    const expected = i === 0 ? 'at least one item' : `a side of 1 to ${SIDE_MAX}`;
    if (!fits) throw badFile(path, { offset: 4 + 4 * i, found: `dimension ${size}`, expected, mend });
  });
  const expected = headerBytes + dimensions.reduce((a, b) => a * b, 1);
  if (bytes.length !== expected) {
    const found =
      bytes.length < expected ? 'the end of the file' : `${bytes.length - expected} bytes too many`;
    const offset = Math.min(bytes.length, expected);
    throw badFile(path, { offset, found, expected: `${expected} bytes for ${dimensions.join(' x ')}`, mend });
  }
  return { data: bytes.subarray(headerBytes), dimensions };
}

const hex = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;
