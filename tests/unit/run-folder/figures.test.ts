import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { figuresOf, writeCollapseFigure, writeFigure } from '../../../src/run-folder/figures.js';
import { runFile } from '../../../src/run-folder/run-files.js';
import { resultOf } from '../../../src/run-folder/run-result.js';

const runDir = mkdtempSync(join(tmpdir(), 'nash-run-'));
mkdirSync(runFile(runDir, 'figures'));
afterAll(() => rmSync(runDir, { recursive: true }));

it('what was drawn of a step is found by that step, and the last of a kind as the latest', () => {
  writeFigure(runDir, 'points', 20, Buffer.from('twenty'));
  writeFigure(runDir, 'points', 120, Buffer.from('more'));
  writeFigure(runDir, 'samples', 20, Buffer.from('a grid'));
  writeCollapseFigure(runDir, Buffer.from('score'));
  const found = figuresOf(runDir, 20).map(({ kind, png }) => `${kind}: ${png.subarray(0, 6)}`);
  expect(found.sort()).toEqual(['points: twenty', 'samples: a grid']);
  expect(figuresOf(runDir, 12)).toEqual([]);
  const names = readdirSync(runFile(runDir, 'figures'));
  expect(names).toContain('points-0000120.png'); // the interface: its digits let names sort as steps do
  expect(readFileSync(join(runFile(runDir, 'figures'), 'points-latest.png'), 'utf8')).toMatch(/^more/);
});

it('a run that has not ended has no result, and a file for a folder has none either', () => {
  expect(resultOf(runDir)).toBeUndefined();
  expect(resultOf(join(import.meta.dirname, 'figures.test.ts'))).toBeUndefined();
  const result = { status: 'done', steps: { discriminator: 1, generator: 1 }, metrics: {} };
  writeFileSync(runFile(runDir, 'result'), JSON.stringify(result));
  expect(resultOf(runDir)).toEqual(result);
});
