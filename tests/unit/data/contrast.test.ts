// Goal: pictures are contrast-normalized as pylearn2 does it. Method: an item solved by hand, NumPy where this machine's Python has it, and
// what may go wrong: a picture of one colour, a value beyond the span, two settings taken for one.
import { describe, expect, it } from 'vitest';
import { contrasted, normalize } from '../../../src/data/contrast.js';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { python, pythonLacks } from '../../support/python.js';

const normalized = (values: readonly number[], options: { norm: number; span: number }): number[] => {
  const item = Float32Array.from(values);
  normalize(item, options);
  return [...item];
};

describe('global contrast normalization', () => {
  it('0, 1, 2, 3 less their mean have norm sqrt(5); of norm 10 over 8 they are .25 sqrt(5) times as far', () => {
    const factor = 10 / Math.sqrt(5) / 8;
    const expected = [-1.5, -0.5, 0.5, 1.5].map((x) => x * factor);
    normalized([0, 1, 2, 3], { norm: 10, span: 8 }).forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i]!, 6);
    });
    // brighter and stronger it is the same picture
    normalized([5, 25, 45, 65], { norm: 10, span: 8 }).forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i]!, 6);
    });
  });

  it('what lies beyond the span is cut off, and one colour is grey', () => {
    const cut = normalized([0, 1, 2, 3], { norm: 10, span: 4 });
    expect([cut[0], cut[3]]).toEqual([-1, 1]);
    expect(cut[1]).toBeCloseTo(-0.5 * (10 / Math.sqrt(5) / 4), 6);
    expect(normalized([0.7, 0.7, 0.7], { norm: 55, span: 4 })).toEqual([0, 0, 0]);
  });

  it('of a set: each item for itself, in any order, and another digest for other settings', () => {
    const rows = [
      [0, 1],
      [4, 2],
      [9, 9],
    ];
    const source: DatasetSource = {
      kind: 'dataset',
      shape: [1, 2, 1],
      count: 3,
      digest: 'd',
      read: (indices, out) => void out.set(Array.from(indices).flatMap((index) => rows[index]!)),
      label: (index) => index,
      close: () => {},
    };
    const seen = contrasted(source, { norm: Math.SQRT2, span: 2 });
    const out = new Float32Array(6);
    seen.read([1, 0, 2], out);
    expect([...out]).toEqual([0.5, -0.5, -0.5, 0.5, 0, 0]);
    expect(seen.label(2)).toBe(2);
    const digests = [
      source,
      seen,
      contrasted(source, { norm: 1, span: 2 }),
      contrasted(source, { norm: 1, span: 3 }),
    ];
    expect(new Set(digests.map(({ digest }) => digest)).size).toBe(4);
  });
});

/** As pylearn2's expr/preprocessing.py, global_contrast_normalize with its defaults and a scale. */
const PROGRAM = `
import sys, numpy
x = numpy.array(sys.argv[1].split(','), dtype=numpy.float32).astype(float).reshape(5, 12)
x = x - x.mean(axis=1)[:, None]
norms = numpy.sqrt((x ** 2).sum(axis=1)) / 55.0
norms[norms < 1e-8] = 1.0
print(','.join(str(v) for v in (x / norms[:, None]).ravel()))
`;

const lacking = pythonLacks('numpy');
it.skipIf(lacking)(`is NumPy's, but for the span${lacking ? `: ${lacking}` : ''}`, () => {
  const random = new RandomStream(seedOf('contrast'));
  const items = Float32Array.from({ length: 60 }, () => random.uniform() * 2 - 1);
  const expected = python(PROGRAM, items.join(',')).toString().trim().split(',').map(Number);
  for (let row = 0; row < 5; row++) {
    const item = items.slice(12 * row, 12 * row + 12);
    normalize(item, { norm: 55, span: 100 });
    item.forEach((x, i) => {
      expect(100 * x).toBeCloseTo(expected[12 * row + i]!, 4);
    });
  }
});
