import { describe, expect, it } from 'vitest';
import { drawnLabels, figureLabels, planOf } from '../../../src/evaluation/sample-labels.js';

it("are drawn in the data's proportions, label i the same however many are drawn", () => {
  const labels = drawnLabels([1, 0, 3, 0], { count: 4000, seed: 1 });
  const threes = labels.filter((label) => label === 2).length;
  expect(Math.abs(threes - 3000)).toBeLessThan(5 * Math.sqrt(4000 * 0.75 * 0.25)); // five deviations
  expect(new Set(labels)).toEqual(new Set([0, 2]));
  expect(drawnLabels([1, 0, 3, 0], { count: 100, seed: 1 })).toEqual(labels.subarray(0, 100));
  expect(drawnLabels([1, 0, 3, 0], { count: 100, seed: 2 })).not.toEqual(labels.subarray(0, 100));
});

describe('what is drawn for a person', () => {
  const classes = { counts: [3, 0, 1], names: ['cat', 'dog', 'hen'] };
  const asked = { seed: 1, isGrid: false };
  const plan = (...[of, more]: [Parameters<typeof planOf>[0], object]) => {
    const { labels, ...rest } = planOf(of, { ...asked, ...more });
    return { ...rest, labels: labels && [...labels] };
  };

  it('of a run that is not conditional has no labels', () => {
    expect(plan(undefined, {})).toEqual({ count: 64, columns: undefined, labels: undefined });
    expect(plan(undefined, { isGrid: true, count: 6, columns: 3 })).toEqual({
      count: 6,
      columns: 3,
      labels: undefined,
    });
  });

  it('is of one class where it is named, by name or by number', () => {
    expect(plan(classes, { class: 'hen', count: 3 })).toMatchObject({ count: 3, labels: [2, 2, 2] });
    expect(plan(classes, { class: '2', count: 3, isGrid: true })).toMatchObject({ labels: [2, 2, 2] });
    expect(plan({ counts: [1, 1], names: ['1', '0'] }, { class: '1', count: 1 })).toMatchObject({
      labels: [0],
    });
  });

  it("is in the data's proportions, but has one class a row in a grid, of those that the data have items of", () => {
    expect(plan(classes, { count: 20 }).labels).toEqual([
      ...drawnLabels(classes.counts, { count: 20, seed: 1 }),
    ]);
    const tens = [...new Array(10).fill(0), ...new Array(10).fill(2)];
    expect(plan(classes, { isGrid: true })).toEqual({ count: 20, columns: 10, rows: [0, 2], labels: tens });
    expect(plan(classes, { isGrid: true, count: 5 })).toEqual({
      count: 5,
      columns: 3,
      rows: [0, 2],
      labels: [0, 0, 0, 2, 2],
    });
    expect(plan(classes, { isGrid: true, count: 6, columns: 2 })).toMatchObject({
      rows: [0, 2, 0],
      labels: [0, 0, 2, 2, 0, 0],
    });
  });

  it('of a class that there is not is refused with the list of those that there are', () => {
    expect(() => planOf(undefined, { ...asked, class: '3' })).toThrow(
      /--class 3: the run is not conditional/,
    );
    for (const name of ['cow', '3', '-1', '1.5', ''])
      expect(() => planOf(classes, { ...asked, class: name })).toThrow(
        `--class ${name}: there is no such class; expected 0 (cat), 1 (dog), 2 (hen)`,
      );
    expect(() => planOf({ counts: [1, 1], names: ['0', '1'] }, { ...asked, class: '2' })).toThrow(
      /expected 0, 1$/,
    );
  });
});

it('of a figure are those of the first classes that there is anything of', () => {
  const labels = figureLabels([1, 0, ...new Array(30).fill(1)]);
  expect(labels.length).toBe(200);
  expect([labels[9], labels[10], labels[199]]).toEqual([0, 2, 20]);
});
