// The pictures of a run: which names they have, for who draws them and who looks for them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../src/setup/files.mjs';
import { runFile } from './run-files.js';

/** Digits of a step in a figure's name: so names sort as steps do. */
const STEP_DIGITS = 7;
const endingOf = (step: number): string => `-${String(step).padStart(STEP_DIGITS, '0')}.png`;

/** Writes a figure of the generator's samples under G's step and as the latest. @param kind what is drawn: `samples`, `points` */
export function writeFigure(runDir: string, kind: string, step: number, png: Buffer): void {
  const folder = runFile(runDir, 'figures');
  writeWhole(join(folder, `${kind}${endingOf(step)}`), png);
  writeWhole(join(folder, `${kind}-latest.png`), png);
}

/** What was drawn of a step, where the evaluator draws into this folder. */
export function figuresOf(runDir: string, step: number): { kind: string; png: Buffer }[] {
  const folder = runFile(runDir, 'figures');
  const ending = endingOf(step);
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ kind: name.slice(0, -ending.length), png: readFileSync(join(folder, name)) }));
}

/** Draws real items once a run. */
export async function writeRealFigure(runDir: string, draw: () => Promise<Buffer>): Promise<void> {
  const file = join(runFile(runDir, 'figures'), 'real.png');
  if (!existsSync(file)) writeWhole(file, await draw());
}

/** Writes the picture of the run's collapse scores, of which there is one. */
export const writeCollapseFigure = (runDir: string, png: Buffer): void =>
  writeWhole(join(runFile(runDir, 'figures'), 'collapse.png'), png);
