// Where everything lies: the checkout, the addon's package, and the cache outside node_modules.
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Places
 * @property {string} root the checkout
 * @property {string} modules its node_modules
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
  const modules = join(root, 'node_modules');
  const addonPackage = join(modules, '@tensorflow/tfjs-node-gpu');
  return {
    root,
    modules,
    dist: join(root, 'dist'),
    addonPackage,
    deps: join(addonPackage, 'deps'),
    addon: join(addonPackage, 'lib/napi-v8/tfjs_binding.node'),
    cache: cacheFolder(env),
  };
}

/**
 * The cache folder of this user, the same for every checkout on the machine.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheFolder(env) {
  if (env.NASH_CACHE) return resolve(env.NASH_CACHE);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nash');
}
