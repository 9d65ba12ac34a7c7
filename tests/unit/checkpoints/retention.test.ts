// Goal: which checkpoints stay, by hand: a list of steps and why each was taken.
import { expect, it } from 'vitest';
import { type Reason, Retention } from '../../../src/checkpoints/retention.js';

/** Writes one after another as a run does. @returns the steps that are there in the end, and the retention */
function written(
  options: ConstructorParameters<typeof Retention>[0],
  before: readonly number[],
  ...taken: readonly [number, Reason][]
) {
  const retention = new Retention(options);
  let steps = [...before];
  for (const [step, reason] of taken) {
    retention.note(step, reason, steps);
    steps = [...new Set([...steps, step])];
    const expired = retention.expired(steps, step);
    steps = steps.filter((each) => !expired.includes(each));
  }
  return { steps: steps.sort((a, b) => a - b), retention };
}
const rule = (...steps: number[]) => steps.map((step): [number, Reason] => [step, 'rule']);
const RULE = { keep: 2, isByRule: (step: number) => step % 10 === 0 };

it('the newest `keep` of the rule stay, in the order of steps and not of names', () => {
  expect(written({ ...RULE, keep: 3 }, [], ...rule(80, 90, 100, 110, 1000)).steps).toEqual([100, 110, 1000]);
});

it('one taken by the clock goes with the next, and counts for nothing', () => {
  expect(written(RULE, [], ...rule(10, 20), [23, 'clock']).steps).toEqual([10, 20, 23]);
  expect(written(RULE, [], ...rule(10, 20), [23, 'clock'], [27, 'clock']).steps).toEqual([10, 20, 27]);
  expect(written(RULE, [], ...rule(10, 20), [23, 'clock'], ...rule(30)).steps).toEqual([20, 30]);
});

it('what was taken at a stop, at the end or at a start stays for ever', () => {
  const taken: [number, Reason][] = [
    [13, 'stop'],
    ...rule(20),
    [25, 'start'],
    ...rule(30, 40, 50),
    [60, 'end'],
    ...rule(70, 80, 90),
  ];
  expect(written(RULE, [], ...taken).steps).toEqual([13, 25, 60, 80, 90]);
});

it('the best so far stays, whatever it was taken for, until another one is', () => {
  let best: number | undefined;
  const retention = new Retention({ ...RULE, best: () => best });
  let steps: number[] = [];
  const write = (step: number, reason: Reason, isBest = false) => {
    if (isBest) best = step;
    retention.note(step, reason, steps);
    steps = [...steps, step];
    const expired = retention.expired(steps, step);
    steps = steps.filter((each) => !expired.includes(each));
    return steps;
  };
  expect(write(10, 'rule', true)).toEqual([10]);
  write(20, 'rule');
  write(30, 'rule');
  expect(write(40, 'rule')).toEqual([10, 30, 40]);
  expect(write(45, 'best', true)).toEqual([30, 40, 45]);
  expect([retention.isAnchor(45), write(50, 'rule')]).toEqual([false, [40, 45, 50]]);
  expect(write(55, 'best', true)).toEqual([40, 50, 55]);
});

it('what was there before and is not known to be of the rule stays for ever', () => {
  const reasons: [number, Reason][] = [
    [20, 'rule'],
    [30, 'stop'],
    [40, 'rule'],
  ];
  expect(written({ ...RULE, reasons }, [10, 20, 30, 40], ...rule(50, 60, 70)).steps).toEqual([
    10, 30, 60, 70,
  ]);
});

it('a smaller `keep` removes those that the rule took before, a larger one keeps more from then on', () => {
  const reasons = rule(10, 20, 30);
  expect(written({ ...RULE, keep: 1, reasons }, [10, 20, 30], ...rule(40)).steps).toEqual([40]);
  expect(
    written({ ...RULE, keep: 4, floor: 20, reasons: rule(20, 30) }, [20, 30], ...rule(40, 50, 60)).steps,
  ).toEqual([30, 40, 50, 60]);
});

it('a step of the rule that stays for another reason is none to go back to, once the rule would have removed it', () => {
  const { retention, steps } = written(RULE, [], [10, 'stop'], ...rule(20, 30));
  expect(steps).toEqual([10, 20, 30]);
  expect([10, 20, 25, 30].map((step) => retention.isAnchor(step))).toEqual([false, true, false, true]);
  const later = new Retention({ ...RULE, floor: retention.floor, reasons: [[10, 'stop'], ...rule(20, 30)] });
  expect([10, 20, 30].map((step) => later.isAnchor(step))).toEqual([false, true, true]);
});

it('a run that went back has what it has left, and keeps as many again', () => {
  const { retention, steps } = written(RULE, [], ...rule(10, 20, 30));
  expect(steps).toEqual([20, 30]);
  retention.note(30, 'rule', [20]); // 30 was removed by the return
  expect(retention.expired([20, 30], 30)).toEqual([]);
  retention.note(40, 'rule', [20, 30]);
  expect(retention.expired([20, 30, 40], 40)).toEqual([20]);
});
