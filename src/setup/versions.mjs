// Versions of packages, read from their package.json.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} folder of a package @returns {string | null} null when it is not there */
export function packageVersion(folder) {
  const path = join(folder, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : null;
}
