// Goal: a row of several seeds is their mean and its standard error, and stands beside the published rows in one table.
// Method: by hand.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { figureOf, figuresOf, type Reproduction, tableOf } from '../../../src/reproductions/reproduction.js';
import { REPRODUCTIONS, reproductionOf } from '../../../src/reproductions/reproductions.js';

describe('a figure', () => {
  it('is mean and standard error', () => {
    const { mean, standardError } = figureOf([7, 8, 8, 9]);
    expect(mean).toBe(8);
    expect(standardError).toBeCloseTo(Math.sqrt(2 / 3 / 4), 12);
  });

  it('of one value has no error', () => {
    expect(figureOf([3])).toEqual({ mean: 3 });
  });
});

it('of one seed the error is the measure that says it, of several it is theirs', () => {
  const measures = [{ name: 'a', title: 'a', error: 'b' }];
  expect(figuresOf({ measures }, [{ a: 240, b: 2 }])).toEqual({ a: { mean: 240, standardError: 2 } });
  expect(
    figuresOf({ measures }, [
      { a: 240, b: 2 },
      { a: 242, b: 3 },
    ]),
  ).toEqual({ a: { mean: 241, standardError: 1 } });
});

it('rows that were computed beside ours stand between it and the published ones', () => {
  const row = (method: string) => ({ method, source: 'S', measures: {} });
  const lines = tableOf({ measures: [], published: [row('P')] }, {}, 'Nash', [row('B')]);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['', 'Nash', 'B', 'P']);
});

it('the table has our row first, shares in percent, and a dash where a source says nothing', () => {
  const experiment: Reproduction = {
    name: 'x',
    config: 'ring',
    seeds: 1,
    protocol: [],
    measuredBy: 'evaluator',
    measures: [
      { name: 'modes_captured', title: 'modes' },
      { name: 'high_quality_samples_ratio', title: 'high quality, %', isShare: true },
    ],
    published: [
      { method: 'GAN', source: 'A', measures: { modes_captured: { mean: 6.3, standardError: 0.5 } } },
    ],
  };
  const ours = {
    modes_captured: { mean: 8 },
    high_quality_samples_ratio: { mean: 0.9712, standardError: 0.0031 },
  };
  expect(tableOf(experiment, ours, 'Nash')).toEqual([
    '      modes      high quality, %  source',
    'Nash  8          97.1 ± 0.3       this run',
    'GAN   6.3 ± 0.5  -                A',
  ]);
});

describe('the experiments', () => {
  it.each(REPRODUCTIONS.map((one) => [one.name, one] as const))(
    '%s has its config and rows for its measures',
    (_name, one) => {
      for (const config of [one.config, ...(one.beside ?? []).map((other) => other.config)])
        expect(existsSync(`configs/${config}.yaml`)).toBe(true);
      const names = one.measures.map(({ name }) => name);
      for (const { measures } of one.published)
        expect(names).toEqual(expect.arrayContaining(Object.keys(measures)));
    },
  );

  it('one that is not known is refused with those that are', () => {
    expect(() => reproductionOf('rings')).toThrow(/no experiment 'rings'.*ring, grid/);
  });
});
