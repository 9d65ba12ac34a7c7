// Makes folders. Node's own `recursive` never comes back where a file system answers ENOENT for a folder that is there, as /proc does.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and what is missing above it; one that is there stays as it is.
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
