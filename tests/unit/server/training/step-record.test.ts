import { expect, it } from 'vitest';
import { StepRecord, statisticsFit } from '../../../../src/server/training/step-record.js';

it("a step's statistics are the means over its shards, whoever computed how many of them", () => {
  const record = new StepRecord('discriminator', 3, 0);
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
  expect(statisticsFit('generator', node, 3, [[1]])).toBe(true);
  expect(statisticsFit('generator', node, 3, [[1], [3]])).toBe(false);
  expect(statisticsFit('generator', node, 3, [[1, 2, 3]])).toBe(false);
  expect(statisticsFit('discriminator', node, 3, [[1, 2]])).toBe(false);
  expect(statisticsFit('discriminator', node, 3, [[1, 2, 3, 4]])).toBe(true);
});
