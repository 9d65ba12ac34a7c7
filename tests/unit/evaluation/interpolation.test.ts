// Goal: ways between latents have their ends, and along the sphere the length of latents in between. Method: by hand.
import { expect, it } from 'vitest';
import { between } from '../../../src/evaluation/interpolation.js';

const [a, b] = [Float32Array.of(2, 0, 0), Float32Array.of(0, 2, 0)];

it('a straight way goes through the middle', () => {
  expect([...between(a, b, { steps: 3, path: 'linear' })]).toEqual([2, 0, 0, 1, 1, 0, 0, 2, 0]);
});

it('along the sphere it keeps its length, and goes by equal angles', () => {
  const way = between(a, b, { steps: 4, path: 'spherical' });
  const expected = [0, 30, 60, 90].flatMap((degrees) => [
    2 * Math.cos((degrees * Math.PI) / 180),
    2 * Math.sin((degrees * Math.PI) / 180),
    0,
  ]);
  for (const [i, value] of expected.entries()) expect(way[i]).toBeCloseTo(value, 6);
});

it.each([
  ['the same point', a, a],
  ['opposite points', a, Float32Array.of(-2, 0, 0)],
])('%s have a straight way along the sphere too', (_what, from, to) => {
  expect([...between(from, to, { steps: 3, path: 'spherical' })]).toEqual([
    ...between(from, to, { steps: 3, path: 'linear' }),
  ]);
});
