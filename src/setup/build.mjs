// Step 4: TypeScript to dist/, and AssemblyScript kernels to WebAssembly, when a source has changed. What changed is told by content: a
// copy of a built checkout is built, whatever times its files have.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines, run } from './child.mjs';
import { EXIT, SetupFailure } from './failure.mjs';
import { makeFolder } from './files.mjs';
import { packageVersion } from './versions.mjs';

/** @typedef {import('./places.mjs').Places} Places */

/** Paths of all files below a folder, sorted, relative to it. @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}

/** @param {Places} at */
const stampOf = (at) => join(at.dist, '.nash-build.json');

const compilers = ['typescript', 'assemblyscript'];

/** One sum over all that the build depends on: what it reads, and with which compilers. @param {Places} at */
function sourcesKey(at) {
  const hash = createHash('sha256');
  for (const name of compilers) hash.update(`${name} ${packageVersion(join(at.modules, name))}\n`);
  const sources = filesBelow(join(at.root, 'src')).filter((path) => /\.m?ts$|asconfig\.json$/.test(path));
  // the lock file: the build reads the types of what is installed
  for (const path of [...sources.map((name) => join('src', name)), 'tsconfig.json', 'package-lock.json']) {
    const contents = readFileSync(join(at.root, path));
    hash.update(`${path} ${contents.length}\n`).update(contents);
  }
  return hash.digest('hex');
}

/** Whether dist/ was made from the sources as they are. @param {Places} at */
export function isBuilt(at) {
  if (at.isInstalled) return existsSync(join(at.dist, 'cli/main.js')); // as it was packed
  return existsSync(stampOf(at)) && JSON.parse(readFileSync(stampOf(at), 'utf8')).key === sourcesKey(at);
}

/**
 * Builds dist/ when a source has changed.
 * @param {Places} at @param {import('./say.mjs').Voice} out
 * @returns {Promise<boolean>} whether anything was done
 */
export async function provideBuild(at, out) {
  if (isBuilt(at)) return false;
  const key = sourcesKey(at); // taken first: what is edited during the build makes the next one
  rmSync(stampOf(at), { force: true });
  out.say('build: TypeScript');
  await tool(at, 'typescript/bin/tsc', ['-p', at.root]);
  for (const path of filesBelow(join(at.root, 'src')).filter((name) => name.endsWith('.as.ts'))) {
    out.say(`build: AssemblyScript src/${path}`);
    await assemble(at, path);
  }
  removeOrphans(at);
  makeFolder(at.dist);
  writeFileSync(stampOf(at), JSON.stringify({ key }));
  return true;
}

/** @param {Places} at @param {string} path of an AssemblyScript source, relative to src */
async function assemble(at, path) {
  const output = join(at.dist, path.replace(/\.as\.ts$/, '.wasm'));
  const config = join(at.root, 'src', dirname(path), 'asconfig.json');
  makeFolder(dirname(output));
  const options = existsSync(config) ? ['--config', config] : ['--optimize'];
  await tool(at, 'assemblyscript/bin/asc.js', [join('src', path), '--outFile', output, ...options]);
}

/** @param {Places} at @param {string} program in node_modules @param {string[]} args */
async function tool(at, program, args) {
  const finished = await run(process.execPath, [join(at.modules, program), ...args], { cwd: at.root });
  if (finished.status === 0) return;
  throw new SetupFailure({
    found: `${program.split('/')[0]} found errors in the sources\n    ${lastLines({ ...finished, stderr: finished.stderr + finished.stdout }, 20)}`,
    mend: 'mend the sources, or take a commit that builds',
    exitCode: EXIT.failed,
  });
}

/** Removes outputs whose source is gone, which would be imported and tested for ever. @param {Places} at */
function removeOrphans(at) {
  for (const path of filesBelow(at.dist)) {
    const source = /^(.*)\.(js|js\.map|d\.ts)$/.exec(path)?.[1];
    if (source !== undefined && !existsSync(join(at.root, 'src', `${source}.ts`)))
      rmSync(join(at.dist, path));
  }
}
