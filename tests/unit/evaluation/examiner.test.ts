// Goal: an evaluation's measures are what their names say. Method: samples whose modes, classes and distances are known.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { mixtureSource } from '../../../src/data/mixture.js';
import { paired } from '../../../src/data/pairs.js';
import { createExaminer } from '../../../src/evaluation/examiner.js';
import { givenPictures } from '../../../src/evaluation/given-pictures.js';
import { ImageBins } from '../../../src/evaluation/image-bins.js';
import { differentRatio } from '../../../src/evaluation/measures/different-bins.js';
import { countsOf } from '../../../src/evaluation/measures/groups.js';
import { type Measures, metricsNamed } from '../../../src/evaluation/measures/measures.js';
import { permutation, RandomStream, seedOf } from '../../../src/numerics/random.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const PIXELS = 64;
const SAMPLES = 1000;

/** A small image of a class: its prototype and a little noise. */
function image(label: number, random: RandomStream): Float32Array {
  const prototype = new RandomStream(seedOf('prototype', label));
  return Float32Array.from({ length: PIXELS }, () => prototype.normal() + 0.2 * random.normal());
}

/** @param labelOf class of image i */
function images(count: number, seed: string, labelOf: (i: number) => number): Float32Array {
  const random = new RandomStream(seedOf(seed));
  const all = new Float32Array(count * PIXELS);
  for (let i = 0; i < count; i++) all.set(image(labelOf(i), random), i * PIXELS);
  return all;
}

const COUNT = 3000;
const real = images(COUNT, 'real', (i) => i % 10);
const digits: DatasetSource = {
  kind: 'dataset',
  shape: [8, 8, 1],
  count: COUNT,
  digest: '',
  read: (indices, out) => {
    for (const [i, index] of Array.from(indices).entries())
      out.set(real.subarray(index * PIXELS, (index + 1) * PIXELS), i * PIXELS);
  },
  label: (index) => index % 10,
  close: () => {},
};

describe('labelled images', () => {
  const measured = (samples: Float32Array): Measures => {
    const examiner = createExaminer(digits, { sourceName: 'mnist', configured: 0 });
    expect(examiner.sampleCount).toBe(SAMPLES);
    const measures = examiner.measure(samples);
    examiner.dispose();
    return measures;
  };

  it('a class is captured by one sample in a hundred, not by fewer', () => {
    // class 8 has 9 samples of 1,000 and class 9 has 10; the others share the rest
    const labelOf = (i: number) => (i < 9 ? 8 : i < 19 ? 9 : i % 8);
    const measures = measured(images(SAMPLES, 'few', labelOf));
    expect(measures).toMatchObject({
      gan_modes_captured: 9,
      gan_modes_expected: 10,
      gan_mode_coverage_ratio: 0.9,
    });
  });

  it('two of ten classes: KL is log 5, and the score 0.8', () => {
    const measures = measured(images(SAMPLES, 'two', (i) => i % 2));
    expect(measures.gan_modes_captured).toBe(2);
    expect(Math.abs(measures.gan_mode_kl_divergence_nats! - Math.log(5))).toBeLessThan(0.02); // real classes differ by a few items
    expect(Math.abs(measures.gan_mode_collapse_score_ratio! - 0.8)).toBeLessThan(0.01);
  });

  it('diversity is the mean distance over that of real images, and the score at least what it lacks', () => {
    const faint = images(SAMPLES, 'faint', (i) => i % 10).map((v) => v / 4);
    const measures = measured(faint);
    expect(Math.abs(measures.gan_sample_diversity_ratio! - 0.25)).toBeLessThan(0.01);
    expect(measures.gan_mode_collapse_score_ratio).toBeGreaterThan(0.73);
  });
});

/** What a generator makes that has learned nothing, half, and all there is. */
describe('captured digits', () => {
  const random = new RandomStream(seedOf('noise'));
  const noise = (draw: () => number) => Float32Array.from({ length: SAMPLES * PIXELS }, draw);
  const fresh = images(SAMPLES, 'fresh', (i) => i % 10);
  it.each<[string, number, Float32Array]>([
    ['uniform noise', 0, noise(() => 2 * random.uniform() - 1)],
    ['grey noise', 0, noise(() => 0.2 * random.normal())],
    ['a grey that all share', 0, new Float32Array(SAMPLES * PIXELS)],
    ['real images that were never shown', 10, fresh],
    [
      'half real, half noise of as much variance',
      5,
      fresh.map((value, i) => (Math.floor(i / PIXELS) % 10 < 5 ? value : random.normal())),
    ],
    ['images that are half noise', 0, fresh.map((value) => 0.7 * value + 0.7 * random.normal())],
    ['what is not finite', 0, noise(() => Number.NaN)],
  ])('of %s are %i', (_, captured, samples) => {
    const examiner = createExaminer(digits, { sourceName: 'mnist', configured: 0 });
    expect(examiner.measure(samples).gan_modes_captured).toBe(captured);
    examiner.dispose();
  });
});

it('draws real items in the form of generated ones', async () => {
  const images = createExaminer(digits, { sourceName: 'mnist', configured: 0 });
  const first = real.subarray(0, 64 * PIXELS);
  const order = permutation(COUNT, seedOf('real images'));
  const shown = Float32Array.from(
    { length: first.length },
    (_, i) => real[order[Math.floor(i / PIXELS)]! * PIXELS + (i % PIXELS)]!,
  );
  expect(await images.drawReal()).toEqual(await images.draw(shown, 0));
  images.dispose();
  const line = createExaminer(mixtureSource({ source: 'gaussian-1d', mean: 0, deviation: 1 }), {
    sourceName: 'gaussian-1d',
    configured: 64,
  });
  const points = createExaminer(mixtureSource({ source: 'ring', modes: 8, radius: 1, deviation: 0.02 }), {
    sourceName: 'ring',
    configured: 64,
  });
  for (const [name, examiner] of Object.entries({ line, points })) {
    const png = PNG.sync.read(await examiner.drawReal());
    if (process.env.NASH_TEST_KEEP)
      writeFileSync(join(process.env.NASH_TEST_KEEP, `real-${name}.png`), PNG.sync.write(png));
    // real ones are blue, generated ones orange, and both may shine through
    let [bluest, reddest] = [0, 0];
    for (let i = 0; i < png.data.length; i += 4) {
      bluest = Math.max(bluest, png.data[i + 2]! - png.data[i]!);
      reddest = Math.max(reddest, png.data[i]! - png.data[i + 2]!);
    }
    expect([bluest > 20, reddest > 100], name).toEqual([true, false]);
  }
}, 60_000);

it('a conditional run has figures of one class a row, and is measured by its labels', async () => {
  const examiner = createExaminer(digits, {
    sourceName: 'mnist',
    configured: 0,
    classes: { counts: new Array(10).fill(300) },
  });
  const rows = examiner.figureLabels!;
  expect([...rows]).toEqual(Array.from({ length: 100 }, (_, i) => Math.floor(i / 10)));
  const shown = images(100, 'rows', (i) => rows[i]!);
  const png = PNG.sync.read(await examiner.draw(shown, 0));
  const cell = 8 * 11 + 4; // the side of a picture of 8 pixels, scaled to about 84, and a margin
  expect([png.width, png.height]).toEqual([10 * cell + 4, 10 * cell + 4]);
  expect(PNG.sync.read(await examiner.drawReal()).height).toBe(png.height);
  const labels = Int32Array.from({ length: SAMPLES }, (_, i) => i % 10);
  const samples = images(SAMPLES, 'asked for', (i) => (i % 10 === 7 ? 8 : i % 10));
  const { gan_class_agreement_ratio, gan_class_agreement_least_ratio } = examiner.measure(samples, {
    labels,
  });
  expect([gan_class_agreement_ratio, gan_class_agreement_least_ratio]).toEqual([0.9, 0]);
  examiner.dispose();
});

it('a classifier that learned from samples of a conditional run tells the classes that they were right about', () => {
  const test = images(500, 'test', (i) => i % 10);
  const heldOut = {
    validation: test,
    validationName: '',
    test,
    testName: 'test images',
    testLabels: Int32Array.from({ length: 500 }, (_, i) => i % 10),
  };
  const classes = { counts: new Array(10).fill(300) };
  const asked = metricsNamed('classification-accuracy-score')!;
  const examiner = createExaminer(digits, { sourceName: 'mnist', configured: 0, classes, asked, heldOut });
  const count = examiner.sampleCount;
  const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
  const scores = (...digitsOf: ((i: number) => number)[]) =>
    digitsOf.map((of) => examiner.measure(images(count, 'asked for', of), { labels }));
  const [right, wrong] = scores(
    (i) => i % 10,
    (i) => (i % 10 === 7 ? 8 : i % 10),
  );
  expect(right).toMatchObject({
    gan_classification_accuracy_ratio: 1,
    gan_classification_accuracy_real_ratio: 1,
  });
  // no 7 is known, and an 8 may be either
  expect(wrong!.gan_classification_accuracy_ratio).toBeLessThanOrEqual(0.9);
  expect(wrong!.gan_classification_accuracy_ratio).toBeGreaterThanOrEqual(0.75);
  examiner.dispose();
}, 60_000);

it('image to image is measured by what its samples were to be, of other pictures where there are any, and drawn beside them', async () => {
  const learned = paired(digits, { name: 'masked', share: 0.5 });
  const others = paired(
    {
      ...digits,
      count: 5,
      read: (indices, out) =>
        digits.read(
          Array.from(indices, (i) => i + 100),
          out,
        ),
    },
    { name: 'masked', share: 0.5 },
  );
  const examiner = createExaminer(learned, { sourceName: 'npz', configured: 0, given: others });
  const { conditions, targets } = givenPictures(others, { count: SAMPLES, seed: 0 })!;
  expect(examiner.conditions).toEqual(conditions.data);
  const order = Array.from({ length: 5 }, (_, i) =>
    [0, 1, 2, 3, 4].find((item) => targets.data[i * PIXELS] === real[(100 + item) * PIXELS]),
  );
  expect([...order].sort()).toEqual([0, 1, 2, 3, 4]); // each once, and then again
  expect(targets.data.subarray(5 * PIXELS, 6 * PIXELS)).toEqual(targets.data.subarray(0, PIXELS));
  expect(examiner.measure(targets.data.map((value) => value + 0.25)).gan_pixel_distance).toBeCloseTo(0.25, 5);
  const [made, actual] = [await examiner.draw(targets.data, 0), await examiner.drawReal()].map((bytes) =>
    PNG.sync.read(bytes),
  );
  const cell = 8 * 11 + 4;
  expect([made!.width, made!.height]).toEqual([9 * cell + 4, 8 * cell + 4]); // three groups of three in a row
  expect([actual!.width, actual!.height]).toEqual([8 * cell + 4, 6 * cell + 4]);
  examiner.dispose();
});

it('a mixture: coverage, high quality and KL of half its modes', () => {
  const source = mixtureSource({ source: 'ring', modes: 4, radius: 1, deviation: 0.01 });
  const examiner = createExaminer(source, { sourceName: 'ring', configured: 64 });
  const [a, b] = source.modes as [number[], number[]];
  const samples = Float32Array.from({ length: 64 }, (_, i) => [...a, ...b][i % 4]!);
  samples[0] = 0.5; // one sample in 32 is on no mode
  const measures = examiner.measure(samples);
  expect(measures).toMatchObject({
    gan_modes_captured: 2,
    gan_modes_expected: 4,
    gan_mode_coverage_ratio: 0.5,
  });
  expect(measures.gan_high_quality_samples_ratio).toBeCloseTo(31 / 32, 6);
  expect(measures.gan_mode_kl_divergence_nats).toBeCloseTo(Math.log(2), 6);
  expect(measures.gan_mode_collapse_score_ratio).toBeCloseTo(0.5, 6);
});

it('of real images one bin in twenty differs by chance', () => {
  const bins = new ImageBins(
    images(4000, 'bins', (i) => i % 50),
    PIXELS,
  );
  const ratios = Array.from({ length: 20 }, (_, i) => {
    const samples = images(SAMPLES, `more ${i}`, (j) => new RandomStream(seedOf(i, j)).below(50));
    return differentRatio(countsOf(bins.assign(samples), bins.realCounts.length), bins.realCounts);
  });
  const mean = ratios.reduce((sum, r) => sum + r, 0) / ratios.length;
  // 5 % of 20 * 50 bins, which are not drawn apart: measured 0.05; at z = 3.5 it would be 0.0005, at z = 1 a third
  expect(mean).toBeGreaterThan(0.02);
  expect(mean).toBeLessThan(0.1);
  bins.dispose();
});
