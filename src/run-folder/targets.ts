// Where Prometheus finds the servers of runs: each writes a file into its run folder, and a link to that into .prometheus beside the
// folder, since Prometheus takes a pattern in the last part of a path alone. Both are gone with the server, but for one that was killed.
import { existsSync, lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { RUN_FILES, runFile } from './run-files.js';

/** What prometheus.json holds: `file_sd_configs` in Prometheus' documentation. */
export function targetsOf(runDir: string, { run, http }: { run: string; http: string }): unknown {
  const target = http.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
  // the parameter: another run may have this address, once this server was killed
  return [{ targets: [target], labels: { run, run_folder: resolve(runDir), __param_run: run } }];
}

/** Links the file where Prometheus looks, and removes the links of folders that are gone. */
export const linkTargets = (runDir: string): void =>
  whereAllowed(() => {
    const link = linkOf(runDir);
    const folder = dirname(link);
    makeFolder(folder);
    for (const name of readdirSync(folder))
      if (!existsSync(join(folder, name))) removeLink(join(folder, name));
    removeLink(link);
    if (!existsSync(link)) symlinkSync(relative(folder, runFile(resolve(runDir), 'targets')), link);
  });

export const unlinkTargets = (runDir: string): void => whereAllowed(() => removeLink(linkOf(runDir)));

/** Removes a link to a run's file; whatever else has its name is somebody else's, and stays. */
function removeLink(path: string): void {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (isLink && basename(readlinkSync(path)) === RUN_FILES.targets) rmSync(path, { force: true });
}

/** Beside a run folder that somebody else made there may be no room for it: its prometheus.json can be named by hand. */
function whereAllowed(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const linkOf = (runDir: string): string => {
  const path = resolve(runDir);
  return join(dirname(path), '.prometheus', `${basename(path)}.json`);
};
