// Step 2: the TensorFlow library, in the cache and linked into the addon's package.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { provideArchive } from './download.mjs';
import { explainFileError, SetupFailure } from './failure.mjs';
import { makeFolder } from './files.mjs';
import { withLock } from './lock.mjs';
import { hasGpu } from './machine.mjs';
import { metadataOf, requirePython, unpack } from './python.mjs';
import { megabytes } from './say.mjs';
import { cudaWheelsOf, LIBRARIES } from './wheels.mjs';

/** @typedef {import('./places.mjs').Places} Places */
/** @typedef {import('./say.mjs').Voice} Voice */
/** @typedef {{ version?: '2.21' | '2.9.1' | undefined, device?: 'cpu' | 'gpu' | undefined }} Choice */
/** @typedef {{ lib: string, include: string, main: string, origin: string, version?: string, device?: string }} Linkable */

const mainNames = ['libtensorflow_cc.so.2', 'libtensorflow.so.2'];
const header = 'tensorflow/c/eager/c_api.h';

/**
 * The parts of a library folder, or undefined when some are missing or were cut short.
 * @param {string} folder holds the libraries itself (as a Python package does) or in `lib`
 * @returns {Linkable | undefined}
 */
export function inspectLibrary(folder) {
  for (const [lib, include] of [
    [join(folder, 'lib'), join(folder, 'include')],
    [folder, join(folder, 'include')],
    [folder, join(folder, '../include')],
  ]) {
    if (!lib || !include) continue;
    const main = mainNames.find((name) => existsSync(join(lib, name)));
    if (!main || !existsSync(join(lib, 'libtensorflow_framework.so.2')) || !existsSync(join(include, header)))
      continue;
    const origin = readOrigin(folder) ?? readOrigin(dirname(folder));
    if (
      origin &&
      Object.entries(origin.bytes).some(
        ([name, size]) => statSync(join(lib, name), { throwIfNoEntry: false })?.size !== size,
      )
    )
      continue;
    return {
      lib,
      include,
      main,
      origin: origin ? `${origin.id} in the cache` : folder,
      ...(origin && { version: origin.version, device: origin.device }),
    };
  }
  return undefined;
}

/** @param {string} folder @returns {{ id: string, version: string, device: string, bytes: Record<string, number> } | undefined} */
function readOrigin(folder) {
  const path = join(folder, 'origin.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** The library that is linked into the package, undefined when there is none that serves. @param {Places} at */
export function linkedLibrary(at) {
  if (!existsSync(join(at.deps, 'lib')) || !existsSync(join(at.deps, 'include'))) return undefined;
  const lib = realpathSync(join(at.deps, 'lib'));
  return inspectLibrary(dirname(lib)) ?? inspectLibrary(lib);
}

/** Whether this very library is the linked one. @param {Places} at @param {Linkable | undefined} library */
export function isLinked(at, library) {
  const here = join(at.deps, 'lib');
  return library !== undefined && existsSync(here) && realpathSync(here) === realpathSync(library.lib);
}

/**
 * Which library this run wants: NASH_LIBTENSORFLOW, then what was asked for, then the one that is linked, then the default for this machine.
 * @param {Places} at @param {Choice} choice @param {NodeJS.ProcessEnv} env
 * @returns {{ own: string } | { library: import('./wheels.mjs').Library } | { linked: Linkable }}
 */
export function wantedLibrary(at, choice, env) {
  if (env.NASH_LIBTENSORFLOW) return { own: resolve(env.NASH_LIBTENSORFLOW) };
  const linked = linkedLibrary(at);
  if (!choice.version && !choice.device && linked) return { linked };
  const device = choice.device ?? (hasGpu() ? 'gpu' : 'cpu');
  const version = choice.version === '2.9.1' ? '2.9.1' : '2.21.0';
  const library = LIBRARIES.find((known) => known.device === device && known.version === version);
  if (!library) throw new Error(`no library ${version} for ${device}`);
  return { library };
}

/**
 * Provides the library and links it.
 * @param {Places} at @param {Choice} choice @param {Voice} out
 * @returns {Promise<boolean>} whether anything was done
 */
export async function provideLibrary(at, choice, out, env = process.env) {
  const wanted = wantedLibrary(at, choice, env);
  if ('linked' in wanted) return false;
  if ('own' in wanted) return link(at, ownLibrary(wanted.own), out);
  const folder = join(at.cache, 'libtensorflow', wanted.library.id);
  const found = inspectLibrary(folder);
  return link(at, found ?? (await fill(at, wanted.library, folder, out)), out);
}

/** @param {string} folder */
function ownLibrary(folder) {
  const found = inspectLibrary(folder);
  if (found) return found;
  const holds = existsSync(folder)
    ? `holds ${readdirSync(folder).slice(0, 8).join(', ') || 'nothing'}`
    : 'does not exist';
  throw new SetupFailure({
    found: `NASH_LIBTENSORFLOW=${folder} ${holds}`,
    needed: `libtensorflow_cc.so.2 or libtensorflow.so.2, and libtensorflow_framework.so.2, there or in lib/, and include/${header}`,
    mend: 'name the folder of a Python tensorflow package or of an unpacked C library, or unset it to have one downloaded',
  });
}

/**
 * Downloads and unpacks a library into the cache: aside, then renamed, so that a half-unpacked one is never used.
 * @param {Places} at @param {import('./wheels.mjs').Library} library @param {string} folder @param {Voice} out
 * @returns {Promise<Linkable>}
 */
async function fill(at, library, folder, out) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupFailure({
      found: `this machine is ${process.platform} ${process.arch}`,
      needed: 'Linux on x86-64, for which TensorFlow publishes the library that Nash takes',
      mend: 'name a library of your own with NASH_LIBTENSORFLOW=DIR',
    });
  }
  const python = await requirePython();
  const wait = (/** @type {number} */ pid) => out.say(`library: process ${pid} is providing it, waiting`);
  return withLock(join(at.cache, 'setup.lock'), wait, async () => {
    const ready = inspectLibrary(folder);
    if (ready) return ready;
    const downloads = join(at.cache, 'downloads');
    // of this process alone: what unpacked for a killed set-up may still be writing to its own
    const aside = `${folder}.partial-${process.pid}`;
    try {
      checkDisk(at.cache, library);
      removePartial(dirname(folder));
      makeFolder(aside);
      makeFolder(downloads);
      const paths = [];
      for (const archive of library.archives) {
        const path = await provideArchive({ archive, folder: downloads, python, out });
        if (archive.file.startsWith('tensorflow-')) await checkExtra(python, path);
        paths.push(path);
        await unpack(python, { archive: path, into: aside, keep: archive.keep }, (file) =>
          out.progress(`library: unpacking ${file}`),
        );
      }
      writeOrigin(aside, library);
      removeAll(folder); // a damaged one
      renameSync(aside, folder);
      for (const path of paths) removeAll(path);
    } catch (error) {
      removeAll(aside);
      throw explainFileError(error, at.cache);
    }
    const made = inspectLibrary(folder);
    if (!made) throw new Error(`${library.id} was unpacked without its parts`);
    out.say(`library: TensorFlow ${library.version} for ${library.device} is in ${folder}`);
    return made;
  });
}

/** @param {string} path */
const removeAll = (path) => rmSync(path, { recursive: true, force: true });

/** What killed set-ups left; the caller holds the lock. @param {string} folder */
function removePartial(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((entry) => entry.includes('.partial-')))
    removeAll(join(folder, name));
}

/** @param {string} cache @param {import('./wheels.mjs').Library} library */
function checkDisk(cache, library) {
  makeFolder(cache);
  const disk = statfsSync(cache);
  const free = disk.bavail * disk.bsize;
  if (free >= library.diskBytes) return;
  throw new SetupFailure({
    found: `${megabytes(free)} are free on the disk that holds ${cache}`,
    needed: `${megabytes(library.diskBytes)} to download and unpack TensorFlow ${library.version} for ${library.device}`,
    mend: 'free some space, or set NASH_CACHE to a folder on a larger disk',
  });
}

/** The wheel names its CUDA wheels itself; each must be pinned. @param {string} python @param {string} wheel */
async function checkExtra(python, wheel) {
  const { unknown } = cudaWheelsOf(await metadataOf(python, wheel));
  if (unknown.length > 0)
    throw new Error(
      `the tensorflow wheel asks for ${unknown.join(', ')}, which src/setup/wheels.mjs does not pin`,
    );
}

/** @param {string} folder @param {import('./wheels.mjs').Library} library */
function writeOrigin(folder, library) {
  const names = readdirSync(join(folder, 'lib')).filter((name) => name.endsWith('.so.2'));
  const bytes = Object.fromEntries(names.map((name) => [name, statSync(join(folder, 'lib', name)).size]));
  const { id, version, device } = library;
  writeFileSync(join(folder, 'origin.json'), JSON.stringify({ id, version, device, bytes }, null, 2));
}

/**
 * Links a library into the package: `deps/lib` and `deps/include`. The folders are linked, not the files, since the libraries look for
 * CUDA at `$ORIGIN/../nvidia`, which the kernel then resolves beside the library itself.
 * @param {Places} at @param {Linkable} library @param {Voice} out
 * @returns {boolean} whether anything changed
 */
function link(at, library, out) {
  if (isLinked(at, library)) return false;
  const aside = `${at.deps}.${process.pid}`;
  const old = `${at.deps}.old.${process.pid}`;
  removeAll(aside);
  mkdirSync(aside);
  symlinkSync(library.lib, join(aside, 'lib'));
  symlinkSync(library.include, join(aside, 'include'));
  if (existsSync(at.deps)) renameSync(at.deps, old);
  renameSync(aside, at.deps);
  removeAll(old);
  out.say(`library: linked ${library.origin}`);
  return true;
}
