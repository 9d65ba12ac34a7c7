// A stranger's afternoon: a copy of the checkout, the four examples of docs/extending.md laid over it, their tests run, and one
// training with loss, penalty, measure and network of one's own at once.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/nash.js';

const COPIED = [
  'bin',
  'configs',
  'docs',
  'src',
  'tests',
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'vitest.config.ts',
  'dist',
];

it('a loss, a penalty, a measure and a network of one’s own need their entries alone', () => {
  const copy = scratch('checkout');
  for (const name of COPIED) cpSync(name, join(copy, name), { recursive: true, preserveTimestamps: true });
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  const run = (command: string, ...words: string[]) =>
    execFileSync(command, words, { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  for (const name of readdirSync('docs/extending')) run('git', 'apply', join('docs/extending', name));
  run(process.execPath, 'bin/nash', 'setup', '--build-only');
  run(process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', 'quick', 'toy.test.ts');
  const sets = {
    'loss.name': 'least-squares-toy',
    'penalties.discriminator': '[{ name: drift-toy }, { name: r1, weight: 0.1 }]',
    'server.http': '127.0.0.1:0',
  };
  const words = Object.entries(sets).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const stdout = run(
    process.execPath,
    'bin/nash',
    'train',
    'configs/linear-toy.yaml',
    '--run-dir',
    'run',
    '--json',
    ...words,
  );
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  expect(result.status).toBe('done');
  expect(result.metrics.gan_radius_toy_ratio).toBeGreaterThan(0);
});
