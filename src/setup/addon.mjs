// Step 3: the addon, compiled from the package's own unchanged sources, and one that keeps TensorFlow quiet, against the linked library.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, run } from './child.mjs';
import { SetupFailure } from './failure.mjs';
import { makeFolder } from './files.mjs';
import { linkedLibrary } from './library.mjs';
import { packageFolder } from './places.mjs';

/** @typedef {import('./places.mjs').Places} Places */

// N-API 8 is one ABI for every Node from 12.22 on: one binary serves Node 20, 22 and 24 (tried).
const flags = ['-std=c++17', '-DNAPI_VERSION=8', '-fPIC', '-shared', '-O2', '-w'];
const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'];
/** Beside the package's own sources, where the library logs through Abseil. */
const quiet = join(dirname(fileURLToPath(import.meta.url)), 'quiet.cc');
const probe = join(dirname(fileURLToPath(import.meta.url)), 'probe.mjs');

/** What the addon depends on, as one sum. @param {Places} at @param {import('./library.mjs').Linkable} library */
function addonKey(at, library) {
  const hash = createHash('sha256').update(flags.join(' '));
  const bytes = statSync(join(library.lib, library.main)).size;
  hash.update(`${library.origin} ${library.main} ${bytes}`).update(readFileSync(quiet));
  for (const name of readdirSync(join(at.addonPackage, 'binding')).sort()) {
    hash.update(readFileSync(join(at.addonPackage, 'binding', name)));
  }
  return hash.digest('hex');
}

/** @param {Places} at */
const stampOf = (at) => join(dirname(at.addon), 'nash.json');

/** Whether the addon is there and was made from this library. @param {Places} at */
export function hasAddon(at) {
  const library = linkedLibrary(at);
  if (!library || !existsSync(at.addon) || !existsSync(stampOf(at))) return false;
  return JSON.parse(readFileSync(stampOf(at), 'utf8')).key === addonKey(at, library);
}

/**
 * @typedef {object} Probed what TensorFlow says of itself in a process of its own
 * @property {string} [tensorflow]
 * @property {boolean} [gpu] whether tfjs uses a GPU device
 * @property {string[]} [devices]
 * @property {string} [problem] why it could not be loaded
 */

/**
 * Loads the addon in a child process, so that a crash is only the child's.
 * @param {Places} at @param {string} [addon] another file than the package's own
 * @returns {Promise<Probed>}
 */
export async function probeAddon(at, addon) {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const finished = await run(process.execPath, [probe, at.root, ...(addon ? [addon] : [])], {
    env,
    timeoutMs: 120_000,
  });
  const line = finished.stdout.trim().split('\n').at(-1) ?? '';
  if (finished.status === 0 && line.startsWith('{')) return JSON.parse(line);
  return { problem: `status ${finished.status}: ${lastLines(finished, 4)}` };
}

/**
 * Compiles the addon when it is missing or was made from another library.
 * @param {Places} at @param {import('./say.mjs').Voice} out
 * @returns {Promise<boolean>} whether anything was done
 */
export async function provideAddon(at, out) {
  if (hasAddon(at)) return false;
  const library = linkedLibrary(at);
  if (!library) throw new Error(`no library is linked in ${at.deps}`);
  const compiler = process.env.CXX || 'g++';
  out.say(`addon: compiling with ${compiler}, about ten seconds`);
  makeFolder(dirname(at.addon));
  const aside = `${at.addon}.${process.pid}.node`;
  try {
    await compile(at, library, compiler, aside);
    const probed = await probeAddon(at, aside);
    if (probed.problem) throw unloadable(probed.problem, library);
    renameSync(aside, at.addon);
    writeFileSync(stampOf(at), JSON.stringify({ key: addonKey(at, library), tensorflow: probed.tensorflow }));
    out.say(`addon: ready, TensorFlow ${probed.tensorflow}`);
  } finally {
    rmSync(aside, { force: true });
  }
  return true;
}

/** @param {string} problem @param {import('./library.mjs').Linkable} library */
function unloadable(problem, library) {
  return new SetupFailure({
    found: `the addon was compiled but cannot be loaded with the library in ${library.lib}: ${problem}`,
    needed: 'a processor with AVX and glibc 2.27 or later for TensorFlow 2.21',
    mend: 'if the message names a missing library install it; otherwise try `nash setup --library 2.9.1`, or NASH_LIBTENSORFLOW=DIR with a library built for this machine',
  });
}

/**
 * absl::MinLogLevel as the library exports it: its name holds Abseil's version.
 * @param {string} file of a library @returns {string | undefined} undefined where it logs by other means
 */
function minLogLevelIn(file) {
  return /_ZN4absl\d+lts_\d+11MinLogLevelEv/.exec(readFileSync(file, 'latin1'))?.[0];
}

/** @param {Places} at @param {import('./library.mjs').Linkable} library @param {string} compiler @param {string} output */
async function compile(at, library, compiler, output) {
  const headers = join(/** @type {string} */ (packageFolder(at.root, 'node-api-headers')), 'include');
  const args = [
    ...flags,
    `-I${headers}`,
    `-I${at.addonPackage}`,
    `-I${dirname(at.addonPackage)}`,
    `-I${join(at.deps, 'include')}`,
  ];
  args.push(...sources.map((name) => join(at.addonPackage, 'binding', name)), '-o', output);
  const minLogLevel = minLogLevelIn(join(at.deps, 'lib/libtensorflow_framework.so.2'));
  if (minLogLevel) args.push(quiet, `-DMIN_LOG_LEVEL=${minLogLevel}`);
  args.push(
    join(at.deps, 'lib', library.main),
    join(at.deps, 'lib/libtensorflow_framework.so.2'),
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  );
  const finished = await run(compiler, args);
  if (finished.missing) {
    throw new SetupFailure({
      found: `${compiler} was not found on the PATH`,
      needed: 'a C++17 compiler, once, to build the TensorFlow addon',
      mend: 'install it (for Debian: apt-get install g++), or name one with CXX=clang++',
    });
  }
  if (finished.status !== 0) {
    throw new SetupFailure({
      found: `${compiler} could not compile the addon\n    ${lastLines(finished)}`,
      needed: 'g++ 9 or later (C++17) with its standard headers and libraries',
      mend: 'install it (for Debian: apt-get install g++), or name another compiler with CXX',
    });
  }
}
