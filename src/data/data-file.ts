// Files that others made: found, read whole and unpacked, and the sentence that says what is wrong with one.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf, NashError } from '../errors.js';

/** No file that is read whole unpacks to more: MNIST's largest has 47 MB, a CIFAR-10 batch 31 MB. */
const UNPACKED_BYTES_MAX = 2 ** 29;

const FILES_MAX = 2 ** 24;

/** A file that decides the items: it enters the cache's key by name, size and time. */
export interface DataFile {
  path: string;
  bytes: number;
  modifiedMs: number;
}

export interface Fault {
  /** of the unpacked file where it is packed */
  offset: number;
  found: string;
  expected: string;
  mend: string;
}

/** The error for a damaged file: names it, the offset, what was found and expected, and how to mend it. */
export function badFile(path: string, { offset, found, expected, mend }: Fault, cause?: unknown): NashError {
  const message = `${path}, byte ${offset}: found ${found}, expected ${expected}. ${mend}`;
  return new NashError('usage', message, { cause });
}

/**
 * @throws NashError('usage') when the folder does not exist or is a file
 * @param mend what the user may do to get it
 */
export function requireFolder(path: string, mend: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new NashError('usage', `data.path '${path}' does not exist. ${mend}`);
  if (!stat.isDirectory())
    throw new NashError(
      'usage',
      `data.path '${path}' is a file, expected the folder that holds the data. ${mend}`,
    );
}

/** The first of the names that exists in a folder, whole or with `.gz`. */
export function findFile(folder: string, names: readonly string[]): string | undefined {
  return names
    .flatMap((name) => [name, `${name}.gz`])
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Files of a folder, sorted by name. */
export function filesIn(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];
}

/** Paths of all files below a folder, relative to it and with slashes; hidden ones are left out, links to folders are not followed. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(next, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile() || statSync(path, { throwIfNoEntry: false })?.isFile())
        found.push(relative(folder, path).replaceAll(sep, '/'));
    }
    if (found.length > FILES_MAX)
      throw new NashError('usage', `data.path '${folder}' holds more than ${FILES_MAX} files.`);
  }
  return found;
}

export function describeFile(path: string): DataFile {
  const { size, mtimeMs } = statSync(path);
  return { path, bytes: size, modifiedMs: mtimeMs };
}

/**
 * A file's bytes, unpacked when its name ends in `.gz`.
 * @throws NashError('usage') when it cannot be read or unpacked
 */
export function readData(path: string): Buffer {
  const bytes = readBytes(path);
  if (!path.endsWith('.gz')) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
  } catch (error) {
    const truncated = messageOf(error).includes('unexpected end');
    const fault = {
      offset: truncated ? bytes.length : 0,
      found: truncated ? 'the end of the file' : `what gzip cannot unpack (${messageOf(error)})`,
      expected: truncated ? 'more packed data' : 'a whole gzip file',
      mend: 'Get the file again; it was cut short or changed on its way.',
    };
    throw badFile(path, fault, error);
  }
}

/** @throws NashError('usage') when the file cannot be read */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new NashError('usage', `${path} cannot be read (${messageOf(error)}). Make it readable.`, {
      cause: error,
    });
  }
}
