// Goal: the reference of configs says what Nash does. Method: the committed page and schema are those that the code makes now, and another
// implementation of JSON Schema judges the packaged configs, the page's examples and the configs that Nash refuses.
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseBounded } from '../../../src/config/bounded-yaml.js';
import { changeOf } from '../../../src/config/decisive.js';
import { amendedConfig, validateConfig } from '../../../src/config/load-config.js';
import { configSchema, schemaText, withKeyTables } from '../../../src/config/reference.js';
import { examplesIn } from '../../support/commands.js';
import { RING, WRONG } from './wrong-configs.js';

const PAGE = 'docs/config.md';
const page = readFileSync(PAGE, 'utf8');
const accepts = new Ajv2020({ strict: false }).compile(configSchema());

it('docs/config.md and configs/schema.json are what the schema says', () => {
  expect(page, 'run: node docs/tables.mjs').toBe(withKeyTables(page));
  expect(readFileSync('configs/schema.json', 'utf8')).toBe(schemaText());
});

it('every key has a row with its range, its default and whether it may change', () => {
  expect(page).toContain('| `minibatch.shards` | whole number from 1 to 1024 | `4` | yes | no |');
  expect(page).toContain('| `penalties.discriminator[].bound` | number above 0 | `0.01` | yes | `--amend` |');
  expect(page).toContain('| `data.path` | text | `data/mnist` | no | freely |');
  expect(page).toMatch(/\| `optimizer.NET.schedule.steps` \|.*with `name: linear`/);
  expect(changeOf('checkpoint.keep')).toEqual({
    decides: 'only where onCollapse is rollback',
    mayChange: 'freely; where onCollapse is rollback with `--amend`',
  });
});

const files = readdirSync('configs').filter((name) => name.endsWith('.yaml'));
describe('the JSON Schema', () => {
  it.each(files)('accepts configs/%s, which names it', (name) => {
    const text = readFileSync(`configs/${name}`, 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=schema.json');
    expect([accepts(parse(text)), accepts.errors]).toEqual([true, null]);
  });

  it.each(examplesIn(PAGE))('accepts an example of the page, as Nash does: %s', (text) => {
    expect([accepts(parse(text)), accepts.errors]).toEqual([true, null]);
    validateConfig(parse(text), PAGE);
  });

  /** What keys ask of each other no JSON Schema says. */
  const BEYOND =
    /shards that do not divide|group that does not divide|classifier that D is not|rise to its minimum|^the best by|measure|looking ahead in turns|weights that lookahead moves/;
  const trees = WRONG.flatMap(([what, text, sets]) => {
    try {
      const tree = assigned(parseBounded(text) as Record<string, unknown>, sets);
      return [[what, { tree }] as const];
    } catch {
      return []; // no YAML, no tree, or no assignment: it never comes to a schema
    }
  }).filter(([what]) => !BEYOND.test(what));

  it.each(trees)('refuses %s, as Nash does', (_, { tree }) => {
    expect(accepts(tree)).toBe(false);
  });

  it('has judged most of what is refused', () => expect(trees.length).toBeGreaterThan(25));

  it('takes a choice by its default without its name, and no other', () => {
    const adam = parse(`${RING}optimizer: { generator: { beta1: 0.9 } }`);
    expect([
      accepts(adam),
      amendedConfig(validateConfig(adam, 'a'), [], '--set').optimizer.generator.name,
    ]).toEqual([true, 'adam']);
    expect(accepts(parse(`${RING}optimizer: { generator: { momentum: 0.9 } }`))).toBe(false);
  });
});

/** Settings laid over a tree, as far as a test needs it. */
function assigned(tree: Record<string, unknown>, sets: readonly string[]): unknown {
  for (const set of sets) {
    const at = set.indexOf('=');
    const keys = set.slice(0, at).split('.');
    if (keys.includes('__proto__')) throw new Error('that is every object');
    let branch = tree;
    for (const key of keys.slice(0, -1)) {
      branch[key] ??= {};
      branch = branch[key] as Record<string, unknown>;
    }
    branch[keys.at(-1)!] = parseBounded(set.slice(at + 1));
  }
  return tree;
}
