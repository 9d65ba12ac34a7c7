// Whose the files of a folder are. A run is known by what only Nash writes: the first line of config.yaml, the first bytes of a checkpoint,
// a server's lock. In such a folder the names that a run writes are the run's; in any other they are somebody else's, and so is everything
// in a folder of such a name. What is somebody else's is never removed, changed or written beside.
import { closeSync, lstatSync, openSync, readdirSync, readSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NashError } from '../errors.js';
import { RUN_FILES, type RunFile, runFile } from './run-files.js';

/** How config.yaml of a run begins. */
export const CONFIG_MARK = '# The resolved config of this run; `nash train` wrote it.';
/** A safetensors file has eight bytes before its header. */
const CHECKPOINT_MARK = /^.{8}\{"__metadata__":\{"format":"nash-checkpoint-\d/s;
const LOCK_MARK = /^\{"pid":\d+,"host":"[^"]*","started":"\d*","id":"[0-9a-f-]{36}"\}$/;
/** Logs bear the names of workers, which may be any. */
const LOG_MARK = /^$|^\{"level":\d+,"time":"[^"]*","run":/;
const MARK_BYTES = 512;

/** What a run writes into its folders, by name. */
const WITHIN = {
  modules: /^[0-9a-f]{64}\.(cjs|sources\.txt)$/,
  figures: /^(\w+-(\d{7,}|latest)|real|collapse)\.png$/,
  checkpoints: /^(aside-\d+-)?step-\d+\.safetensors(\.partial)?$/,
  logs: /\.ndjson$|^(server|evaluator|(discriminator|generator|any)-\d+)\.stderr$/,
  private: /^(socket|(server|worker)\.(key|pub))$/,
} as const satisfies Partial<Record<RunFile, RegExp>>;
const FOLDERS = Object.keys(WITHIN) as (keyof typeof WITHIN)[];
const FILES = Object.values(RUN_FILES).filter((name) => !(name in WITHIN));
/** See event-file.ts. */
const EVENTS = /^events\.out\.tfevents\.\d{10}\..+\.nash$/;
/** What is written aside, see files.mjs; a killed process leaves it. */
const ASIDE = /^\.(.+)\.[0-9a-f]{8}$/;

/** Names of somebody else's files that are told. */
const TOLD_MAX = 5;

/** Whether a folder holds a run. @throws the system's error where this user may not look into it */
export const holdsRun = (path: string): boolean =>
  beginning(runFile(path, 'config')).startsWith(CONFIG_MARK) ||
  namesIn(runFile(path, 'checkpoints')).some(
    (name) =>
      WITHIN.checkpoints.test(name) && CHECKPOINT_MARK.test(beginning(join(path, 'checkpoints', name))),
  );

/** Whether what has a run's names there is a run's: also of one that was killed before it had written any more than its lock. */
const isOfRun = (path: string): boolean => holdsRun(path) || LOCK_MARK.test(beginning(runFile(path, 'lock')));

/**
 * Refuses a folder in which a run would overwrite somebody else's files, or mix with them.
 * @throws NashError('usage') with their names
 */
export function requireOwn(path: string): void {
  if (isOfRun(path)) return;
  const there = namesIn(path);
  const files = [...FILES, 'lock'].filter((name) => there.includes(name));
  const within = FOLDERS.flatMap((folder) => (there.includes(folder) ? entriesOf(path, folder) : []));
  refuse(path, [...files, ...within, ...there.filter((name) => name.startsWith('events.out.tfevents.'))]);
}

/** The same of one folder of a run where a process has no other. @param isOurs whether Nash wrote a file, by its contents */
export function requireOwnEntries(path: string, folder: RunFile, isOurs: (file: string) => boolean): void {
  if (isOfRun(path)) return;
  const strange = entriesOf(path, folder).filter((name) => !isOurs(join(path, name)));
  refuse(path, strange);
}

function refuse(path: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const more = names.length > TOLD_MAX ? ` and ${names.length - TOLD_MAX} more` : '';
  const told = names.slice(0, TOLD_MAX).join(', ') + more;
  const message = `${path} holds files that are no run's, where a run would write its own: ${told}. They are left as they are; --run-dir DIR takes another folder.`;
  throw new NashError('usage', message);
}

/** What lies in a folder that a run would have, or the folder's name where it is none. */
function entriesOf(path: string, folder: string): string[] {
  const full = join(path, folder);
  const names = namesIn(full);
  if (names.length > 0) return names.map((name) => join(folder, name));
  return isNoFolder(full) ? [folder] : [];
}

/** Removes what a run wrote, file by file; its folders where nothing else is in them. */
export function removeRun(path: string): void {
  removeNamed(path, (name) => FILES.some((file) => file === name) || EVENTS.test(name));
  for (const folder of FOLDERS) {
    removeNamed(
      join(path, folder),
      (name, file) => WITHIN[folder].test(name) && (!/ndjson$/.test(name) || LOG_MARK.test(beginning(file))),
    );
    removeEmpty(join(path, folder));
  }
}

/** Removes the private folder of a server that ends. */
export function removePrivate(path: string): void {
  const folder = runFile(path, 'private');
  removeNamed(folder, (name) => WITHIN.private.test(name));
  removeEmpty(folder);
}

/** Removes a folder where it is one and has nothing in it. */
export function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error))) throw error;
  }
}

function removeNamed(folder: string, isOurs: (name: string, file: string) => boolean): void {
  for (const name of namesIn(folder)) {
    const file = join(folder, name);
    if (isOurs(ASIDE.exec(name)?.[1] ?? name, file) && !lstatSync(file).isDirectory())
      rmSync(file, { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isNoFolder(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isDirectory() && !found.isSymbolicLink();
}

/** The first bytes of a file, a character each; none where there is no such file. */
function beginning(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
  try {
    const bytes = Buffer.alloc(MARK_BYTES);
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, MARK_BYTES, 0));
  } catch (error) {
    if (codeOf(error) === 'EISDIR') return '';
    throw error;
  } finally {
    closeSync(file);
  }
}

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
