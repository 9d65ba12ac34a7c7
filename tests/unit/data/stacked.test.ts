// Goal: an item of stacked MNIST is three digits of the source, one a channel, and its label is theirs. Method: a source whose item i is all i.
import { describe, expect, it } from 'vitest';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { stacked } from '../../../src/data/stacked.js';

const digits: DatasetSource = {
  kind: 'dataset',
  shape: [1, 2, 1],
  count: 30,
  digest: 'd',
  read: (indices, out) => {
    for (let i = 0; i < indices.length; i++) out.set([indices[i]!, indices[i]! + 0.5], 2 * i);
  },
  classes: [...'0123456789'],
  label: (index) => index % 10,
  close: () => {},
};

describe('stacked MNIST', () => {
  const source = stacked(digits, 1000);
  const items = new Float32Array(1000 * 6);
  source.read(
    Array.from({ length: 1000 }, (_, i) => i),
    items,
  );

  it('has one digit in each channel, pixel beside pixel, and a label that says which', () => {
    expect([source.shape, source.count]).toEqual([[1, 2, 3], 1000]);
    for (let i = 0; i < 1000; i++) {
      const [r, g, b, ...second] = Array.from(items.subarray(6 * i, 6 * i + 6));
      expect(second).toEqual([r! + 0.5, g! + 0.5, b! + 0.5]);
      expect(source.label(i)).toBe(100 * (r! % 10) + 10 * (g! % 10) + (b! % 10));
    }
  });

  it('has all digits in every channel, and nearly as many triples as chance gives: 1000 (1 - 1/e)', () => {
    const seen = [0, 1, 2].map((channel) => new Set(items.filter((_, i) => i % 6 === channel)).size);
    expect(seen).toEqual([30, 30, 30]);
    const triples = new Set(Array.from({ length: 1000 }, (_, i) => source.label(i)));
    expect(Math.abs(triples.size - 1000 * (1 - 1 / Math.E))).toBeLessThan(4 * 10); // deviation about 10
  });

  it("names its classes by those of the channels, which have the digits' source", () => {
    expect([source.classes!.length, source.classes![7], source.classes![905]]).toEqual([1000, '007', '905']);
    expect(source.stackedOf).toBe(digits);
  });

  it('is the same every time, and others of another count have another digest', () => {
    const again = new Float32Array(6);
    stacked(digits, 1000).read([7], again);
    expect(again).toEqual(items.slice(42, 48));
    expect(source.digest).not.toBe(stacked(digits, 999).digest);
  });

  it('has no labels where the digits have none', () => {
    expect(stacked({ ...digits, label: () => undefined }, 3).label(0)).toBeUndefined();
  });
});
