import { expect, it } from 'vitest';
import { lossOptions } from '../../../../src/losses/losses.js';
import { modelOptions } from '../../../../src/models/models.js';
import type { Net } from '../../../../src/parameters/manifest.js';
import { StepRecord, statisticsFit } from '../../../../src/server/training/step-record.js';
import { statisticsOf } from '../../../../src/steps/steps.js';

const model = modelOptions.parse({ name: 'mlp' });
const LOGITS = {
  augmentation: { name: 'none' as const },
  loss: lossOptions.parse({ name: 'minimax' }),
  model,
};

it("a step's statistics are the means over its shards, whoever computed how many of them", () => {
  const record = new StepRecord('discriminator', statisticsOf('discriminator', LOGITS), 3, 0);
  record.settled({ level: 0, index: 2 }, [[5, 0.5, 1, -1]], 1);
  record.settled(
    { level: 1, index: 0 },
    [
      [1, 0, 1, -2],
      [3, 0.25, 0.25, -3],
    ],
    1,
  ); // prettier: shards 0 and 1
  expect(record.statistics()).toEqual({
    loss: 3,
    accuracyReal: 0.25,
    accuracyFake: 0.75,
    valueFunction: -2,
  });
});

it('a node must bring one row of the right length for each of its shards', () => {
  const node = { level: 1, index: 1 }; // of three shards it has the last alone
  const fits = (net: Net, rows: number[][]) => statisticsFit(statisticsOf(net, LOGITS), node, 3, rows);
  expect(fits('generator', [[1]])).toBe(true);
  expect(fits('generator', [[1], [3]])).toBe(false);
  expect(fits('generator', [[1, 2, 3]])).toBe(false);
  expect(fits('discriminator', [[1, 2]])).toBe(false);
  expect(fits('discriminator', [[1, 2, 3, 4]])).toBe(true);
});

it('a critic, which gives no probabilities, is said to have neither accuracy nor V', () => {
  const metricsOf = (name: 'wasserstein' | 'minimax') =>
    statisticsOf('discriminator', { ...LOGITS, loss: lossOptions.parse({ name }), model }).map(
      ({ metric }) => metric,
    );
  const [critic, judge] = [metricsOf('wasserstein'), metricsOf('minimax')].map((names) => [
    ...new Set(names),
  ]);
  expect(critic).toEqual(['gan_loss', 'gan_critic_mean', 'gan_critic_difference']);
  expect(judge).toEqual(['gan_loss', 'gan_discriminator_accuracy_ratio', 'gan_value_function_nats']);
});
