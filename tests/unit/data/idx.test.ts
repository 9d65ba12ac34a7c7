import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { NashError } from '../../../src/errors.js';
import { folderWith, idx, itemsOf, mnistFiles, noise, openData, png } from './folders.js';

const labels = 'train-labels-idx1-ubyte';
const images = 'train-images-idx3-ubyte';

it('packed and plain files, in either spelling, give the same items and the same digest', async () => {
  const packed = await openData({ source: 'mnist', path: folderWith(mnistFiles()) });
  const plainFiles = {
    'train-images.idx3-ubyte': idx([20, 28, 28], noise(20 * 784)),
    [labels]: idx(
      [20],
      Uint8Array.from({ length: 20 }, (_, i) => i % 10),
    ),
  };
  const plain = await openData({ source: 'mnist', path: folderWith(plainFiles) });
  expect(packed).toMatchObject({ kind: 'dataset', count: 20, shape: [28, 28, 1] });
  expect(plain.digest).toBe(packed.digest);
  expect(itemsOf(plain)).toEqual(Uint8Array.from(noise(20 * 784)));
  expect([0, 1, 13].map((i) => packed.label(i))).toEqual([0, 1, 3]);
});

it('bytes 0 and 255 become -1 and 1', async () => {
  const data = new Uint8Array(784).fill(255, 0, 392);
  const path = folderWith({ [images]: idx([1, 28, 28], data), [labels]: idx([1], Uint8Array.of(7)) });
  const out = new Float32Array(784);
  (await openData({ source: 'mnist', path })).read([0], out);
  expect([out[0], out[783]]).toEqual([1, -1]);
});

it('the test split reads the t10k files', async () => {
  const path = folderWith({ ...mnistFiles(20), ...mnistFiles(5, 't10k') });
  expect((await openData({ source: 'mnist', path, split: 'test' })).count).toBe(5);
});

describe('a damaged file is refused by name and byte', () => {
  const good = { [images]: idx([3, 28, 28], noise(3 * 784)), [labels]: idx([3], Uint8Array.of(1, 2, 3)) };
  const packed = gzipSync(idx([200, 28, 28], noise(200 * 784)));
  const spoiled = Buffer.from(packed);
  spoiled.fill(0, 5000, 5100);
  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    [
      'images cut short',
      { ...good, [images]: good[images]!.subarray(0, 1000) },
      /images.*byte 1000: found the end of the file, expected 2368 bytes for 3 x 28 x 28/,
    ],
    [
      'images too long',
      { ...good, [images]: Buffer.concat([good[images]!, Buffer.alloc(9)]) },
      /byte 2368: found 9 bytes too many/,
    ],
    [
      'an empty file',
      { ...good, [images]: Buffer.alloc(0) },
      /byte 0: found the end of the file, expected a header of 16 bytes/,
    ],
    ['labels in the place of images', { ...good, [images]: good[labels]! }, /images.*byte \d+: found/],
    [
      'a wrong magic number',
      { ...good, [images]: idx([3, 28, 28], noise(3 * 784), 0x0d03) },
      /byte 0: found 0x00000d03, expected the magic number 0x00000803 of images/,
    ],
    ['no items', { ...good, [images]: idx([0, 28, 28], Buffer.alloc(0)) }, /byte 4: found dimension 0/],
    [
      'a side that is absurd',
      { ...good, [images]: idx([3, 28, 2 ** 31], Buffer.alloc(0)) },
      /byte 12: found dimension 2147483648, expected a side of 1 to 4096/,
    ],
    [
      'fewer labels than images',
      { ...good, [labels]: idx([2], Uint8Array.of(1, 2)) },
      /labels.*byte 4: found 2 labels, expected 3/,
    ],
    [
      'a label beyond the classes',
      { ...good, [labels]: idx([3], Uint8Array.of(1, 10, 3)) },
      /labels.*byte 9: found label 10/,
    ],
    [
      'a packed file cut short',
      { [`${images}.gz`]: packed.subarray(0, 9000), [labels]: good[labels]! },
      /images.*gz, byte 9000: found the end of the file/,
    ],
    [
      'a packed file with damage',
      { [`${images}.gz`]: spoiled, [labels]: good[labels]! },
      /images.*gz, byte \d+: found what gzip cannot unpack/,
    ],
    [
      'a file that is not packed though its name says so',
      { [`${images}.gz`]: good[images]!, [labels]: good[labels]! },
      /gzip cannot unpack/,
    ],
  ])('%s', async (_, files, message) => {
    const refusal = openData({ source: 'mnist', path: folderWith(files) });
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toMatchObject({ fault: 'usage', exitCode: 2 });
  });
});

it('a missing folder, a file in its place and a missing file name the command that mends it', async () => {
  const folder = folderWith({ [images]: idx([1, 28, 28], noise(784)) });
  for (const path of [join(folder, 'none'), join(folder, images), folder]) {
    const refusal = openData({ source: 'mnist', path });
    await expect(refusal).rejects.toThrow(/nash data mnist --to/);
    await expect(refusal).rejects.toBeInstanceOf(NashError);
  }
});

describe('data sets in the files of MNIST', () => {
  const set = (subset: string, labels: readonly number[], split = 'train') => ({
    [`emnist-${subset}-${split}-images-idx3-ubyte.gz`]: gzipSync(
      idx([labels.length, 2, 3], Uint8Array.from(labels.flatMap((i) => [i, 1, 2, 3, 4, 5]))),
    ),
    [`emnist-${subset}-${split}-labels-idx1-ubyte.gz`]: gzipSync(
      idx([labels.length], Uint8Array.from(labels)),
    ),
  });

  it.each([
    ['balanced', [0, 46], 47, 't'],
    ['byclass', [0, 61], 62, 'z'],
    ['bymerge', [0, 46], 47, 't'],
    ['digits', [0, 9], 10, '9'],
    ['letters', [1, 26], 26, 'Z'],
    ['mnist', [0, 9], 10, '9'],
  ])('EMNIST %s: its classes, upright', async (subset, labels, count, last) => {
    const source = await openData({ source: 'mnist', path: folderWith(set(subset, labels)) });
    expect(source.classes).toHaveLength(count);
    expect([source.label(0), source.label(1)]).toEqual([0, count - 1]);
    expect(source.classes?.at(-1)).toBe(last);
    expect(source.shape).toEqual([3, 2, 1]);
    expect([...itemsOf(source)].slice(0, 6)).toEqual([labels[0], 3, 1, 4, 2, 5]); // rows [a 1 2] [3 4 5] lie on their side
    const beyond = openData({ source: 'mnist', path: folderWith(set(subset, [labels[1]! + 1])) });
    await expect(beyond).rejects.toThrow(/found label \d+, expected a label/);
  });

  it('of several in one folder data.subset names one; files with the names of MNIST come first', async () => {
    const both = { ...set('digits', [1]), ...set('letters', [1, 2]) };
    const path = folderWith(both);
    await expect(openData({ source: 'mnist', path })).rejects.toThrow(
      /holds EMNIST's digits, letters\. Name one/,
    );
    expect((await openData({ source: 'mnist', path, subset: 'letters' })).count).toBe(2);
    expect(
      (await openData({ source: 'mnist', path: folderWith({ ...both, ...mnistFiles(20) }) })).count,
    ).toBe(20);
    await expect(openData({ source: 'mnist', path, subset: 'byclass' })).rejects.toThrow(
      /emnist-byclass-train-images/,
    );
  });
});

it('data.mirror doubles a set: each item once more, left for right', async () => {
  const path = folderWith({
    [images]: idx([2, 2, 3], Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])),
    [labels]: idx([2], Uint8Array.of(5, 8)),
  });
  const [plain, doubled] = [
    await openData({ source: 'mnist', path }),
    await openData({ source: 'mnist', path, mirror: true }),
  ];
  expect(doubled).toMatchObject({ count: 4, shape: [2, 3, 1] });
  expect([...itemsOf(doubled)]).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10,
  ]);
  expect([0, 1, 2, 3].map((i) => doubled.label(i))).toEqual([5, 8, 5, 8]);
  expect(doubled.digest).not.toBe(plain.digest);
});

it('a mirrored colour keeps its red, green and blue in their order', async () => {
  const path = folderWith({ 'a.png': png(2, 1, (x) => (x === 0 ? [1, 2, 3] : [4, 5, 6])) });
  const source = await openData({ source: 'images', path, size: [1, 2], mirror: true });
  expect([...itemsOf(source)]).toEqual([1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3]);
});
