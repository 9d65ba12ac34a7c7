// Goal: curves of a run are those of the line that it is on. Method: a short record by hand.
import { expect, it } from 'vitest';
import { curvesOf } from '../../../src/run-folder/recorded-curves.js';

const lines = (...all: object[]) => all.map((line) => `${JSON.stringify(line)}\n`).join('');
const step = (generator: number, lossGenerator: number) => ({
  kind: 'step',
  seconds: 1,
  steps: { discriminator: 2 * generator, generator },
  lossGenerator,
});

it('has values of steps and of evaluations over the steps of G, and none of other lines', () => {
  const text = lines(
    { kind: 'evaluation', step: 5, gan_modes_captured: 3, data: 'ring' },
    step(10, 0.5),
    { kind: 'resumed', step: 10, lossGenerator: 9 },
    step(20, 0.25),
  );
  const curves = curvesOf(text);
  expect([...curves.keys()].sort()).toEqual(['gan_modes_captured', 'lossGenerator', 'seconds']);
  expect(curves.get('gan_modes_captured')).toEqual([{ step: 5, value: 3 }]);
  expect(curves.get('lossGenerator')).toEqual([
    { step: 10, value: 0.5 },
    { step: 20, value: 0.25 },
  ]);
});

it('leaves out what a run that went back has left, and a line that was not finished', () => {
  const text = `${lines(step(10, 1), step(20, 2), step(30, 3), step(20, 4))}{"kind":"step","ste`;
  expect(curvesOf(text).get('lossGenerator')).toEqual([
    { step: 10, value: 1 },
    { step: 20, value: 4 },
  ]);
});
