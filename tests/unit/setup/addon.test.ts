// Goal: the addon is made from the library that is linked, once, and a machine without a compiler is told so.
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
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

it('a library of the user is linked and the addon is compiled against it, once', () => {
  const first = nash(root, ['setup'], own);
  expect(first.stderr).toMatch(/addon: ready, TensorFlow \d/); // the build then stops: this checkout has no sources
  const made = statSync(addonOf(root)).mtimeMs;
  const started = performance.now();
  const second = nash(root, ['setup'], own);
  expect(second.stderr).not.toMatch(/addon/);
  expect(statSync(addonOf(root)).mtimeMs).toBe(made);
  expect(performance.now() - started).toBeLessThan(20_000);
}, 120_000);
