// Goal: an export is whole or not there, and nobody loses a file by it. Method: folders with one's own files, an earlier export, a run.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exportFolder } from '../../../src/export/folder.js';
import { CONFIG_MARK } from '../../../src/run-folder/ownership.js';

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'nash-export-'));
  folder = join(home, 'model');
});
afterEach(() => rmSync(home, { recursive: true }));

const files = (...names: string[]) => new Map(names.map((name) => [name, Buffer.from(`new ${name}`)]));
const write = (isForced: boolean, ...names: string[]) =>
  exportFolder(folder, { isForced }).write(files(...names));
const put = (name: string, text: string) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const there = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

it('is made, with what is missing above it, and the sum of each file', () => {
  folder = join(home, 'a/b');
  write(false, 'README.md', 'page/x.js');
  expect(there()).toEqual(['README.md', 'export.json', 'page', 'page/x.js']);
  expect(JSON.parse(read('export.json')).files['page/x.js']).toMatch(/^[0-9a-f]{64}$/);
  expect(readdirSync(dirname(folder))).toEqual(['b']);
});

it('an earlier export is replaced, and what else lies there stays', () => {
  write(false, 'model.json', 'page/x.js', 'page/y.js');
  put('notes.txt', 'mine');
  put('page/mine.js', 'mine');
  put('model.pb', 'mine');
  write(false, 'model.pb', 'page/y.js');
  expect(there()).toEqual(['export.json', 'model.pb', 'notes.txt', 'page', 'page/mine.js', 'page/y.js']);
  expect([read('model.pb'), read('page/y.js'), read('page/mine.js')]).toEqual([
    'new model.pb',
    'new page/y.js',
    'mine',
  ]);
  write(false, 'README.md');
  expect(there()).toEqual(['README.md', 'export.json', 'notes.txt', 'page', 'page/mine.js']);
  expect(readdirSync(home)).toEqual(['model']);
});

it('a folder of somebody else’s files is refused, by their names, unless that is forced', () => {
  for (const name of ['README.md', 'b.txt', 'c.txt', 'd.txt']) put(name, 'theirs');
  expect(() => write(false, 'model.json')).toThrow(
    /model holds files that are no export's: README\.md, b\.txt, c\.txt, …/,
  );
  put('export.json', '{"format":"another"}');
  expect(() => write(false, 'model.json')).toThrow(/no export's/);
  write(true, 'README.md');
  expect([read('README.md'), read('b.txt')]).toEqual(['new README.md', 'theirs']);
});

it('a run and a file are refused always', () => {
  put('config.yaml', `${CONFIG_MARK}\n`);
  expect(() => write(true, 'README.md')).toThrow(/model holds a run, found where an export would be written/);
  const file = join(folder, 'config.yaml');
  expect(() => exportFolder(file, { isForced: true })).toThrow(/found a file, expected the name of a folder/);
});

it('what an index names elsewhere is not removed', () => {
  writeFileSync(join(home, 'precious'), 'theirs');
  put(
    'export.json',
    JSON.stringify({
      format: 'nash-export-1',
      files: { '../precious': '', '/etc/x': '', 'a/../../precious': '' },
    }),
  );
  write(false, 'README.md');
  expect(readFileSync(join(home, 'precious'), 'utf8')).toBe('theirs');
});

it('where it cannot be written, what was there stays', () => {
  write(false, 'model.json');
  const impossible = new Map([
    ['model.json', Buffer.from('new')],
    ['model.json/x', Buffer.from('new')],
  ]);
  expect(() => exportFolder(folder, { isForced: false }).write(impossible)).toThrow(
    /the export cannot be written to .*model/,
  );
  expect(there()).toEqual(['export.json', 'model.json']);
  expect(readdirSync(home)).toEqual(['model']);
});
