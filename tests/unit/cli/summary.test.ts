// The last words of a run that is done, read as a person does.
import { describe, expect, it } from 'vitest';
import { summaryOf } from '../../../src/cli/summary.js';
import { runConfig } from '../../../src/config/run-config.js';
import type { RunResult } from '../../../src/run-folder/run-result.js';

/** The lines about samples. */
const linesOf = (metrics: Record<string, number>, source: object = { source: 'ring' }) =>
  summaryOf(
    { steps: { discriminator: 8, generator: 8 }, seconds: 1, imagesPerSecond: 1, metrics } as RunResult,
    {
      runDir: 'runs/ring',
      config: runConfig.parse({ data: source, model: { name: 'mlp' } }),
    },
  ).slice(1, -2);

describe('the summary', () => {
  it('says that the run has collapsed where its verdict is that, and else nothing of it', () => {
    const score = { gan_mode_collapse_score_ratio: 0.958 };
    expect(linesOf({ ...score, gan_mode_collapse_verdict: 1 })).toEqual([
      "collapsed: samples lack 96 % of the data's variety",
    ]);
    expect(linesOf({ ...score, gan_mode_collapse_verdict: 0 })).toEqual([]);
    expect(linesOf({})).toEqual([]);
  });

  it('of a conditional run says how often a sample is of the class that was asked for', () => {
    expect(linesOf({ gan_pixel_distance: 0.0813 })).toContain(
      '0.081 a pixel from the pictures that they were to be',
    );
    expect(linesOf({ gan_class_agreement_ratio: 0.964, gan_class_agreement_least_ratio: 0.92 })).toEqual([
      '96 % of samples are of the class asked for, 92 % of the worst class',
    ]);
  });

  it('names what is counted', () => {
    const captured = { gan_modes_captured: 7, gan_modes_expected: 10 };
    const first = (source: object) => linesOf(captured, source)[0];
    expect(first({ source: 'grid' })).toBe('modes 7/10');
    expect(first({ source: 'mnist', path: 'a' })).toBe('classes 7/10');
    expect(first({ source: 'cifar10', path: 'a' })).toBe('k-means bins 7/10');
    expect(first({ source: 'images', path: 'a' })).toBe('k-means bins 7/10');
  });
});
