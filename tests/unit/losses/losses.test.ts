import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { lossConstraint, lossOf, lossOptions } from '../../../src/losses/losses.js';

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

it('only Wasserstein clips, by 0.01 unless told otherwise', () => {
  expect(lossConstraint(lossOptions.parse({ name: 'wasserstein' }))).toEqual({
    net: 'discriminator',
    bound: 0.01,
  });
  expect(lossConstraint(lossOptions.parse({ name: 'minimax' }))).toBeUndefined();
});
