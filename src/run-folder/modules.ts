// Copies of the modules of one's own that a run's config names, by the hashes of their texts: what reads the folder needs no source.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { fileOf, sourcesOf } from '../modules/bundle.js';
import type { ModuleText } from '../modules/own-module.js';
import { runFile } from './run-files.js';

/** Writes those that are not there yet, each with its sources for a person. */
export function writeModules(runDir: string, texts: readonly ModuleText[]): void {
  const folder = runFile(runDir, 'modules');
  if (texts.length > 0) makeFolder(folder);
  for (const text of texts) {
    writeWhole(join(folder, `${text.hash}.sources.txt`), sourcesOf(text));
    writeWhole(join(folder, `${text.hash}.cjs`), fileOf(text));
  }
}

/** Looks copies up in the folders of runs, by hash. */
export const moduleCopies =
  (...runDirs: readonly (string | undefined)[]) =>
  (hash: string): string | undefined => {
    const files = runDirs.flatMap((runDir) =>
      runDir === undefined ? [] : join(runFile(runDir, 'modules'), `${hash}.cjs`),
    );
    const found = files.find((file) => existsSync(file));
    return found === undefined ? undefined : readFileSync(found, 'utf8');
  };
