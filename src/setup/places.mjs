// Where everything lies: the checkout or package, the addon's package, and the cache outside node_modules.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Places
 * @property {string} root the checkout, or the package where npm has installed it
 * @property {string} modules its node_modules, or those that it lies in
 * @property {boolean} isInstalled whether it is such a package: built, and without its sources
 * @property {string} dist what the build makes
 * @property {string} addonPackage the tfjs-node-gpu package
 * @property {string} deps the package's link to the library: `lib` and `include`
 * @property {string} addon the compiled addon
 * @property {string} cache NASH_CACHE, else ~/.cache/nash
 */

/**
 * @param {{ root?: string, env?: NodeJS.ProcessEnv }} [given]
 * @returns {Places}
 */
export function places({
  root = resolve(dirname(fileURLToPath(import.meta.url)), '../..'),
  env = process.env,
} = {}) {
  const modules = basename(dirname(root)) === 'node_modules' ? dirname(root) : join(root, 'node_modules');
  const addonPackage =
    packageFolder(root, '@tensorflow/tfjs-node-gpu') ?? join(modules, '@tensorflow/tfjs-node-gpu');
  return {
    root,
    modules,
    isInstalled: !existsSync(join(root, 'package-lock.json')), // which npm never packs
    dist: join(root, 'dist'),
    addonPackage,
    deps: join(addonPackage, 'deps'),
    addon: join(addonPackage, 'lib/napi-v8/tfjs_binding.node'),
    cache: cacheFolder(env),
  };
}

/**
 * Where a package lies that a file of a folder would import.
 * @param {string} root @param {string} name @returns {string | undefined} undefined where it is not there
 */
export function packageFolder(root, name) {
  for (let folder = root; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * The cache folder of this user, the same for every checkout on the machine.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheFolder(env) {
  if (env.NASH_CACHE) return resolve(env.NASH_CACHE);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nash');
}
