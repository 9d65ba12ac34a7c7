// Goal: the nearest item is found among all, also behind the first batch, by squared distance. Method: items on a line, by hand.
import { expect, it } from 'vitest';
import { nearestItems } from '../../../src/evaluation/nearest-items.js';

const COUNT = 3000;
/** Item i is (i, 0). */
const line = {
  shape: [2],
  count: COUNT,
  read(indices: ArrayLike<number>, out: Float32Array) {
    for (let i = 0; i < indices.length; i++) out.set([indices[i]!, 0], 2 * i);
  },
};

it('each sample has its own', () => {
  expect(nearestItems(Float32Array.of(2500.4, 3, -7, 0, 10, 0), line)).toEqual([
    { index: 2500, squaredDistance: expect.closeTo(0.16 + 9, 3) },
    { index: 0, squaredDistance: 49 },
    { index: 10, squaredDistance: 0 },
  ]);
});

it('of two as near the first is taken', () => {
  expect(nearestItems(Float32Array.of(1023.5, 0), line)[0]!.index).toBe(1023);
});
