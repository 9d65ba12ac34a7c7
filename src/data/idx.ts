// The IDX format of MNIST (LeCun, Cortes, Burges): a magic number, the dimensions, big-endian, then bytes.
import { NashError } from '../errors.js';
import { badFile, describeFile, findFile, readData, requireFolder } from './data-file.js';
import { breathe, ITEMS_PER_BREATH, type ItemReader } from './item-reader.js';

const STEMS = { train: 'train', test: 't10k' } as const;
const CLASSES = 10;
const SIDE_MAX = 4096;
const mend = 'Get the file again, with `nash data mnist`.';

/**
 * MNIST, or another data set in its form: images and labels, packed or not.
 * @throws NashError('usage') when a file is missing
 */
export function mnistReader(folder: string, split: 'train' | 'test'): ItemReader {
  requireFolder(folder, `\`nash data mnist --to ${folder}\` downloads it.`);
  const images = locate(folder, `${STEMS[split]}-images`, 3);
  const labels = locate(folder, `${STEMS[split]}-labels`, 1);
  return {
    description: `${images} and its labels`,
    files: [describeFile(images), describeFile(labels)],
    options: { split },
    async decode(sink) {
      const { data, dimensions } = parseIdx(images, readData(images), 3);
      const [count = 0, height = 0, width = 0] = dimensions;
      const classes = parseLabels(labels, count);
      const size = height * width;
      for (let i = 0; i < count; i++) {
        sink.add(data.subarray(i * size, (i + 1) * size), classes[i]);
        if (i % (ITEMS_PER_BREATH * 16) === 0) {
          sink.progress(i + 1);
          await breathe();
        }
      }
      return [height, width, 1];
    },
  };
}

/** Both spellings of the names are in use: `train-images-idx3-ubyte` and `train-images.idx3-ubyte`. */
function locate(folder: string, stem: string, rank: number): string {
  const names = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`];
  const path = findFile(folder, names);
  if (path) return path;
  throw new NashError(
    'usage',
    `${folder} holds neither ${names[0]} nor ${names[0]}.gz. \`nash data mnist --to ${folder}\` downloads the four files.`,
  );
}

function parseLabels(path: string, imageCount: number): Uint8Array {
  const { data, dimensions } = parseIdx(path, readData(path), 1);
  if (dimensions[0] !== imageCount) {
    throw badFile(path, {
      offset: 4,
      found: `${dimensions[0]} labels`,
      expected: `${imageCount}, one for each image`,
      mend,
    });
  }
  const wrong = data.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) {
    throw badFile(path, {
      offset: 8 + wrong,
      found: `label ${data[wrong]}`,
      expected: `a label below ${CLASSES}`,
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
