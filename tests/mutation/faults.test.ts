// The list of planted faults must fit the sources as they are: a fault that no longer applies proves nothing.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULTS } from './faults.mjs';

it('each planted fault applies in exactly one place, changes something, and names tests that exist', () => {
  const wrong = FAULTS.flatMap(({ claim, file, find, put, tests }) => {
    const count = existsSync(file) ? readFileSync(file, 'utf8').split(find).length - 1 : 0;
    const missing = tests.filter((test) => !existsSync(test));
    return count === 1 && find !== put && missing.length === 0 ? [] : [{ claim, file, count, missing }];
  });
  expect(wrong).toEqual([]);
});

it('no two have the same claim', () => {
  expect(new Set(FAULTS.map(({ claim }) => claim)).size).toBe(FAULTS.length);
});
