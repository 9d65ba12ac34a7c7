import { describe, expect, it } from 'vitest';
import type { DatasetSource, DistributionSource } from '../../../../src/data/data-source.js';
import { COLLAPSE_SCORE } from '../../../../src/evaluation/measures/collapse-score.js';
import type { Measure, Reference } from '../../../../src/evaluation/measures/measure.js';
import {
  isMeasure,
  MEASURES,
  measuresOf,
  prepareMeasures,
  sampleCountOf,
} from '../../../../src/evaluation/measures/measures.js';
import { CATALOGUE } from '../../../../src/metrics/catalogue.js';
import { importsBelow } from '../../../support/import-table.js';

const all: readonly Measure[] = MEASURES;
const square: DistributionSource = {
  kind: 'distribution',
  shape: [2],
  digest: '',
  modes: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  deviation: 0.1,
  draw: () => {},
  close: () => {},
};
/** Items of one float; 0 and 1 are its two kinds. */
const images: DatasetSource = {
  kind: 'dataset',
  shape: [1, 1, 1],
  count: 4,
  digest: '',
  read: () => {},
  label: () => undefined,
  close: () => {},
};
const bins = {
  realCounts: [2, 2],
  assign: (samples: Float32Array) => Int32Array.from(samples, (x) => Math.min(1, Math.round(x))),
};
const real = Float32Array.of(0, 0.1, 1, 1.3);
/** Zeros lie 0.1 from each other, ones 0.3. */
const neighbours = {
  real,
  realDistances: Float32Array.of(0.1, 0.1, 0.3, 0.3),
  distances: (samples: Float32Array) => samples.map((x) => Math.min(...real.map((y) => Math.abs(x - y)))),
};
const ofImages: Reference = { source: images, real, size: 1, bins, neighbours };

describe('the list of measures', () => {
  it('names each value once, and each is a gauge without labels in the catalogue', () => {
    const names = all.flatMap(({ metrics }) => Object.keys(metrics));
    expect(new Set(names).size).toBe(names.length);
    for (const { metrics } of all)
      for (const [name, { says }] of Object.entries(metrics))
        expect(CATALOGUE).toHaveProperty(name, { type: 'gauge', help: says, labels: {} });
  });

  it('is all that an evaluator may report: no other gauge is a measure, nor what every object has', () => {
    expect(isMeasure('gan_modes_captured')).toBe(true);
    for (const name of ['gan_goal_steps', 'gan_loss', 'gan_evaluation_seconds', 'toString', '__proto__'])
      expect(isMeasure(name), name).toBe(false);
  });

  it('can be read without loading TensorFlow', () => {
    const packages = importsBelow('src').filter(
      ({ file, kind }) => file.startsWith('evaluation/measures/') && kind === 'package',
    );
    expect(packages).toEqual([]);
  });

  it('asks for the samples that the most demanding of images needs, and of a mixture for as many as were configured', () => {
    expect(sampleCountOf(square, 77)).toBe(77);
    expect(sampleCountOf(images, 77)).toBe(1000);
  });
});

describe('measures of samples', () => {
  it.each<[string, Reference, Float32Array]>([
    ['a mixture', { source: square, real: new Float32Array(8), size: 2 }, Float32Array.of(0, 0, 0, 1)],
    ['images', ofImages, Float32Array.of(0, 0, 0, 1)],
  ])('of %s are all those that apply, and no others', (_, reference, samples) => {
    const values = prepareMeasures(reference).measure(samples);
    const names = measuresOf(reference.source).flatMap(({ metrics }) => Object.keys(metrics));
    expect(Object.keys(values).sort()).toEqual(names.sort());
  });

  it('of half the modes of a mixture: by hand', () => {
    const values = prepareMeasures({ source: square, real: new Float32Array(8), size: 2 }).measure(
      Float32Array.of(0, 0, 0, 1, 0, 0.5, 5, 5), // one lies between two modes, one beyond a third
    );
    expect(values).toMatchObject({
      gan_modes_captured: 2,
      gan_modes_expected: 4,
      gan_mode_coverage_ratio: 0.5,
      gan_high_quality_samples_ratio: 0.5,
    });
    const kl = 0.5 * Math.log(2); // shares 1/2, 1/4, 0, 1/4 against a quarter each
    expect(values.gan_mode_kl_divergence_nats).toBeCloseTo(kl, 12);
    expect(values[COLLAPSE_SCORE]).toBeCloseTo(1 - Math.exp(-kl), 12);
  });

  it('of samples of a mixture that lie nowhere, as evenly as you like: all of its variety is missing', () => {
    const far = Float32Array.of(-9, -9, -9, 9, 9, -9, 9, 9);
    const values = prepareMeasures({ source: square, real: new Float32Array(8), size: 2 }).measure(far);
    expect(values).toMatchObject({ gan_mode_kl_divergence_nats: 0, [COLLAPSE_SCORE]: 1 });
  });

  it('of images: distances against those of real ones, and the collapse score is what the worse of the two says', () => {
    const values = prepareMeasures(ofImages).measure(Float32Array.of(0, 0, 0, 1));
    // pairs: 3 of 6 lie 1 apart among the samples; the real ones 0.1, 0.3, 1, 1.3, 0.9 and 1.2
    expect(values.gan_sample_diversity_ratio).toBeCloseTo(3 / 4.8, 6);
    const kl = 0.75 * Math.log(1.5) + 0.25 * Math.log(0.5);
    expect(values[COLLAPSE_SCORE]).toBeCloseTo(Math.max(1 - Math.exp(-kl), 1 - 3 / 4.8), 6);
    expect(values.gan_different_bins_ratio).toBe(0); // so few prove nothing
  });

  it('of classes: one with fewer than one sample in a hundred is not captured', () => {
    const classifier = {
      realCounts: [2, 2],
      classify: (items: Float32Array) => ({
        classes: Int32Array.from(items, Math.round),
        confidences: items.map(() => confidence),
      }),
    };
    let confidence = 0.91;
    const modesOf = (ones: number, count: number) =>
      prepareMeasures({ ...ofImages, classifier }).measure(
        Float32Array.from({ length: count }, (_, i) => +(i < ones)),
      ).gan_modes_captured;
    expect([modesOf(1, 101), modesOf(1, 100)]).toEqual([1, 2]);
    confidence = 0.89;
    expect(modesOf(50, 100)).toBe(0); // the classifier is not sure
  });

  it('of images: a bin counts when a sample is as near to a real image as those of the bin are to each other', () => {
    const captured = (...samples: number[]) =>
      prepareMeasures(ofImages).measure(Float32Array.from(samples)).gan_modes_captured;
    expect(captured(0.19, 1.55)).toBe(2);
    expect(captured(0.35, 0.75)).toBe(1); // both 0.25 off: too far for a zero, near enough for a one
    expect(captured(0.3, 1.7)).toBe(0);
  });
});

describe('how far samples of image to image are from what they were to be', () => {
  it('is the mean absolute difference, and is not had of other samples', () => {
    const values = prepareMeasures({ ...ofImages, arePairs: true }).measure(Float32Array.of(0, 1, 0.5), {
      targets: Float32Array.of(0, -1, 1),
    });
    expect(values.gan_pixel_distance).toBeCloseTo((0 + 2 + 0.5) / 3, 6);
    expect(prepareMeasures(ofImages).measure(Float32Array.of(0, 1))).not.toHaveProperty('gan_pixel_distance');
  });
});

describe('how often a sample is of the class that was asked for', () => {
  const ratios = (reference: Reference, samples: Float32Array, labels: number[]) => {
    const { measure, leftOut } = prepareMeasures({ ...reference, isConditional: true });
    const values = measure(samples, { labels: Int32Array.from(labels) });
    return [values.gan_class_agreement_ratio, values.gan_class_agreement_least_ratio, leftOut];
  };

  it('of a mixture is told by the nearest mode', () => {
    const mixture: Reference = { source: square, real: new Float32Array(8), size: 2 };
    // modes 0, 1, 0, 3, none
    const samples = Float32Array.of(0, 0.1, 0, 1.1, 0.1, 0, 5, 5, Number.NaN, 0);
    expect(ratios(mixture, samples, [0, 1, 2, 3, 3])).toEqual([3 / 5, 0, {}]);
    expect(ratios(mixture, samples, [0, 1, 0, 3, 3])).toEqual([4 / 5, 1 / 2, {}]);
  });

  it('of images is told by a classifier, and by nobody where there is none', () => {
    const classifier = {
      realCounts: [2, 2],
      classify: (items: Float32Array) => ({
        classes: Int32Array.from(items, Math.round),
        confidences: items.map(() => 1),
      }),
    };
    const samples = Float32Array.of(0, 0.2, 1, 0);
    expect(ratios({ ...ofImages, classifier }, samples, [0, 0, 1, 1])).toEqual([3 / 4, 1 / 2, {}]);
    const [ratio, , leftOut] = ratios(ofImages, samples, [0, 0, 1, 1]);
    expect([ratio, Object.keys(leftOut!)]).toEqual([
      undefined,
      ['gan_class_agreement_ratio', 'gan_class_agreement_least_ratio'],
    ]);
  });
});

describe('data that say nothing of variety', () => {
  const alike = (real: Float32Array): Reference => ({
    ...ofImages,
    real,
    bins: { realCounts: [real.length], assign: (samples) => new Int32Array(samples.length) },
    neighbours: {
      real,
      realDistances: new Float32Array(real.length).fill(real.length > 1 ? 0 : 1e15),
      distances: (samples) => samples,
    },
  });
  it.each([1, 4])('as %i equal pictures: measures of it are left out by name, and nothing fails', (count) => {
    const { measure, leftOut } = prepareMeasures(alike(new Float32Array(count).fill(0.5)));
    expect(Object.keys(leftOut).sort()).toEqual(
      measuresOf(images)
        .flatMap(({ metrics }) => Object.keys(metrics))
        .sort(),
    );
    for (const because of Object.values(leftOut)) expect(because).toMatch(/^(all|the|there) /);
    expect(measure(Float32Array.of(0, 0.5, 1))).toEqual({});
  });

  it('is none of a mixture, nor of different pictures; a value that is not finite is no value', () => {
    expect(prepareMeasures(ofImages).leftOut).toEqual({});
    const { measure, leftOut } = prepareMeasures({ source: square, real: new Float32Array(8), size: 2 });
    expect([leftOut, Object.keys(measure(Float32Array.of(0, 0))).length]).toEqual([{}, 6]);
    const values = prepareMeasures(ofImages).measure(Float32Array.of(Number.NaN, 0, 0, 1));
    expect(values).not.toHaveProperty('gan_sample_diversity_ratio');
    expect(values).toHaveProperty('gan_modes_captured');
  });
});
