// Goal: the addon is made from the library that is linked, and the build from the sources, once; what changes is told by content, so that
// a copied checkout is set up. A machine without a compiler is told so.
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isBuilt } from '../../src/setup/build.mjs';
import { places } from '../../src/setup/places.mjs';
import { checkoutWithPackages, nash, pathWith, repository } from './checkout.js';

const addonOf = (root: string) =>
  join(root, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node');

let root: string;
let own: Record<string, string>;
beforeAll(() => {
  root = checkoutWithPackages();
  const lib = realpathSync(join(repository, 'node_modules/@tensorflow/tfjs-node-gpu/deps/lib'));
  own = { NASH_LIBTENSORFLOW: join(lib, '..') };
});

it('without a compiler set-up says which to install', () => {
  const result = nash(root, ['setup'], { ...own, PATH: pathWith({}) });
  expect(result.stderr).toMatch(/g\+\+ was not found[\s\S]*apt-get install g\+\+/);
  expect(result.status).toBe(3);
});

it('a compiler that fails leaves no addon', () => {
  const result = nash(root, ['setup'], {
    ...own,
    PATH: pathWith({ 'g++': 'echo "fatal error: cstdint: No such file" >&2; exit 1' }),
  });
  expect(result.stderr).toMatch(/could not compile the addon\n\s+fatal error: cstdint/);
  expect(result.status).toBe(3);
  expect(existsSync(addonOf(root))).toBe(false);
});

describe('a checkout that was set up with a library of the user', () => {
  const source = () => join(root, 'src/setup/only.ts');
  const again = (checkout: string) => nash(checkout, ['setup'], own).stderr;
  beforeAll(() => {
    writeFileSync(source(), 'export const answer: number = 42;\n');
    expect(again(root)).toMatch(/addon: ready, TensorFlow \d[\s\S]*build: TypeScript\nnash setup: done/);
  }, 600_000); // a compiler takes its time

  it('is left alone, whatever times its files have, and so is a copy of it', () => {
    const made = statSync(addonOf(root)).mtimeMs;
    utimesSync(source(), 1, 1);
    utimesSync(join(root, 'tsconfig.json'), 1, 1);
    expect(again(root)).toBe('nash setup: everything is in place\n');
    expect(statSync(addonOf(root)).mtimeMs).toBe(made);
    const copy = join(mkdtempSync(join(tmpdir(), 'nash-setup-')), 'copy');
    cpSync(root, copy, { recursive: true, verbatimSymlinks: true }); // as `cp -r` does: new times
    expect(again(copy)).toBe('nash setup: everything is in place\n');
    rmSync(copy, { recursive: true });
  });

  it.each<[string, () => void]>([
    ['a source', () => writeFileSync(source(), 'export const answer: number = 43;\n')],
    ['a source by its name alone', () => renameSync(source(), join(root, 'src/setup/other.ts'))],
    ['tsconfig.json', () => appendFileSync(join(root, 'tsconfig.json'), '\n')],
  ])('builds anew when %s has changed, and no more', (_, change) => {
    change();
    expect(again(root)).toMatch(/^build: TypeScript\nnash setup: done/);
    expect(again(root)).toBe('nash setup: everything is in place\n');
  });

  it('is not built when the compiler is of another version', () => {
    const at = places({ root });
    expect(isBuilt(at)).toBe(true);
    const typescript = join(at.modules, 'typescript');
    rmSync(typescript); // a link to the repository's
    mkdirSync(typescript);
    writeFileSync(join(typescript, 'package.json'), '{"version": "1.0.0"}');
    expect(isBuilt(at)).toBe(false);
  });
});
