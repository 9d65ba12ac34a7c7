// Goal: MATLAB's files of level 5 are read as SciPy writes them, and the Toronto Face Database in one as pylearn2 reads it. Method: files of
// tests/golden/tfd.py, whose values follow from a formula; the same spoiled.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMat } from '../../../src/data/mat.js';
import { folderWith, itemsOf, labelsOf, openData } from './folders.js';

const GOLDEN = 'tests/golden/tfd.mat';
const valueAt = (face: number, row: number, column: number) => (37 * face + 11 * row + 3 * column) % 256;

describe.each([GOLDEN, 'tests/golden/tfd-plain.mat'])('%s', (path) => {
  it('has the arrays of numbers, first index fastest, and nothing of text, cells and complex numbers', () => {
    const arrays = readMat(path);
    expect([...arrays.keys()]).toEqual(['images', 'folds', 'labs_ex', 'labs_id', 'wave', 'single']);
    const { shape, values } = arrays.get('images')!;
    expect([shape, values.length]).toEqual([[20, 6, 5], 600]);
    expect(values[7 + 20 * (2 + 6 * 3)]).toBe(valueAt(7, 2, 3));
    expect([...arrays.get('wave')!.values]).toEqual([0.5, -2.25, 1e300]);
    expect([...arrays.get('single')!.values]).toEqual([1.5, 2.5]);
    expect([...arrays.get('labs_ex')!.values.slice(0, 3)]).toEqual([-1, 2, 3]);
    expect(arrays.get('folds')).toMatchObject({ shape: [20, 5] });
    expect([...arrays.get('folds')!.values.slice(0, 5)]).toEqual([0, 1, 2, 3, 0]);
  });
});

describe('the Toronto Face Database', () => {
  const open = (more: object = {}) => openData({ source: 'tfd', path: GOLDEN, ...more });

  it('has the faces without labels, or those of a part of a fold with their expressions', async () => {
    const unlabeled = await open();
    expect([unlabeled.shape, unlabeled.count, unlabeled.label(0)]).toEqual([[6, 5, 1], 5, undefined]);
    const items = itemsOf(unlabeled);
    // faces 0, 4, 8, …: the second is face 4
    expect(items[30 + 2 * 5 + 3]).toBe(valueAt(4, 2, 3));
    const train = await open({ split: 'train' }); // faces 1, 5, 9, 13, 17 of fold 1
    expect(labelsOf(train)).toEqual([1, 5, 2, 6, 3]);
    expect(train.classes?.[1]).toBe('disgust');
    expect(itemsOf(train)[0]).toBe(valueAt(1, 0, 0));
    const test = await open({ split: 'test', fold: 2 }); // (i + 1) mod 4 is 3: faces 2, 6, …
    expect(labelsOf(test)).toEqual([2, 6, 3, 0, 4]);
  });

  it('is found in its folder', async () => {
    const folder = folderWith({});
    copyFileSync(GOLDEN, join(folder, 'TFD_48x48.mat'));
    expect((await open({ path: folder })).count).toBe(5);
  });
});

describe('what is refused, in one line', () => {
  const bytes = readFileSync('tests/golden/tfd-plain.mat');
  const packed = readFileSync(GOLDEN);
  const folder = folderWith({});
  const written = (name: string, content: Buffer): string => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const changed = (of: Buffer, change: (copy: Buffer) => void) => {
    const copy = Buffer.from(of);
    change(copy);
    return copy;
  };

  it.each([
    ['nothing.mat', Buffer.alloc(0), /byte 0: found another file, expected a MATLAB file of level 5/],
    ['text.mat', Buffer.from('x'.repeat(500)), /found another file/],
    ['hdf.mat', Buffer.from(`MATLAB 7.3 MAT-file${' '.repeat(500)}`), /level 7.3, which is HDF5/],
    ['short.mat', bytes.subarray(0, bytes.length - 9), /cut short or damaged/],
    ['packed.mat', packed.subarray(0, packed.length - 9), /cut short or damaged/],
    ['zlib.mat', changed(packed, (copy) => copy.fill(7, 140, 180)), /cut short or damaged/],
    ['long.mat', changed(bytes, (copy) => copy.writeUInt32LE(2 ** 31, 132)), /byte 128: .*cut short/],
  ])('%s', (name, content, said) => {
    expect(() => readMat(written(name, content))).toThrow(said);
  });

  it('a folder without the file, and a file without the arrays or the fold', async () => {
    const tfd = (more: object) => openData({ source: 'tfd', ...more });
    await expect(tfd({ path: folderWith({}) })).rejects.toThrow(
      /found no TFD_48x48.mat.*data.source=images/s,
    );
    const without = changed(bytes, (copy) => copy.write('imagez', copy.indexOf('images')));
    await expect(tfd({ path: written('TFD_96x96.mat', without) })).rejects.toThrow(
      /found imagez \[20, 6, 5\], folds \[20, 5\].*expected images of uint8/,
    );
    const bad = changed(bytes, (copy) => copy.writeInt16LE(9, copy.indexOf('labs_ex') + 16 + 2));
    await expect(tfd({ path: written('bad.mat', bad), split: 'train' })).rejects.toThrow(/labs_ex, 1 to 7/);
  });
});
