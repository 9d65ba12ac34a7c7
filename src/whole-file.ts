// Files that are whole or not there: nobody ever reads half of one, whoever is killed and however full the disk is.
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file aside and puts it in its place; what was there stays until then, and stays where that fails.
 * @param mode of a file that is made, before the umask
 * @throws the system's error
 */
export function writeWhole(path: string, contents: string | Uint8Array, mode = 0o666): void {
  const aside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`);
  try {
    writeFileSync(aside, contents, { mode, flag: 'wx' });
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
