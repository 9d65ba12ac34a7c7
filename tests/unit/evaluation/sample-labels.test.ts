import { expect, it } from 'vitest';
import { drawnLabels, figureLabels, rowsOfClasses } from '../../../src/evaluation/sample-labels.js';

it("are drawn in the data's proportions, label i the same however many are drawn", () => {
  const labels = drawnLabels([1, 0, 3, 0], { count: 4000, seed: 1 });
  const threes = labels.filter((label) => label === 2).length;
  expect(Math.abs(threes - 3000)).toBeLessThan(5 * Math.sqrt(4000 * 0.75 * 0.25)); // five deviations
  expect(new Set(labels)).toEqual(new Set([0, 2]));
  expect(drawnLabels([1, 0, 3, 0], { count: 100, seed: 1 })).toEqual(labels.subarray(0, 100));
  expect(drawnLabels([1, 0, 3, 0], { count: 100, seed: 2 })).not.toEqual(labels.subarray(0, 100));
});

it('of a grid have one class a row', () => {
  expect([...rowsOfClasses([2, 0], 3)]).toEqual([2, 2, 2, 0, 0, 0]);
});

it('of a figure are those of the first classes that there is anything of', () => {
  const labels = figureLabels([1, 0, ...new Array(30).fill(1)]);
  expect(labels.length).toBe(200);
  expect([labels[9], labels[10], labels[199]]).toEqual([0, 2, 20]);
});
