import { expect, it } from 'vitest';
import { Patience } from '../../../src/protocol/patience.js';

it('a wait is said after five seconds, once a minute again, anew where it is for something else, and when it is over', () => {
  const patience = new Patience();
  const said: [second: number, line: string][] = [];
  const note = (second: number, what: string | undefined) => {
    const line = patience.note(what, second * 1000);
    if (line !== undefined) said.push([second, line]);
  };
  for (let second = 0; second < 130; second++) note(second, `shard 3 with d-0 for ${second}.5 s`);
  for (let second = 130; second < 140; second++) note(second, second % 2 ? 'this' : 'that');
  note(140, undefined);
  note(141, undefined);
  for (let second = 0; second < 5; second++) note(second, 'a wait that nobody needs to know of');
  note(0, undefined);
  expect(said).toEqual([
    [5, 'waiting for shard 3 with d-0 for 5.5 s (5 s so far)'],
    [65, 'waiting for shard 3 with d-0 for 65.5 s (65 s so far)'],
    [125, 'waiting for shard 3 with d-0 for 125.5 s (125 s so far)'],
    [130, 'waiting for that (130 s so far)'],
    [135, 'waiting for this (135 s so far)'],
    [140, 'no longer waiting, after 139 s'],
  ]);
});

it('a wait that begins again counts from its beginning', () => {
  const patience = new Patience();
  expect(patience.note('x', 6000)).toBe('waiting for x (6 s so far)');
  expect(patience.note('x', 100)).toBe('no longer waiting, after 6 s');
  expect(patience.note('x', 5000)).toBe('waiting for x (5 s so far)');
});
