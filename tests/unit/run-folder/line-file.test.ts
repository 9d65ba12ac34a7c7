// Goal: a file of lines on a disk that is full for a while, here a folder that is not there for a while.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LineFile } from '../../../src/run-folder/line-file.js';

let folder: string;
const trouble: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nash-lines-'));
  trouble.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const open = () => new LineFile(join(folder, 'disk', 'lines'), (path) => trouble.push(path));
const written = () => readFileSync(join(folder, 'disk', 'lines'), 'utf8');

it('what finds no room is written when there is some, in its order', () => {
  const lines = open();
  lines.append('one');
  lines.append('two');
  expect(trouble).toHaveLength(2);
  mkdirSync(join(folder, 'disk'));
  lines.append('three');
  lines.append('four');
  expect(written()).toBe('one\ntwo\nthree\nfour\n');
  expect(trouble).toHaveLength(2);
});

it('nothing is written behind half a line, of this process or of one that was killed', () => {
  mkdirSync(join(folder, 'disk'));
  writeFileSync(join(folder, 'disk', 'lines'), 'whole\nhalf');
  const lines = open();
  lines.append('one');
  expect(written()).toBe('whole\none\n');
  renameSync(join(folder, 'disk'), join(folder, 'away'));
  lines.append('two');
  renameSync(join(folder, 'away'), join(folder, 'disk'));
  writeFileSync(join(folder, 'disk', 'lines'), 'whole\none\nt'); // as far as there was room
  lines.append('three');
  expect(written()).toBe('whole\none\ntwo\nthree\n');
});

it('a mebibyte waits, and then the oldest goes', () => {
  const lines = open();
  for (const letter of ['a', 'b', 'c', 'd']) lines.append(letter.repeat(400_000));
  mkdirSync(join(folder, 'disk'));
  lines.append('last');
  expect(
    written()
      .split('\n')
      .map((line) => line.slice(0, 1)),
  ).toEqual(['c', 'd', 'l', '']);
});
