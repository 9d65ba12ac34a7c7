import { describe, expect, it } from 'vitest';
import { forgetOldest, whoGivesWay } from '../../../src/transport/limits.js';

describe('where connections are too many', () => {
  const open = ['a1', 'b1', 'a2', 'b2', 'a3'];
  const max = { addressOf: (one: string) => one[0] };

  it.each([
    [5, 5, undefined],
    [3, 5, undefined],
    [2, 5, 'a1'], // three of the newest one's address
    [3, 4, 'a1'],
    [2, 4, 'a1'],
  ])('of %i an address and %i in all', (ofAddress, inAll, expected) => {
    expect(whoGivesWay(open, 'a3', { ...max, ofAddress, inAll })).toBe(expected);
  });

  it('the newest one’s address gives way before the oldest of all', () => {
    expect(whoGivesWay([...open, 'b3'], 'b3', { ...max, ofAddress: 2, inAll: 4 })).toBe('b1');
    expect(whoGivesWay(['c1', ...open], 'a3', { ...max, ofAddress: 3, inAll: 5 })).toBe('c1');
  });
});

it('what is remembered beyond a bound goes, oldest first', () => {
  const kept = new Map([1, 2, 3, 4].map((key) => [key, '']));
  forgetOldest(kept, 4);
  expect([...kept.keys()]).toEqual([1, 2, 3, 4]);
  forgetOldest(kept, 2);
  expect([...kept.keys()]).toEqual([3, 4]);
});
