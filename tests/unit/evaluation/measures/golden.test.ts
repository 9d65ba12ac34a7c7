// Goal: measures are what their authors' packages make of the same items. Method: golden numbers of prdc, SciPy and scikit-learn
// (tests/golden/measures.py); the same through TensorFlow's distances; hand-solved cases for what no package has.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DoubleDistances, doubleDistances } from '../../../../src/compiler/double-distances.js';
import { loadTensorFlow } from '../../../../src/compiler/tensorflow.js';
import type { DatasetSource, DistributionSource } from '../../../../src/data/data-source.js';
import { jensenShannon } from '../../../../src/evaluation/measures/different-bins.js';
import { squaredDistances } from '../../../../src/evaluation/measures/distances.js';
import { frechetTo, momentsOf } from '../../../../src/evaluation/measures/frechet.js';
import { inceptionScore } from '../../../../src/evaluation/measures/inception.js';
import { discrepancyTo } from '../../../../src/evaluation/measures/kernel-distance.js';
import type { Players, Reference } from '../../../../src/evaluation/measures/measure.js';
import { metricsNamed, prepareMeasures } from '../../../../src/evaluation/measures/measures.js';
import { similarity } from '../../../../src/evaluation/measures/ms-ssim.js';
import { logLikelihoods, spread } from '../../../../src/evaluation/measures/parzen.js';
import { wasserstein } from '../../../../src/evaluation/measures/sliced-wasserstein.js';
import { RandomStream, seedOf } from '../../../../src/numerics/random.js';

const golden = JSON.parse(readFileSync('tests/golden/measures.json', 'utf8'));

/** As tests/golden/measures.py has them, `[count, size]`. */
function items(name: string, count: number, size: number, shift = 0, scale = 1): Float32Array {
  const random = new RandomStream(seedOf('measures', name));
  return Float32Array.from({ length: count * size }, () => random.normal() * scale + shift);
}

const real = items('real', 120, 3);
const fake = items('fake', 90, 3, 0.6, 0.7);

/** Items of a file: nothing is known of them but themselves. */
const sourceOf = (all: Float32Array, shape: readonly number[]): DatasetSource => ({
  kind: 'dataset',
  shape,
  count: all.length / shape.reduce((a, b) => a * b, 1),
  digest: '',
  read: () => {},
  label: () => undefined,
  close: () => {},
});
const referenceOf = (all: Float32Array, size: number, more: Partial<Reference> = {}): Reference => ({
  source: sourceOf(all, [size]),
  real: all,
  size,
  ...more,
});
const measured = (reference: Reference, samples: Float32Array, name: string) =>
  prepareMeasures(reference, { asked: metricsNamed(name)! }).measure(samples);

let fast: DoubleDistances;
beforeAll(() => {
  loadTensorFlow({ kind: 'cpu', threads: 1 });
  fast = doubleDistances();
  return () => fast.dispose();
});

describe('distances in double precision through TensorFlow', () => {
  it('are those of the definition to 12 digits, and those of an item to itself nought', () => {
    const [a, b] = [items('a', 30, 50, 5), items('b', 20, 50, 5)];
    const exact = squaredDistances(a, b, 50);
    fast.squared(a, b, 50).forEach((value, i) => {
      expect(Math.abs(value - exact[i]!)).toBeLessThan(1e-12 * 2 * 50 * 26); // a share of the squared norms
    });
    const own = fast.squared(a, a, 50);
    for (let i = 0; i < 30; i++) expect(own[31 * i]).toBe(0);
  });
});

describe.each(['definition', 'TensorFlow'] as const)('by the distances of the %s', (kind) => {
  const distances = () => (kind === 'TensorFlow' ? fast.squared : squaredDistances);

  it.each([3, 5])("precision, recall, density and coverage of k = %i are prdc's to 1e-6", (nearest) => {
    const reference = referenceOf(real, 3, { nearest, distances: distances() });
    const values = measured(reference, fake, 'prdc');
    const { precision, recall, density, coverage } = golden.prdc[nearest];
    expect(values.gan_precision_ratio).toBeCloseTo(precision, 6);
    expect(values.gan_recall_ratio).toBeCloseTo(recall, 6);
    expect(values.gan_density_ratio).toBeCloseTo(density, 6);
    expect(values.gan_coverage_ratio).toBeCloseTo(coverage, 6);
  });

  it("improved precision and recall are Kynkäänniemi's, by scikit-learn's neighbours", () => {
    const values = measured(
      referenceOf(real, 3, { distances: distances() }),
      fake,
      'improved-precision-recall',
    );
    expect(values.gan_improved_precision_ratio).toBeCloseTo(golden.improved.precision, 6);
    expect(values.gan_improved_recall_ratio).toBeCloseTo(golden.improved.recall, 6);
  });

  it("kernel distance is that of scikit-learn's kernel", () => {
    expect(discrepancyTo(real, 3, distances())(fake)).toBeCloseTo(golden.kernel, 9);
  });

  it.each([0.1, 0.5])("Parzen's log-likelihood of width %d is SciPy's", (width) => {
    const values: number[] = [];
    const windows = { items: real, centres: fake, size: 3, squared: distances(), widths: [width] };
    logLikelihoods(windows, ([value]) => values.push(value!));
    const { mean, standardError } = spread(values);
    expect(mean).toBeCloseTo(golden.parzen[width].mean, 7);
    expect(standardError).toBeCloseTo(golden.parzen[width].standardError, 7);
  });
});

describe('by definition', () => {
  it("the Fréchet distance is pytorch-fid's, also where there are fewer samples than floats", () => {
    expect(frechetTo(momentsOf(real, 3))(momentsOf(fake, 3))).toBeCloseTo(golden.frechet, 9);
    const [wide, few] = [items('wide', 40, 24), items('few', 15, 24, 0.3, 1.2)];
    const reference = golden.frechetOfFew; // of a singular product SciPy's root has half of the digits
    expect(frechetTo(momentsOf(wide, 24))(momentsOf(few, 24))).toBeCloseTo(reference, 5);
    expect(frechetTo(momentsOf(few, 24))(momentsOf(wide, 24))).toBeCloseTo(reference, 5);
  });

  it("Wasserstein's distance of numbers is SciPy's, and a shift's along lines its length times 2 / pi", () => {
    const [a, b] = [items('line a', 70, 1), items('line b', 45, 1, 0.5, 2)];
    expect(wasserstein(Float64Array.from(a).sort(), Float64Array.from(b).sort())).toBeCloseTo(
      golden.wasserstein,
      12,
    );
    const values = measured(referenceOf(a, 1), b, 'sliced-wasserstein');
    expect(values.gan_sliced_wasserstein_distance).toBeCloseTo(golden.wasserstein, 12);
    const plane = items('plane', 100, 2);
    const moved = plane.map((value, i) => value + (i % 2 ? 4 : 3));
    const shift = measured(referenceOf(plane, 2), moved, 'sliced-wasserstein')
      .gan_sliced_wasserstein_distance!;
    expect(Math.abs(shift - (5 * 2) / Math.PI)).toBeLessThan(0.41); // three standard errors of 128 directions
  });

  it("Jensen and Shannon's divergence is SciPy's", () => {
    expect(jensenShannon([5, 0, 12, 3], [1, 4, 10, 0])).toBeCloseTo(golden.jensenShannon, 12);
    expect(jensenShannon([3, 0], [0, 7])).toBeCloseTo(Math.log(2), 12);
  });

  it.each([
    [28, 28, 1],
    [33, 21, 3],
    [180, 176, 1],
  ] as const)('multi-scale similarity of %i x %i x %i is that of msssim.py', (...shape) => {
    const size = shape[0] * shape[1] * shape[2];
    const picture = (name: string, weight: number) =>
      items(name, 1, size, 0, 0.5).map((noise, i) => {
        const [y, x] = [Math.floor(i / shape[2] / shape[1]), Math.floor(i / shape[2]) % shape[1]];
        const wave = 0.6 * Math.sin(0.4 * x + 0.3 * y);
        return Math.max(-1, Math.min(1, wave + weight * Math.max(-1, Math.min(1, noise))));
      });
    const [a, b] = [picture('picture a', 0.3), picture('picture b', 0.9)];
    expect(similarity(a!, b!, shape)).toBeCloseTo(golden.msSsim[shape.join('x')], 6);
    expect(similarity(a!, a!, shape)).toBeCloseTo(1, 12);
  });

  it('what a net of two layers makes of its latents is what the chain rule says', () => {
    const times = (x: Float32Array, matrix: Float32Array, width: number) =>
      Float32Array.from({ length: width }, (_, j) =>
        Math.tanh(x.reduce((sum, value, i) => sum + value * matrix[i * width + j]!, 0)),
      );
    const [a, b] = [items('latent a', 4, 6, 0, 0.7), items('latent b', 6, 7, 0, 0.5)];
    const players: Players = {
      latentSize: 4,
      latents: ({ count }) => items('latent z', count, 4),
      drawAt: ({ latents }) => {
        const rows = Array.from({ length: latents.length / 4 }, (_, i) =>
          times(times(latents.subarray(4 * i, 4 * i + 4), a, 6), b, 7),
        );
        return Float32Array.from(rows.flatMap((row) => [...row]));
      },
    };
    const source: DistributionSource = {
      kind: 'distribution',
      shape: [7],
      digest: '',
      modes: [[0, 0, 0, 0, 0, 0, 0]],
      deviation: 1,
      draw: () => {},
      close: () => {},
    };
    const reference = { source, real, size: 7, generator: true };
    const { measure } = prepareMeasures(reference, { asked: metricsNamed('latent-sensitivity')! });
    const values = measure(real.subarray(0, 7), { players });
    // differences are off by the square of their reach, 1e-4, times third derivatives
    expect(values.gan_latent_sensitivity_ratio! / golden.latent.sensitivity).toBeCloseTo(1, 4);
    expect(values.gan_latent_condition_nats).toBeCloseTo(golden.latent.condition, 3);
  });

  it("the Inception Score of given probabilities is that of improved-gan's", () => {
    const logits = items('logits', 23, 7);
    const probabilities = Float32Array.from(logits, (value, i) => {
      const row = logits.subarray(i - (i % 7), i - (i % 7) + 7);
      return Math.exp(value) / row.reduce((sum, each) => sum + Math.exp(each), 0);
    });
    const { score, deviation } = inceptionScore(probabilities, 7, 4);
    expect(score).toBeCloseTo(golden.inceptionScore.score, 6);
    expect(deviation).toBeCloseTo(golden.inceptionScore.deviation, 6);
  });
});
