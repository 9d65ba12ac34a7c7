// Folders and files as everybody here makes them.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Makes a folder and what is missing above it; one that is there stays as it is. Node's own `recursive` never comes back where a file
 * system answers ENOENT for a folder that is there, as /proc does.
 * @param {string} path
 * @param {number} [mode] of those that are made, before the umask
 * @throws the system's error
 */
export function makeFolder(path, mode = 0o777) {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const above = dirname(path);
    if (code !== 'ENOENT' || existsSync(above)) throw error;
    makeFolder(above, mode);
    makeFolder(path, mode);
  }
}

/**
 * Writes a file aside and puts it in its place, so that nobody ever reads half of it, whoever is killed and however full the disk is.
 * What was there stays until then, and stays where that fails.
 * @param {string} path
 * @param {string | Uint8Array} contents
 * @param {number} [mode] of a file that is made, before the umask
 * @throws the system's error
 */
export function writeWhole(path, contents, mode = 0o666) {
  const aside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`);
  try {
    writeFileSync(aside, contents, { mode, flag: 'wx' });
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
