// A stand-in for a fresh checkout: a folder of its own, with its own PATH and cache, in which set-up can fail safely.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../..');

const made: string[] = [];
process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** The files that set-up itself is made of, copied to a folder without packages. */
export function emptyCheckout(): string {
  const root = mkdtempSync(join(tmpdir(), 'nash-setup-'));
  made.push(root);
  for (const path of ['bin', 'src/setup', 'package.json', 'tsconfig.json', 'package-lock.json']) {
    cpSync(join(repository, path), join(root, path), { recursive: true });
  }
  return root;
}

/** The same with the packages in place: links to the repository's, except for the one that set-up writes to. */
export function checkoutWithPackages(): string {
  const root = emptyCheckout();
  const modules = join(root, 'node_modules');
  mkdirSync(modules);
  const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8'));
  const tops = Object.keys(lock.packages)
    .filter((path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path))
    .map((path) => path.slice('node_modules/'.length));
  for (const name of tops) {
    const target = join(modules, name);
    mkdirSync(join(target, '..'), { recursive: true });
    if (name !== '@tensorflow/tfjs-node-gpu') symlinkSync(join(repository, 'node_modules', name), target);
  }
  const addonPackage = 'node_modules/@tensorflow/tfjs-node-gpu';
  for (const part of ['binding', 'package.json', 'node_modules', 'dist']) {
    cpSync(join(repository, addonPackage, part), join(root, addonPackage, part), { recursive: true });
  }
  cpSync(join(repository, 'node_modules/.package-lock.json'), join(modules, '.package-lock.json'));
  return root;
}

/** A folder that holds only the named programs, each a link or a shell script. */
export function pathWith(programs: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nash-path-'));
  made.push(folder);
  symlinkSync(process.execPath, join(folder, 'node'));
  for (const [name, body] of Object.entries(programs)) {
    if (body.startsWith('/')) {
      symlinkSync(body, join(folder, name));
    } else {
      writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(folder, name), 0o755);
    }
  }
  return folder;
}

/** A python3 that answers as a real one does, and whose `pip download` runs `download` (a shell script). */
export function fakePython(download: string): string {
  return `case "$*" in
*sys.version_info*) echo 3.11.0 ;;
*"pip --version"*) echo "pip 23.2.1 from there (python 3.11)" ;;
*"pip download"*) ${download} ;;
*) exec ${realPython} "$@" ;;
esac`;
}

const realPython = spawnSync('sh', ['-c', 'command -v python3'], { encoding: 'utf8' }).stdout.trim();

/** Runs `bin/nash` of a checkout to its end. */
export function nash(root: string, args: string[], env: Record<string, string> = {}) {
  const { NASH_LIBTENSORFLOW: _own, CXX: _compiler, NASH_PYTHON: _python, ...inherited } = process.env;
  const clean = { ...inherited, NASH_CACHE: join(root, 'cache'), ...env };
  return spawnSync(process.execPath, [join(root, 'bin/nash'), ...args], {
    encoding: 'utf8',
    env: clean,
  });
}
