// Goal: a ledger's lines are chained, also behind a line that a killed process left unfinished, and what breaks the chain is told by line.
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LedgerEntry, LedgerFile, readLedger } from '../../../src/run-folder/ledger.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nash-ledger-'));
  path = join(folder, 'ledger.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const entry = (generator: number): Omit<LedgerEntry, 'previous'> => ({
  step: { discriminator: generator, generator },
  line: { term: 1, branch: 0 },
  config: hash('config'),
  settings: hash('settings'),
  data: 'points',
  weights: { discriminator: hash(`d${generator}`), generator: hash(`g${generator}`) },
});
const open = () =>
  new LedgerFile(path, () => {
    throw new Error('there was room');
  });
const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n');

it('every line has the sha256 of the one before, over restarts and unfinished lines', () => {
  open().append(entry(0));
  appendFileSync(path, '{"previous":"ab'); // of a process that was killed
  const ledger = open();
  ledger.append(entry(1));
  ledger.append(entry(2));
  expect(lines().map((line) => JSON.parse(line).previous)).toEqual([
    '0'.repeat(64),
    hash(lines()[0]!),
    hash(lines()[1]!),
  ]);
  const { entries, problems } = readLedger(path);
  expect([entries.map(({ step }) => step.generator), problems]).toEqual([[0, 1, 2], []]);
});

it.each<[what: string, falsify: (lines: string[]) => string[], problem: RegExp]>([
  ['changed', (all) => all.with(1, all[1]!.replace('points', 'others')), /^line 3 does not follow line 2/],
  ['left out', (all) => all.toSpliced(1, 1), /^line 2 does not follow line 1/],
  ['left out at the beginning', (all) => all.slice(1), /^line 1 does not begin the chain/],
  ['exchanged', ([a, b, c]) => [a!, c!, b!], /^line 2 does not follow line 1/],
  ['no JSON', (all) => all.with(1, 'once upon a time'), /^line 2 is no line of a ledger$/],
  [
    'with a key too much',
    (all) => all.with(2, all[2]!.replace('{', '{"more":1,')),
    /^line 3 is no line of a ledger$/,
  ],
])('a line that is %s is told', (_what, falsify, problem) => {
  const ledger = open();
  for (const step of [0, 1, 2]) ledger.append(entry(step));
  writeFileSync(
    path,
    falsify(lines())
      .map((line) => `${line}\n`)
      .join(''),
  );
  expect(readLedger(path).problems[0]).toMatch(problem);
});

it('no file is an empty ledger', () => {
  expect(readLedger(path)).toEqual({ entries: [], problems: [] });
});
