// Goal: measures that no package has are what their names say, and every measure says when it cannot be had. Method: items on a line.
import { describe, expect, it } from 'vitest';
import type { DatasetSource } from '../../../../src/data/data-source.js';
import { mixtureSource } from '../../../../src/data/mixture.js';
import { closestPairs, samplesToMeet } from '../../../../src/evaluation/measures/birthday.js';
import { squaredDistances } from '../../../../src/evaluation/measures/distances.js';
import type { Made, Reference } from '../../../../src/evaluation/measures/measure.js';
import {
  measuresOf,
  metricsNamed,
  NAMES,
  nameOf,
  prepareMeasures,
  VALUES,
  whyNotInTraining,
} from '../../../../src/evaluation/measures/measures.js';
import { WIDTHS } from '../../../../src/evaluation/measures/parzen.js';

const sourceOf = (shape: readonly number[]): DatasetSource => ({
  kind: 'dataset',
  shape,
  count: 4,
  digest: '',
  read: () => {},
  label: () => undefined,
  close: () => {},
});
const pictures = sourceOf([1, 1, 1]);
const line = sourceOf([1]);
const real = Float32Array.of(0, 0.1, 1, 3);
const bins = { realCounts: [2, 2], assign: (samples: Float32Array) => new Int32Array(samples.length) };
const neighbours = { real, realDistances: real, distances: (samples: Float32Array) => samples };
const of = (reference: Partial<Reference>, samples: number[], name: string, made: Made = {}) => {
  const whole = { source: line, real, size: 1, ...reference };
  const { measure, leftOut } = prepareMeasures(whole, { asked: metricsNamed(name)! });
  return [measure(Float32Array.from(samples), made), leftOut] as const;
};

describe('precision, recall, density and coverage', () => {
  it('of four items on a line, k = 1: balls reach 0.1, 0.1, 0.9 and 2', () => {
    const [values] = of({ nearest: 1 }, [0.05, 0.06, 1.2, 9], 'prdc');
    // 0.05 and 0.06 lie in the balls of 0 and 0.1, 1.2 in those of 1 and 3, 9 in none; balls of samples reach 0.01, 0.01, 1.14 and 7.8,
    // and 0 lies in none of them
    expect(values).toMatchObject({
      gan_precision_ratio: 0.75,
      gan_recall_ratio: 0.75,
      gan_coverage_ratio: 1,
    });
    expect(values.gan_density_ratio).toBeCloseTo(6 / 4, 12);
  });

  it("a sample on a ball's rim is inside for Kynkäänniemi et al., outside for Naeem et al.", () => {
    const whole = { real: Float32Array.of(0, 1, 8), nearest: 1 };
    expect(of(whole, [-1, -1.5], 'prdc')[0].gan_precision_ratio).toBe(0);
    expect(of(whole, [-1, -1.5], 'improved-precision-recall')[0].gan_improved_precision_ratio).toBe(0.5);
  });

  it('cannot be had where real items are fewer than neighbours; of too few samples there is no value', () => {
    const [, leftOut] = of({ nearest: 4 }, [0, 1, 2, 3, 4], 'coverage');
    expect(leftOut.gan_coverage_ratio).toMatch(/too few real items for 4 neighbours/);
    expect(of({ nearest: 3 }, [0, 1, 2], 'coverage')).toEqual([{}, {}]);
  });
});

describe('the birthday paradox', () => {
  it('counts pairs closer than the closest real ones, of which equal ones are none', () => {
    const whole = { real: Float32Array.of(0, 0, 0.1, 1) };
    const [values] = of(whole, [0, 0.05, 0.09, 2, 5], 'birthday'); // 3 of 10 pairs are closer than 0.1
    expect(values.gan_duplicate_pairs).toBe(3);
    expect(values.gan_support_items).toBeCloseTo(10 / 3, 12);
    expect(of(whole, [0, 1, 2], 'birthday')[0]).toEqual({ gan_duplicate_pairs: 0 });
    expect(of({ real: Float32Array.of(1, 1) }, [0, 1], 'birthday')[1]).toMatchObject({
      gan_duplicate_pairs: 'the real items are all alike',
    });
  });

  it('23 people share a birthday with probability 1/2; pairs come closest first', () => {
    expect(samplesToMeet(1 / 365)).toBe(23);
    expect(samplesToMeet(1)).toBe(2);
    const pairs = closestPairs(Float32Array.of(5, 0, 3, 4.5), {
      size: 1,
      count: 2,
      squared: squaredDistances,
    });
    expect(pairs).toEqual([
      { i: 0, j: 3, squared: 0.25 },
      { i: 2, j: 3, squared: 2.25 },
    ]);
  });
});

const heldOut = {
  validation: Float32Array.of(0.4, 0.6),
  validationName: 'validation items',
  test: Float32Array.of(0.5, 2, 5),
  testName: 'test items',
};

describe('what a generator makes of its latents', () => {
  /** G(z) = z A, `[latent, 2]`. */
  const linear = (...matrix: [number, number][]): Made['players'] => {
    const latentSize = matrix.length;
    return {
      latentSize,
      latents: ({ count }) => new Float32Array(count * latentSize).fill(0.5),
      drawAt: ({ latents }) =>
        Float32Array.from({ length: (2 * latents.length) / latentSize }, (_, i) =>
          matrix.reduce(
            (sum, row, axis) => sum + row[i % 2]! * latents[Math.floor(i / 2) * latentSize + axis]!,
            0,
          ),
        ),
    };
  };
  const plane = mixtureSource({ source: 'ring', modes: 2, radius: 1, deviation: 0.1 });
  const measured = (...matrix: [number, number][]) => measuredOf(linear(...matrix));
  const measuredOf = (players: Made['players']) => {
    const reference = { source: plane, size: 2, generator: true };
    const [values] = of(reference, [0, 0], 'latent-sensitivity', { players });
    return [values.gan_latent_sensitivity_ratio, values.gan_latent_condition_nats];
  };

  it('a stretch of 3 and 1: the mean square is (9 + 1) / 2, the condition number of J^T J is 9', () => {
    const [sensitivity, condition] = measured([3, 0], [0, 1]);
    expect(sensitivity).toBeCloseTo(Math.sqrt(5), 3);
    expect(condition).toBeCloseTo(Math.log(9), 3);
  });

  it('of three latents that move two numbers one direction moves nothing, and is not counted', () => {
    const [sensitivity, condition] = measured([3, 0], [0, 1], [0, 1]); // J J^T is diag(9, 2)
    expect(sensitivity).toBeCloseTo(Math.sqrt(11 / 3), 3);
    expect(condition).toBeCloseTo(Math.log(9 / 2), 3);
  });

  it('a lost direction has the condition that rounding leaves; a G that stands still has none', () => {
    const [sensitivity, condition] = measured([1, 1], [1, 1]);
    expect(sensitivity).toBeCloseTo(Math.sqrt(2), 3);
    // the largest sample is 1.01, half a unit in its last place 1.01 * 2^-24 at most, over half a difference of .01
    expect(condition).toBeCloseTo(Math.log(4 / (2 * (1.01 * 2 ** -24 * 100) ** 2)), 2);
    expect(measured([0, 0], [0, 0])).toEqual([0, undefined]);
    const unit = {
      ...linear([0, 0], [0, 0])!,
      drawAt: ({ latents }: { latents: Float32Array }) =>
        latents.map((x, i) => (i % 2 === 0 && x > 0.5 ? 1 + 2 ** -23 : 1)),
    };
    expect(measuredOf(unit)[1]).toBeUndefined(); // one unit in the last place is no direction
  });

  it('is not to be had of a file', () => {
    const [values, leftOut] = of({ source: plane, size: 2 }, [0, 0], 'latent-sensitivity');
    expect(values.gan_latent_sensitivity_ratio).toBeUndefined();
    expect(leftOut.gan_latent_sensitivity_ratio).toMatch(/without the generator/);
  });
});

describe('the classification accuracy score', () => {
  /** Learns the mean of each class, and tells the nearest. */
  const learn: Reference['learn'] = (items, labels) => {
    const means = [0, 1].map((label) => {
      const own = items.filter((_, i) => labels[i] === label);
      return own.reduce((sum, x) => sum + x, 0) / own.length;
    });
    return {
      realCounts: [],
      classify: (images) => ({
        classes: Int32Array.from(images, (x) => Number(Math.abs(x - means[1]!) < Math.abs(x - means[0]!))),
        confidences: images,
      }),
      dispose: () => {},
    };
  };
  const reference: Partial<Reference> = {
    source: pictures,
    bins,
    neighbours,
    isConditional: true,
    realLabels: Int32Array.of(0, 0, 1, 1),
    learn,
    heldOut: { ...heldOut, test: Float32Array.of(-1, 0.2, 0.9, 1.5), testLabels: Int32Array.of(0, 0, 0, 1) },
  };
  const name = 'classification-accuracy-score';
  const score = (more: Partial<Reference>, labels: number[]) =>
    of({ ...reference, ...more }, [0, 1, 0, 1], name, { labels: Int32Array.from(labels) });

  it('real means .05 and 2 tell all four, those of samples 0 and 1 three, and of wrong labels one', () => {
    expect(score({}, [0, 1, 0, 1])[0]).toMatchObject({
      gan_classification_accuracy_ratio: 0.75,
      gan_classification_accuracy_real_ratio: 1,
    });
    expect(score({}, [1, 0, 1, 0])[0].gan_classification_accuracy_ratio).toBe(0.25);
  });

  it('says why there is none: no classes of held-out items, items of another file, no classes asked for', () => {
    const why = (more: Partial<Reference>) => score(more, [0, 1, 0, 1])[1].gan_classification_accuracy_ratio;
    expect(why({ heldOut })).toMatch(/have no classes/);
    const { realLabels: _, learn: __, ...rest } = reference;
    expect(of(rest, [0, 1], name)[1].gan_classification_accuracy_ratio).toMatch(/other items than those/);
    expect(whyNotInTraining(name, { sourceName: 'mnist', isConditional: false })).toMatch(/conditional runs/);
    expect(whyNotInTraining(name, { sourceName: 'mnist', isConditional: true })).toBeUndefined();
  });
});

it('memorization: the median distance of samples to training items over that of held-out ones', () => {
  const training = {
    count: 4,
    *blocks() {
      yield Float32Array.of(0, 0.1);
      yield Float32Array.of(1, 3);
    },
  };
  const reference = { source: pictures, bins, neighbours };
  const [values] = of({ ...reference, heldOut: { ...heldOut, training } }, [0.1, 1.2, 1.25], 'memorization');
  expect(values.gan_memorization_ratio).toBeCloseTo(0.2 / 1, 6); // held-out ones lie 0.4, 1 and 2 away
  expect(of({ ...reference, heldOut }, [0, 1], 'memorization')[1].gan_memorization_ratio).toMatch(
    /nobody knows/,
  );
  expect(of(reference, [0, 1], 'memorization')[1].gan_memorization_ratio).toMatch(/there are no items/);
});

it('Parzen takes the width that validation items are likeliest under; of pictures the unit is a pixel from 0 to 1', () => {
  const logNormal = (x: number, mean: number, width: number) =>
    -((x - mean) ** 2) / (2 * width ** 2) - Math.log(width * Math.sqrt(2 * Math.PI));
  const likelihood = (x: number, width: number) =>
    Math.log((Math.exp(logNormal(x, 0, width)) + Math.exp(logNormal(x, 1, width))) / 2);
  const of10 = WIDTHS.map((width) => likelihood(0.4, width) + likelihood(0.6, width));
  const width = WIDTHS[of10.indexOf(Math.max(...of10))]!;
  expect([WIDTHS[0], WIDTHS[3], WIDTHS[9]].map((each) => each!.toFixed(3))).toEqual([
    '0.100',
    '0.215',
    '1.000',
  ]);
  const expected = [0.5, 2, 5].map((x) => likelihood(x, width));
  const mean = expected.reduce((a, b) => a + b) / 3;
  const error = Math.sqrt(expected.reduce((sum, x) => sum + (x - mean) ** 2, 0)) / 3;
  const [points] = of({ heldOut }, [0, 1], 'parzen');
  expect(points.gan_parzen_deviation).toBe(width);
  expect(points.gan_parzen_nats).toBeCloseTo(mean, 6);
  expect(points.gan_parzen_standard_error_nats).toBeCloseTo(error, 6);
  const toPixel = (x: number) => 2 * x - 1;
  const asPictures = {
    ...heldOut,
    validation: heldOut.validation.map(toPixel),
    test: heldOut.test.map(toPixel),
  };
  const [same] = of({ source: pictures, bins, neighbours, heldOut: asPictures }, [-1, 1], 'parzen');
  expect(same.gan_parzen_nats).toBeCloseTo(mean, 5);
});

describe('measures that are asked for', () => {
  it('by the name of a measure, of a value, of its metric with and without gan_; nothing else is one', () => {
    expect(metricsNamed('parzen')).toHaveLength(3);
    for (const name of ['coverage', 'gan_coverage_ratio', 'coverage_ratio'])
      expect(metricsNamed(name)).toEqual(['gan_coverage_ratio']);
    expect(metricsNamed('modes')).toContain('gan_mode_kl_divergence_nats');
    for (const name of ['nonsense', 'toString', 'gan_loss', '']) expect(metricsNamed(name)).toBeUndefined();
    for (const name of NAMES) expect(metricsNamed(name)!.length, name).toBeGreaterThan(0);
    const names = (Object.keys(VALUES) as (keyof typeof VALUES)[]).map(nameOf);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are computed beside the standing ones, and only then; a standing one has the value that it has alone', () => {
    const names = (asked: string[]) =>
      measuresOf(pictures, { asked: asked.flatMap((name) => metricsNamed(name)!) }).map(({ name }) => name);
    expect(names([])).toEqual(['modes', 'diversity', 'ndb', 'collapse-score']);
    expect(names(['recall', 'precision'])).toEqual([...names([]), 'prdc']);
    expect(names(['high-quality', 'class-agreement'])).toEqual(names([]));
    const halves = Float32Array.from({ length: 1500 }, (_, i) => Number(i >= 1000));
    const reference = {
      source: pictures,
      real,
      size: 1,
      bins: { ...bins, assign: (all: Float32Array) => Int32Array.from(all, Number) },
      neighbours,
    };
    const [alone, beside] = [[], metricsNamed('frechet')!].map((asked) =>
      prepareMeasures(reference as Reference, { asked }).measure(halves),
    );
    expect(alone!.gan_mode_kl_divergence_nats).toBeCloseTo(Math.log(2), 12); // of the first thousand, which are zeros
    expect(beside).toEqual({ ...alone, gan_frechet_distance: expect.any(Number) });
    const all = prepareMeasures(reference as Reference, { takes: 'all' }).measure(halves);
    expect(all.gan_mode_kl_divergence_nats).not.toBe(alone!.gan_mode_kl_divergence_nats);
  });

  it('of samples that are not finite have no value', () => {
    expect(of({ nearest: 1 }, [0, Number.NaN, 1], 'prdc')).toEqual([{}, {}]);
    expect(of({ nearest: 1 }, [0, 2, 1], 'prdc')[0]).toHaveProperty('gan_density_ratio');
  });

  it("without Inception's weights its measures say so", () => {
    const [, leftOut] = of({ source: pictures, bins, neighbours }, [0, 1], 'fid');
    expect(leftOut.gan_frechet_inception_distance).toMatch(/--inception FILE/);
  });
});

describe('modes of stacked items', () => {
  /** Two classes: a channel of two pixels is of the second where its pixels fall. It is sure where they differ by more than 1. */
  const channelClassifier = {
    realCounts: [3, 3],
    classify: (images: Float32Array) => {
      const falls = Array.from({ length: images.length / 2 }, (_, i) => images[2 * i]! - images[2 * i + 1]!);
      return {
        classes: Int32Array.from(falls, (fall) => Number(fall > 0)),
        confidences: Float32Array.from(falls, (fall) => (Math.abs(fall) > 1 ? 0.95 : 0.6)),
      };
    },
  };
  const stackedOfTwo = { source: sourceOf([1, 2, 3]), size: 6, real: new Float32Array(12), bins, neighbours };

  it("are the triples of classes of a sample's channels: by hand of four samples", () => {
    // [red green blue] of the first pixel, then of the second; falling is 1: 010, 110, 011 and 010 again
    const samples = [
      [0, 2, 0, 1, 0, 0.5],
      [2, 2, 0, 0, 0, 0.5],
      [0, 2, 1, 1, 0, 0.5],
      [0, 0.5, 0, 2, 0, 1],
    ].flat();
    const [values] = of({ ...stackedOfTwo, channelClassifier }, samples, 'stacked-modes');
    expect(values.gan_stacked_modes_captured).toBe(3);
    expect(values.gan_stacked_mode_kl_divergence_nats).toBeCloseTo(
      (1 / 2) * Math.log(8 / 2) + 2 * (1 / 4) * Math.log(8 / 4),
      12,
    );
    expect(values.gan_stacked_sure_ratio).toBeCloseTo(5 / 12, 12); // three greens and two reds move by 2
  });

  it('cannot be had of pictures that are not stacked', () => {
    const [values, leftOut] = of(stackedOfTwo, [0, 0, 0, 0, 0, 0], 'stacked-modes');
    expect(values.gan_stacked_modes_captured).toBeUndefined();
    expect(leftOut.gan_stacked_modes_captured).toMatch(/not stacked/);
  });
});
