// The pictures of a run: which names they have, for who draws them and who looks for them.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../src/setup/files.mjs';
import { requireOwnEntries } from './ownership.js';
import { runFile } from './run-files.js';

/** A chunk of a PNG file behind its header, `Software: nash`, by which Nash's figures are known. */
const SIGNATURE = Buffer.from('0000000d74455874536f667477617265006e617368ef3845f3', 'hex');
const HEADER_BYTES = 33;

const signed = (png: Buffer): Buffer =>
  Buffer.concat([png.subarray(0, HEADER_BYTES), SIGNATURE, png.subarray(HEADER_BYTES)]);

/** Whether Nash drew a file. */
const isOurs = (path: string): boolean =>
  statSync(path).isFile() && readFileSync(path).subarray(HEADER_BYTES).indexOf(SIGNATURE) === 0;

/**
 * To be called before anything is drawn into a folder that may be no run's, as on another host than the server's.
 * @throws NashError('usage') where figures of somebody else are in the way
 */
export const requireOwnFigures = (runDir: string): void => requireOwnEntries(runDir, 'figures', isOurs);

/** Digits of a step in a figure's name: so names sort as steps do. */
const STEP_DIGITS = 7;
const endingOf = (step: number): string => `-${String(step).padStart(STEP_DIGITS, '0')}.png`;

/** Writes a figure of the generator's samples under G's step and as the latest. @param kind what is drawn: `samples`, `points` */
export function writeFigure(runDir: string, kind: string, step: number, png: Buffer): void {
  const folder = runFile(runDir, 'figures');
  for (const ending of [endingOf(step), '-latest.png']) writeWhole(join(folder, kind + ending), signed(png));
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
  if (!existsSync(file)) writeWhole(file, signed(await draw()));
}

/** Writes the picture of the run's collapse scores, of which there is one. */
export const writeCollapseFigure = (runDir: string, png: Buffer): void =>
  writeWhole(join(runFile(runDir, 'figures'), 'collapse.png'), signed(png));
