// `nash setup`: four steps, each done only where something is missing. Knows what to do, not how.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasAddon, provideAddon } from './addon.mjs';
import { isBuilt, provideBuild } from './build.mjs';
import { EXIT, SetupFailure, usage } from './failure.mjs';
import { inspectLibrary, isLinked, provideLibrary, wantedLibrary } from './library.mjs';
import { withLock } from './lock.mjs';
import { missingModules, provideModules } from './modules.mjs';
import { places } from './places.mjs';
import { voice } from './say.mjs';

const help = `Usage: nash setup [options]

Installs what is missing on this machine: the packages, the TensorFlow library (about 270 MB to download,
3 GB with CUDA), the addon that joins the two, and the build. What is there already is left alone.

Options:
  --library VERSION   2.21 (default) or 2.9.1, the one that tfjs-node itself asks for
  --cpu, --gpu        the library for that device; default: gpu when NVIDIA's driver is found
  --build-only        only compile the sources
  --quiet             say nothing but errors
  -h, --help          this text

Environment:
  NASH_CACHE=DIR          where the library is kept (default ~/.cache/nash)
  NASH_LIBTENSORFLOW=DIR  a TensorFlow library that you have: a Python package's folder or an unpacked C library
  NASH_PYTHON, CXX        another Python or C++ compiler than python3 and g++

Example:
  npx nash setup --cpu
`;

/**
 * @typedef {object} SetupOptions
 * @property {import('./library.mjs').Choice} choice
 * @property {boolean} buildOnly
 * @property {boolean} quiet
 * @property {boolean} help
 */

/**
 * @param {readonly string[]} args
 * @returns {SetupOptions}
 * @throws {SetupFailure} with exit status 2
 */
export function parseSetup(args) {
  const options = /** @type {const} */ ({
    library: { type: 'string' },
    cpu: { type: 'boolean' },
    gpu: { type: 'boolean' },
    'build-only': { type: 'boolean' },
    quiet: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options, allowPositionals: false }));
  } catch (error) {
    throw usage(`nash setup: ${error instanceof Error ? error.message : error}`, 'setup');
  }
  const { library } = values;
  if (library !== undefined && library !== '2.21' && library !== '2.9.1') {
    throw usage(`nash setup: --library ${library} is not known; 2.21 and 2.9.1 are`, 'setup');
  }
  if (values.cpu && values.gpu) throw usage('nash setup: --cpu and --gpu cannot both be', 'setup');
  const device = values.cpu ? 'cpu' : values.gpu ? 'gpu' : undefined;
  return {
    choice: { version: library, device },
    buildOnly: values['build-only'] ?? false,
    quiet: values.quiet ?? false,
    help: values.help ?? false,
  };
}

/**
 * What is missing, by the name of its step; empty when everything is in place. Reads only.
 * @param {import('./places.mjs').Places} at @param {import('./library.mjs').Choice} [choice]
 * @returns {string[]}
 */
export function missingSteps(at, choice = {}, env = process.env) {
  if (missingModules(at)) return ['packages', 'library', 'addon', 'build'];
  const missing = [];
  const wanted = wantedLibrary(at, choice, env);
  const folder =
    'own' in wanted
      ? wanted.own
      : 'library' in wanted
        ? join(at.cache, 'libtensorflow', wanted.library.id)
        : undefined;
  if (folder !== undefined && !isLinked(at, inspectLibrary(folder))) missing.push('library');
  if (!hasAddon(at)) missing.push('addon');
  if (!isBuilt(at)) missing.push('build');
  return missing;
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit status
 */
export async function runSetup(args) {
  const options = parseSetup(args);
  if (options.help) {
    process.stdout.write(help);
    return EXIT.done;
  }
  checkNode();
  const at = places();
  const out = voice({ quiet: options.quiet });
  const missing = options.buildOnly ? ['build'] : missingSteps(at, options.choice);
  if (missing.length === 0) {
    out.say('nash setup: everything is in place');
    return EXIT.done;
  }
  const started = Date.now();
  const wait = (/** @type {number} */ pid) =>
    out.say(`nash setup: process ${pid} is setting this checkout up, waiting`);
  await withLock(join(at.dist, '.setup.lock'), wait, async () => {
    if (!options.buildOnly) {
      await provideModules(at, out);
      await provideLibrary(at, options.choice, out);
      await provideAddon(at, out);
    } else if (!at.isInstalled && !existsSync(join(at.modules, 'typescript'))) {
      throw new SetupFailure({ found: 'the packages are not installed', mend: 'run `npx nash setup`' });
    }
    await provideBuild(at, out);
  });
  out.say(`nash setup: done in ${Math.round((Date.now() - started) / 1000)} s`);
  return EXIT.done;
}

/** tfjs-node and zeromq need N-API 8, and vitest and commander Node 20. */
function checkNode() {
  if (Number.parseInt(process.versions.node, 10) >= 20) return;
  throw new SetupFailure({
    found: `this is Node ${process.versions.node}`,
    needed: 'Node 20, 22 or 24',
    mend: 'install one of them (for instance with nvm) and run the command again',
  });
}
