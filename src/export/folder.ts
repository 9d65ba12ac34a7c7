// The folder that an export is written into: whole or not at all. An earlier export is replaced; what else lies there stays.
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { messageOf, NashError } from '../errors.js';
import { holdsRun, removeEmpty } from '../run-folder/ownership.js';
import type { Files } from './taken.js';

/** Says of each file what its bytes are; by it an export is known. */
const INDEX = 'export.json';
const FORMAT = 'nash-export-1';

/** Paths that lead nowhere else, whoever wrote them. */
const WITHIN = /^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/;

interface Index {
  format: string;
  /** sha256 of each file, by its path */
  files: Record<string, string>;
}

export const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * @param isForced also where other files lie
 * @throws NashError('usage') where the folder holds a run, or what is no export and `isForced` is not said
 */
export function exportFolder(
  path: string,
  { isForced }: { isForced: boolean },
): { write(files: Files): void } {
  const there = filesIn(path);
  if (holdsRun(path))
    throw new NashError(
      'usage',
      `${path} holds a run, found where an export would be written; --to DIR takes another folder.`,
    );
  if (there.length > 0 && !indexOf(path) && !isForced) {
    const told = there.slice(0, 3).join(', ') + (there.length > 3 ? ', …' : '');
    const message = `${path} holds files that are no export's: ${told}. --to DIR takes another folder; --force writes beside them.`;
    throw new NashError('usage', message);
  }
  return { write: (files) => replace(resolve(path), files) };
}

function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isDirectory()) return readdirSync(path).sort();
  throw new NashError('usage', `--to ${path}: found a file, expected the name of a folder.`);
}

function indexOf(path: string): Index | undefined {
  try {
    const index = JSON.parse(readFileSync(join(path, INDEX), 'utf8'));
    return index.format === FORMAT ? index : undefined;
  } catch {
    return undefined; // none of ours, whatever it is
  }
}

/** Writes all aside, then changes places. */
function replace(path: string, files: Files): void {
  const asideOf = (what: string) =>
    join(dirname(path), `.${basename(path)}.${what}.${randomBytes(4).toString('hex')}`);
  const [coming, going] = [asideOf('new'), asideOf('old')];
  const sums = Object.fromEntries([...files].map(([name, bytes]) => [name, sumOf(bytes)]));
  const index: Index = { format: FORMAT, files: sums };
  try {
    write(coming, new Map([...files, [INDEX, Buffer.from(`${JSON.stringify(index, undefined, 2)}\n`)]]));
    if (existsSync(path)) renameSync(path, going);
    renameSync(coming, path);
    if (!existsSync(going)) return;
    removeExport(going);
    keep(going, path);
  } catch (cause) {
    if (!existsSync(path) && existsSync(going)) renameSync(going, path);
    throw new NashError('environment', `the export cannot be written to ${path}: ${messageOf(cause)}`, {
      cause,
    });
  } finally {
    rmSync(coming, { recursive: true, force: true });
  }
}

function write(folder: string, files: Files): void {
  makeFolder(folder);
  for (const [name, bytes] of files) {
    makeFolder(dirname(join(folder, name)));
    writeFileSync(join(folder, name), bytes);
  }
}

/** Removes what an export wrote; folders where nothing else is in them. */
function removeExport(path: string): void {
  const names = [INDEX, ...Object.keys(indexOf(path)?.files ?? {}).filter((name) => WITHIN.test(name))];
  for (const name of names) rmSync(join(path, name), { force: true });
  for (const folder of new Set(names.map(dirname))) if (folder !== '.') removeEmpty(join(path, folder));
}

/** Moves what is left of a folder to where no file of that name is, and removes it. */
function keep(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [old, now] = [join(from, entry.name), join(to, entry.name)];
    if (!existsSync(now)) renameSync(old, now);
    else if (entry.isDirectory()) keep(old, now);
    else rmSync(old, { force: true });
  }
  rmdirSync(from);
}
