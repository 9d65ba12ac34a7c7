// Goal: pairs are the two pictures that a person would expect, mirrored and drawn together. Oracle: pixels known beforehand, in files made by
// pngjs, and conditions worked out by hand.
import { describe, expect, it } from 'vitest';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { firstItems } from '../../../src/data/first-items.js';
import { mirrored } from '../../../src/data/mirrored.js';
import { conditionShapeOf, paired } from '../../../src/data/pairs.js';
import { createSampler } from '../../../src/data/sampler.js';
import { folderWith, openData, png } from './folders.js';

/** Items whose numbers are given. */
const holding = (shape: number[], items: number[][]): DatasetSource => ({
  kind: 'dataset',
  shape,
  count: items.length,
  digest: 'd',
  read: (indices, out) => {
    for (let i = 0; i < indices.length; i++) out.set(items[indices[i]!]!, i * items[0]!.length);
  },
  label: () => undefined,
  close: () => {},
});

const read = ({ read, shape }: Pick<DatasetSource, 'read' | 'shape'>, ...indices: number[]): number[] => {
  const out = new Float32Array(indices.length * shape.reduce((a, b) => a * b, 1));
  read(indices, out);
  return Array.from(out);
};
const bytesOf = (values: number[]) => values.map((value) => Math.round((value + 1) * 127.5));

describe('halves of one picture', () => {
  // A rises to the right from 0, B from 100; both fall downwards by 10
  const pair = png(8, 4, (x, y) => [x < 4 ? 10 * x + y : 100 + 10 * (x - 4) + y, 7, 200]);
  const open = (more: object = {}, files: Record<string, Uint8Array> = { '1.png': pair }) =>
    openData({
      ...{ source: 'images', path: folderWith(files), size: 4, pairs: { name: 'side-by-side' } },
      ...more,
    }) as Promise<DatasetSource>;
  const reds = (values: number[]) => bytesOf(values).filter((_, i) => i % 3 === 0);
  const [a, b] = [0, 100].map((from) =>
    Array.from({ length: 16 }, (_, i) => from + 10 * (i % 4) + Math.floor(i / 4)),
  );

  it('are condition and item, by pix2pix’s name of the direction', async () => {
    const source = await open();
    expect([source.shape, source.conditions!.shape]).toEqual([
      [4, 4, 3],
      [4, 4, 3],
    ]);
    expect([reds(read(source.conditions!, 0)), reds(read(source, 0))]).toEqual([a, b]);
    const back = await open({ pairs: { name: 'side-by-side', direction: 'BtoA' } });
    expect([reds(read(back.conditions!, 0)), reds(read(back, 0))]).toEqual([b, a]);
    expect(back.digest).not.toBe(source.digest);
  });

  it('are cropped each by itself, where a picture is wider than two squares', async () => {
    const wide = png(12, 4, (x) => [x < 6 ? 10 * x : 100 + 10 * (x - 6), 0, 0]);
    const source = await open({}, { '1.png': wide });
    expect(reds(read(source.conditions!, 0)).slice(0, 4)).toEqual([10, 20, 30, 40]);
    expect(reds(read(source, 0)).slice(0, 4)).toEqual([110, 120, 130, 140]);
  });

  it('are mirrored each by itself, and together', async () => {
    const source = await open({ mirror: true });
    const row = (values: number[]) => reds(values).slice(0, 4);
    expect(source.count).toBe(2);
    expect([row(read(source.conditions!, 1)), row(read(source, 1))]).toEqual([
      [30, 20, 10, 0],
      [130, 120, 110, 100],
    ]);
  });

  it('of an odd width are refused by name, in one line', async () => {
    const odd = open({}, { 'odd.png': png(7, 4, () => [0, 0, 0]) });
    await expect(odd).rejects.toThrow(
      /odd\.png: found a picture 7 pixels wide, expected two of one size side by side, an even width/,
    );
  });
});

describe('conditions made from an item', () => {
  it('grayscale: luma of ITU-R BT.601', () => {
    const source = paired(holding([1, 2, 3], [[1, 0, 0, -0.5, 0.5, 1]]), { name: 'grayscale' });
    const [red, mixed] = read(source.conditions!, 0);
    expect(source.conditions!.shape).toEqual([1, 2, 1]);
    expect(red).toBeCloseTo(0.299, 6);
    expect(mixed).toBeCloseTo(-0.1495 + 0.2935 + 0.114, 6);
    expect(read(source, 0)).toEqual([1, 0, 0, -0.5, 0.5, 1]);
  });

  it('downsampled: the mean of each square, in all its places and channels', () => {
    const numbers = Array.from({ length: 16 }, (_, i) => i); // 2 x 4, two channels
    const source = paired(holding([2, 4, 2], [numbers]), { name: 'downsampled', factor: 2 });
    // of channel 0: (0 + 2 + 8 + 10) / 4 = 5 and 9; channel 1 is one more
    const row = [5, 6, 5, 6, 9, 10, 9, 10];
    expect(read(source.conditions!, 0)).toEqual([...row, ...row]);
  });

  it('masked: grey in the middle, and nothing else', () => {
    const source = paired(holding([4, 4, 1], [Array(16).fill(1)]), { name: 'masked', share: 0.5 });
    expect(read(source.conditions!, 0)).toEqual([1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
  });

  it('follows its item when that is mirrored, and has a digest of its own', () => {
    const source = paired(mirrored(holding([1, 2, 1], [[0.25, 1]])), { name: 'masked', share: 1 / 2 });
    expect(read(source, 0, 1)).toEqual([0.25, 1, 1, 0.25]);
    const digests = [0.5, 0.6].map((share) => paired(source, { name: 'masked', share }).digest);
    expect(new Set([...digests, source.digest]).size).toBe(3);
  });

  it.each<[string, Parameters<typeof conditionShapeOf>[0], number[], RegExp]>([
    ['grey of grey', { name: 'grayscale' }, [28, 28, 1], /shape \[28, 28, 1\], expected three channels/],
    [
      'squares that do not fit',
      { name: 'downsampled', factor: 3 },
      [32, 32, 3],
      /factor 3 divides; set another/,
    ],
    ['points', { name: 'masked', share: 0.5 }, [2], /expected pictures/],
  ])('are refused of %s', (_, pairs, shape, message) => {
    expect(() => conditionShapeOf(pairs, shape)).toThrow(message);
  });
});

describe('a shard', () => {
  const source = paired(
    holding(
      [1, 1, 3],
      Array.from({ length: 10 }, (_, i) => [i / 10, i / 10, i / 10]),
    ),
    { name: 'grayscale' },
  );

  it('has the condition of each of its items beside it', () => {
    const sampler = createSampler({ source, seed: 3, minibatchSize: 8, shards: 2, branch: 0 });
    const [items, conditions] = [new Float32Array(12), new Float32Array(4)];
    sampler.shard(1, 1, items, { conditions });
    for (let i = 0; i < 4; i++) expect(conditions[i]).toBeCloseTo(items[3 * i]!, 6);
    expect(new Set(conditions).size).toBe(4);
  });

  it('is shown with them', () => {
    const { data, conditions } = firstItems(source, 2, 0);
    expect(data[3]).toBeCloseTo(0.1, 6);
    expect(Array.from(conditions!.data, (value) => value.toFixed(3))).toEqual(['0.000', '0.100']);
  });
});
