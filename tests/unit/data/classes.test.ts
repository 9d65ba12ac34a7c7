import { describe, expect, it } from 'vitest';
import { classesOf } from '../../../src/data/classes.js';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { mixtureSource } from '../../../src/data/mixture.js';

/** Items with these labels. */
const labelled = (labels: (number | undefined)[], classes?: string[]): DatasetSource => ({
  kind: 'dataset',
  shape: [1],
  count: labels.length,
  digest: '',
  read: () => {},
  label: (index) => labels[index],
  close: () => {},
  ...(classes && { classes }),
});

describe('the classes of data', () => {
  it('are those with a name, or as many as the largest label says, each with its items counted', () => {
    expect(classesOf(labelled([2, 0, 2, 2])).counts).toEqual([1, 0, 3]);
    expect(classesOf(labelled([2, 0], ['cat', 'dog', 'hen', 'cow']))).toEqual({
      counts: [1, 0, 1, 0],
      names: ['cat', 'dog', 'hen', 'cow'],
    });
  });

  it('of a mixture are its modes', () => {
    const ring = mixtureSource({ source: 'ring', modes: 3, radius: 1, deviation: 0.02 });
    expect(classesOf(ring).counts).toEqual([1, 1, 1]);
  });

  it.each<[string, (number | undefined)[], RegExp]>([
    [
      'none',
      [undefined, undefined],
      /^model\.conditional: the data have no labels, expected a label for every/,
    ],
    ['some', [1, undefined, 0, undefined], /2 of 4 items without a label \(the first is item 1\)/],
    ['what counts no classes', [1, 10_000], /label 10000 \(item 1\), expected labels below 10000/],
  ])('where %s are labelled so: refused', (_, labels, message) => {
    expect(() => classesOf(labelled(labels))).toThrow(message);
  });
});
