// The live line, as a person reads it.
import { expect, it } from 'vitest';
import { describe as inWords } from '../../../src/cli/progress.js';

const progress = {
  steps: { discriminator: 12, generator: 12 },
  generatorSteps: 20,
  imagesPerSecond: 1234.5,
  secondsLeft: 140,
  lossDiscriminator: 0.93,
  lossGenerator: 1.41,
};

it('says how often a D that gives probabilities is right, and of a critic its means', () => {
  const judgement = { accuracyReal: 0.781, accuracyFake: 0.5, valueFunction: -1.3 };
  expect(inWords({ ...progress, judgement })).toBe(
    'step 12/20 · 1,235 images/s · D right on real 78 % fake 50 % · loss D 0.930 G 1.410 · 2 min 20 s left',
  );
  const critic = { criticReal: 0.25, criticFake: -1.5, criticDifference: 1.75 };
  expect(inWords({ ...progress, judgement: critic })).toBe(
    'step 12/20 · 1,235 images/s · critic real 0.250 fake -1.500 apart 1.750 · loss D 0.930 G 1.410 · 2 min 20 s left',
  );
});

it('says how long the run will take once that is known, and no more when it is done', () => {
  const judgement = { accuracyReal: 1, accuracyFake: 1 };
  const { secondsLeft, ...begun } = { ...progress, judgement };
  expect(inWords({ ...begun, secondsLeft })).toMatch(/ · 2 min 20 s left$/);
  expect(inWords(begun)).toMatch(/ G 1\.410$/);
  expect(inWords({ ...begun, steps: { discriminator: 20, generator: 20 } })).toMatch(/ · done$/);
});

it('says large numbers as people read them', () => {
  const judgement = { accuracyReal: 1, accuracyFake: 1 };
  const line = (lossDiscriminator: number) => inWords({ ...progress, judgement, lossDiscriminator });
  expect(line(1.2345e30)).toContain('loss D 1.2e30 G 1.410');
  expect(line(-3e5)).toContain('loss D -3e5 G');
  expect(line(99_999)).toContain('loss D 99999.000 G');
  expect(line(Number.NaN)).toContain('loss D NaN G');
});
