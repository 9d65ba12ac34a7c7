// Goal: each failure is cured by one line, and the page that tells of them names every config. Method: the files, line by line.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configFile } from '../../../src/cli/run-arguments.js';
import { loadConfig } from '../../../src/config/load-config.js';

const page = readFileSync('docs/failures-and-cures.md', 'utf8');
/** In the page's shell blocks the failure is trained first, then its cure. */
const pairs = [...page.matchAll(/^npx nash train failures\/([\w-]+)\nnpx nash train cures\/([\w-]+)$/gm)].map(
  ([, failure, cure]) => [failure!, cure!] as const,
);
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'));

it('the page has all of them', () => {
  const named = (folder: string) => readdirSync(`configs/${folder}`).map((file) => file.replace('.yaml', ''));
  expect([...new Set(pairs.map(([failure]) => failure))].sort()).toEqual(named('failures').sort());
  expect(pairs.map(([, cure]) => cure).sort()).toEqual(named('cures').sort());
});

it('a config in a folder is named with it', () => {
  expect(configFile('failures/collapse')).toMatch(/\/configs\/failures\/collapse\.yaml$/);
  expect(configFile('failures/none')).toBe('failures/none');
});

it.each(pairs)('%s becomes %s by one line', (failure, cure) => {
  const [before, after] = [`configs/failures/${failure}.yaml`, `configs/cures/${cure}.yaml`];
  expect(loadConfig(before)).not.toEqual(loadConfig(after));
  const [one, other] = [linesOf(before), linesOf(after)];
  expect(other.length).toBe(one.length);
  expect(one.filter((line, i) => line !== other[i])).toHaveLength(1);
});

it('every config has a row in the table of experiments', () => {
  const table = readFileSync('docs/reproductions.md', 'utf8');
  const all = readdirSync('configs', { recursive: true }) as string[];
  const configs = all.filter((file) => file.endsWith('.yaml')).map((file) => file.replace('.yaml', ''));
  expect(configs.filter((config) => !table.includes(`\`${config}\``))).toEqual([]);
});
