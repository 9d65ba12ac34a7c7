// Goal: what stands beside our rows is what it says: k-means centres, what a loss says of a distance. Method: by hand.
import { beforeAll, expect, it } from 'vitest';
import { correlationOf, estimateOf } from '../../../src/cli/loss-correlation.js';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { kMeansCentres } from '../../../src/evaluation/k-means.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

it("Lloyd's centres are the means of their items, and one that has none stays", () => {
  const items = Float32Array.of(0, 0, 9, 0, 100, 100, 1, 0, 0, 1, 9, 2, 100, 100); // seven points
  const centres = (iterations: number) => Array.from(kMeansCentres(items, { size: 2, k: 3, iterations }));
  const third = Math.fround(1 / 3);
  expect(centres(0)).toEqual([0, 0, 9, 0, 100, 100]);
  expect(centres(1)).toEqual([third, third, 9, 1, 100, 100]);
  const alike = Float32Array.of(5, 5, 5, 7); // the first of equal centres has all that is nearest to them
  expect(Array.from(kMeansCentres(alike, { size: 1, k: 2, iterations: 1 }))).toEqual([5.5, 5]);
});

it('a critic says the difference of its means; a D that cannot tell says 0 and one that is sure log 2', () => {
  const logits = (real: number, fake: number) => ({
    real: new Float32Array(4).fill(real),
    fake: new Float32Array(4).fill(fake),
  });
  expect(estimateOf(true, logits(3, 1))).toBe(2);
  expect(estimateOf(false, logits(0, 0))).toBeCloseTo(0, 12);
  expect(estimateOf(false, logits(50, -50))).toBeCloseTo(Math.LN2, 12);
});

it('the correlation is 1 on a rising line, -1 on a falling one, and by hand between', () => {
  const of = (...pairs: [number, number][]) =>
    correlationOf(pairs.map(([estimate, distance]) => ({ estimate, distance })));
  expect(of([1, 3], [2, 5], [3, 7])).toBeCloseTo(1, 12);
  expect(of([1, 7], [2, 5], [3, 3])).toBeCloseTo(-1, 12);
  expect(of([1, 0], [2, 0], [3, 3])).toBeCloseTo(3 / Math.sqrt(2 * 6), 12);
});
