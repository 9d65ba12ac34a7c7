import { expect, it } from 'vitest';
import { Trouble } from '../../../src/server/trouble.js';

it('a full disk is told once a minute of each kind, on the terminal and in the log at its level, and counted each time', () => {
  const [notes, logged, counted] = [[] as string[], [] as unknown[], new Map<string, number>()];
  let nowMs = 5;
  const trouble = new Trouble({
    log: (event, fields, level) => logged.push([event, fields, level]),
    metrics: { increment: (name: string, by: number) => counted.set(name, (counted.get(name) ?? 0) + by) },
    now: () => nowMs,
    onNote: (note) => notes.push(note),
  });
  for (; nowMs < 120_000; nowMs += 1000) {
    trouble.unwritten('metrics.jsonl', new Error('ENOSPC'));
    trouble.noRoom('a checkpoint finds none');
  }
  const records = 'metrics.jsonl cannot be written: ENOSPC; training goes on, make room';
  expect(notes).toEqual([
    records,
    'a checkpoint finds none; training waits',
    records,
    'a checkpoint finds none; training waits',
  ]);
  expect(logged).toHaveLength(4);
  expect(logged[0]).toEqual(['trouble with the disk', { what: records }, 'error']);
  expect([...counted]).toEqual([
    ['gan_unwritten_lines_total', 120],
    ['gan_checkpoint_failures_total', 120],
  ]);
});
