// Step 1: the packages of package-lock.json in node_modules.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './child.mjs';
import { SetupFailure } from './failure.mjs';
import { packageFolder } from './places.mjs';
import { packageVersion } from './versions.mjs';

/**
 * Optional to npm alone: its own install script, which set-up does without, fails where its download cannot be reached, and npm would install
 * nothing of Nash then.
 */
const ADDON_PACKAGE = 'node_modules/@tensorflow/tfjs-node-gpu';

/** @typedef {import('./places.mjs').Places} Places */
/** @typedef {{ version?: string, optional?: boolean, link?: boolean }} LockedPackage */

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage>}
 */
function lockedPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}

/**
 * What stands in the way of using node_modules as it is.
 * @param {Places} at
 * @returns {string | undefined} undefined when every package of the lock file lies there in its version, or of package.json where
 * npm has installed Nash itself
 */
export function missingModules(at) {
  if (at.isInstalled) return missingDependency(at);
  const installed = join(at.modules, '.package-lock.json'); // npm writes it last, so a broken install has none
  if (!existsSync(installed)) return 'node_modules is missing or incomplete';
  const have = lockedPackages(installed);
  for (const [path, wanted] of Object.entries(lockedPackages(join(at.root, 'package-lock.json')))) {
    if (path === '' || wanted.link || (wanted.optional && path !== ADDON_PACKAGE)) continue;
    if (have[path]?.version !== wanted.version) return `${path} is not ${wanted.version}`;
    if (!existsSync(join(at.root, path, 'package.json'))) return `${path} was removed`;
  }
  return undefined;
}

/** @param {Places} at @returns {string | undefined} */
function missingDependency(at) {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(at.root, 'package.json'), 'utf8'),
  );
  for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies })) {
    const folder = packageFolder(at.root, name);
    if (folder === undefined || packageVersion(folder) !== version) return `${name} is not ${version}`;
  }
  return undefined;
}

/**
 * Installs the packages when some are missing.
 * @param {Places} at
 * @param {import('./say.mjs').Voice} out
 * @returns {Promise<boolean>} whether anything was done
 */
export async function provideModules(at, out) {
  const missing = missingModules(at);
  if (!missing) return false;
  // not `npm ci`: it refuses a lock file without the packages of every foreign platform, and some registries lack those
  out.say(`packages: npm install (${missing})`);
  const finished = await run('npm', ['install', '--no-save', '--ignore-scripts', '--no-fund', '--no-audit'], {
    cwd: dirname(at.modules), // the project, where Nash is a package of one
    onLine: (line) => {
      if (line.trim()) out.progress(`packages: ${line}`);
    },
  });
  if (finished.missing) {
    throw new SetupFailure({
      found: 'npm was not found on the PATH',
      needed: `npm, which comes with Node, to install the packages (${missing})`,
      mend: 'install Node with npm (for Debian: apt-get install npm), or run `npm install` by other means, and run the command again',
    });
  }
  const left = finished.status === 0 ? missingModules(at) : `npm ended with status ${finished.status}`;
  if (left) {
    throw new SetupFailure({
      found: `npm install did not install the packages: ${left}\n    ${firstErrors(finished.stderr)}`,
      mend: 'see whether the npm registry can be reached (`npm ping`) and the disk has 600 MB free, and run the command again',
    });
  }
  return true;
}

/** npm's own words: the cause stands first, advice and the log's path last. @param {string} stderr */
function firstErrors(stderr) {
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('npm error') && line.trim() !== 'npm error');
  return lines.slice(0, 6).join('\n    ') || '(npm said nothing)';
}
