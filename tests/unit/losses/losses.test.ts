import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { lossBounds, lossOf, lossOptions } from '../../../src/losses/losses.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const REAL = [2, -1];
const FAKE = [0.5, -3];
const mean = (f: (x: number) => number, values: number[]) =>
  values.reduce((sum, x) => sum + f(x), 0) / values.length;
/** Goodfellow et al. 2014, equation 1, from probabilities. */
const value = mean((x) => Math.log(sigmoid(x)), REAL) + mean((x) => Math.log(1 - sigmoid(x)), FAKE);

const ROWS = [
  ['minimax', -value, mean((x) => Math.log(1 - sigmoid(x)), FAKE)],
  ['non-saturating', -value, mean((x) => -Math.log(sigmoid(x)), FAKE)],
  ['wasserstein', mean((x) => x, FAKE) - mean((x) => x, REAL), -mean((x) => x, FAKE)],
] as const;

/** Logits of TF-GAN's tests of losses, and what they expect (losses_impl_test.py, esrgan/losses_test.py): D's loss, then G's. */
const OTHERS = { real: [-5, 1.4, 12.5, 2.7], fake: [10, 4.4, -5.5, 3.6] };
const THEIR = [
  // theirs smooth by a quarter towards one half, which is an eighth less of real
  [{ name: 'minimax', labelSmoothing: 0.125 }, OTHERS, 6.19637, -4.82408 + Math.log1p(Math.exp(-1))], // theirs adds the real term at a logit of 1, a constant
  [{ name: 'non-saturating', labelSmoothing: 0.125 }, OTHERS, 6.19637, 1.38582],
  [{ name: 'least-squares' }, OTHERS, 41.73375, 17.69625],
  [{ name: 'hinge' }, OTHERS, 6.75, -3.125],
  [{ name: 'wasserstein' }, OTHERS, 0.225, -3.125],
  [{ name: 'relativistic-average' }, { ...OTHERS, real: [-2, 0.4, 12.5, 2.7] }, 4.390114, 4.9401135],
  // by hand: mean of log(1 + exp(fake - real)), and of log(1 + exp(real - fake))
  [
    { name: 'relativistic' },
    { real: [0, Math.log(3)], fake: [0, 0] },
    (Math.log(2) + Math.log(4 / 3)) / 2,
    (Math.log(2) + Math.log(4)) / 2,
  ],
] as const;
it.each(THEIR)(
  '%j has the values of other implementations',
  (options, { real, fake }, discriminator, generator) => {
    tf.tidy(() => {
      const loss = lossOf(lossOptions.parse(options));
      const logits = {
        real: tf.tensor2d([...real], [real.length, 1]),
        fake: tf.tensor2d([...fake], [fake.length, 1]),
      };
      expect(loss.discriminator(logits).dataSync()[0]).toBeCloseTo(discriminator, 4);
      expect(loss.generator(logits).dataSync()[0]).toBeCloseTo(generator, 4);
    });
  },
);

it('the losses that compare items with each other ask for real ones in the step of G, the others do not', () => {
  const sees = Object.fromEntries(
    THEIR.map(([options]) => [options.name, lossOf(lossOptions.parse(options)).generatorSees]),
  );
  expect(Object.keys(sees).filter((name) => sees[name] === 'both')).toEqual([
    'relativistic-average',
    'relativistic',
  ]);
});

describe.each(ROWS)('the %s loss', (name, discriminator, generator) => {
  const loss = () => lossOf(lossOptions.parse({ name }));
  const column = (values: number[]) => tf.tensor2d(values, [values.length, 1]);
  const LOGITS = () => ({ real: column(REAL), fake: column(FAKE) });

  it('is the formula of its paper', () => {
    tf.tidy(() => {
      expect(loss().discriminator(LOGITS()).dataSync()[0]).toBeCloseTo(discriminator, 5);
      expect(loss().generator(LOGITS()).dataSync()[0]).toBeCloseTo(generator, 5);
    });
  });

  it('is finite where D is certain', () => {
    tf.tidy(() => {
      expect(
        Number.isFinite(
          loss()
            .discriminator({ real: column([-500]), fake: column([500]) })
            .dataSync()[0],
        ),
      ).toBe(true);
      expect(
        Number.isFinite(
          loss()
            .generator({ real: column([500]), fake: column([-500]) })
            .dataSync()[0],
        ),
      ).toBe(true);
    });
  });
});

describe("the generator's gradient when D rejects everything", () => {
  const slopeAt = (name: 'minimax' | 'non-saturating') =>
    tf.tidy(() =>
      Math.abs(
        tf
          .grad((fake) => lossOf({ name }).generator({ real: fake, fake }))(tf.tensor2d([-10], [1, 1]))
          .dataSync()[0]!,
      ),
    );

  it('vanishes under minimax and not under non-saturating (section 3 of the paper)', () => {
    expect(slopeAt('minimax')).toBeLessThan(1e-4);
    expect(slopeAt('non-saturating')).toBeGreaterThan(0.99);
  });
});

it('only Wasserstein clips, by 0.01 unless told otherwise or a penalty takes its place', () => {
  const [wasserstein, told] = [{}, { clip: 0.5 }].map((o) =>
    lossOptions.parse({ name: 'wasserstein', ...o }),
  );
  expect(lossBounds(wasserstein!, false)).toEqual({ weight: 0.01 });
  expect(lossBounds(wasserstein!, true)).toEqual({});
  expect(lossBounds(told!, true)).toEqual({ weight: 0.5 });
  expect(lossBounds(lossOptions.parse({ name: 'minimax' }), false)).toEqual({});
});
