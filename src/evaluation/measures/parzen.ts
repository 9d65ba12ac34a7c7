// How likely test items are under a Gaussian around each sample: Parzen windows (Goodfellow et al. 2014, section 5; their parzen_ll.py).
// The windows' width is the one of ten that makes 1,000 validation items likeliest. Theis et al. 2016 show why not to rest on it alone:
// k-means centres of the training images are likelier than those images.
import { assert } from '../../errors.js';
import { eachRow, type SquaredDistances, squaredDistances } from './distances.js';
import { kindOf, measure, type Reference } from './measure.js';

/** `np.logspace(-1, 0, 10)`: .1, .129, …, 1, for pixels in [0, 1]. */
export const WIDTHS: readonly number[] = Array.from({ length: 10 }, (_, i) => 10 ** (i / 9 - 1));

export const parzen = measure({
  name: 'parzen',
  metrics: {
    gan_parzen_nats: {
      name: 'parzen',
      says: 'Mean log-likelihood of test items under Parzen windows around samples (Goodfellow et al. 2014)',
      better: 'higher',
    },
    gan_parzen_standard_error_nats: {
      name: 'parzen-standard-error',
      says: 'Standard error of that mean over test items',
    },
    gan_parzen_deviation: {
      name: 'parzen-sigma',
      says: 'Standard deviation of the windows that validation items are likeliest under',
    },
  },
  appliesTo: ['mixtures', 'images', 'points'],
  needs: ['heldOut'],
  cost: { samples: 10_000, growth: 'pairs of samples and test items, times floats of an item' },
  protocol: (reference) => ({
    features: isImage(reference) ? 'pixels in [0, 1]' : 'items as they are',
    sigmas: WIDTHS,
    validation: reference.heldOut!.validationName,
    test: reference.heldOut!.testName,
  }),
  prepare(reference) {
    const { heldOut, size, distances = squaredDistances } = reference;
    assert(heldOut, () => 'test items are held out');
    const [validation, test] = [heldOut.validation, heldOut.test].map((items) => scaled(items, reference));
    return (samples) => {
      const centres = scaled(samples, reference);
      const ofValidation = new Float64Array(WIDTHS.length);
      logLikelihoods({ items: validation!, centres, size, squared: distances, widths: WIDTHS }, (values) => {
        for (const [i, value] of values.entries()) ofValidation[i]! += value;
      });
      const width = WIDTHS[ofValidation.indexOf(Math.max(...ofValidation))]!;
      const ofTest: number[] = [];
      logLikelihoods({ items: test!, centres, size, squared: distances, widths: [width] }, ([value]) =>
        ofTest.push(value!),
      );
      const { mean, standardError } = spread(ofTest);
      return {
        gan_parzen_nats: mean,
        gan_parzen_standard_error_nats: standardError,
        gan_parzen_deviation: width,
      };
    };
  },
});

const isImage = ({ source }: Reference) => kindOf(source) === 'images';

/** The paper's pixels lie in [0, 1]: a likelihood depends on the unit. */
const scaled = (items: Float32Array, reference: Reference): Float32Array =>
  isImage(reference) ? items.map((value) => value / 2 + 0.5) : items;

interface Windows {
  /** `[count, size]` */
  items: Float32Array;
  /** `[n, size]` */
  centres: Float32Array;
  size: number;
  squared: SquaredDistances;
  widths: readonly number[];
}

/**
 * log of the mean over centres c of N(item; c, width^2), in nats, by the largest term: in double precision no term that counts is lost.
 * @param see takes each item's, one for each width
 */
export function logLikelihoods(
  { items, centres, size, squared, widths }: Windows,
  see: (values: readonly number[]) => void,
): void {
  eachRow({ a: items, b: centres, size, squared }, (row) => {
    const nearest = row.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    const values = widths.map((width) => {
      const scale = 2 * width ** 2;
      let sum = 0;
      for (let j = 0; j < row.length; j++) sum += Math.exp((nearest - row[j]!) / scale);
      const normalizer = size * Math.log(width * Math.sqrt(2 * Math.PI));
      return Math.log(sum / row.length) - nearest / scale - normalizer;
    });
    see(values);
  });
}

/** Mean, and standard error: the deviation over the root of the count, as the paper's code has it (np.std). */
export function spread(values: readonly number[]): { mean: number; standardError: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, standardError: Math.sqrt(variance / values.length) };
}
