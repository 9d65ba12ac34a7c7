// From a YAML file and `--set a.b=c` to a validated, frozen run config.
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, NashError } from '../errors.js';
import { parseBounded, parseOrText, YAML_BYTES_MAX } from './bounded-yaml.js';
import { explain } from './explain.js';
import { fromHere, withModulesFrom, withModulesNamed } from './module-references.js';
import { withNewNames } from './renamed.js';
import { type RunConfig, runConfig } from './run-config.js';

/** Levels of a key: no config is deeper. */
const KEYS_MAX = 16;

type Tree = Record<string, unknown>;

/**
 * Reads a config file and lays the assignments over it, in whatever order they come.
 * @param assignments `a.b=value`, the value in YAML
 * @throws NashError('usage') naming file, key, what was found and what was expected
 */
export function loadConfig(file: string, assignments: readonly string[] = []): RunConfig {
  const tree = withModulesFrom(readYaml(file, 'config', 'configs/ring.yaml'), dirname(file));
  assignAll(tree, assignments, '--set');
  return validateConfig(tree, file);
}

/**
 * Another config: this one with settings laid over it, in whatever order they come.
 * @param option what they were given with, for messages
 * @throws NashError('usage')
 */
export function amendedConfig(config: RunConfig, assignments: readonly string[], option: string): RunConfig {
  const tree = structuredClone(config) as Tree;
  assignAll(tree, assignments, option);
  return validateConfig(tree, option);
}

/**
 * Assignments of several starts together: of those to one key the last.
 * @throws NashError('usage')
 */
export const mergedAssignments = (texts: readonly string[]): string[] =>
  [...byKey(texts, '--set').values()].map(({ text }) => text);

/** Validates a config that came as data: from a run folder or from the server. */
export function validateConfig(given: unknown, origin: string): RunConfig {
  const tree = withNewNames(withModulesNamed(given));
  const parsed = runConfig.safeParse(tree);
  if (parsed.success) return deepFreeze(parsed.data);
  throw new NashError('usage', `${origin}: ${explain(parsed.error, tree)}`);
}

/**
 * A YAML file that holds a mapping.
 * @param what what the file is to a person, for the message
 * @throws NashError('usage')
 */
export function readYaml(file: string, what: string, example: string): Tree {
  let text: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile() && !stat.isFIFO()) throw new Error('it is no file');
    if (stat.size > YAML_BYTES_MAX) throw new Error(`it is longer than ${YAML_BYTES_MAX} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new NashError(
      'usage',
      `the ${what} ${file} cannot be read: ${messageOf(cause)}. Give the path of a YAML file, such as ${example}.`,
      { cause },
    );
  }
  let tree: unknown;
  try {
    tree = parseBounded(text);
  } catch (cause) {
    throw new NashError('usage', `${file} is ${messageOf(cause)}. Mend it; ${example} is an example.`, {
      cause,
    });
  }
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree)) {
    throw new NashError(
      'usage',
      `${file} holds ${tree === null ? 'nothing' : 'no mapping'}; expected keys as in ${example}`,
    );
  }
  return tree as Tree;
}

/** One `--set`, or `--amend`. */
interface Assignment {
  text: string;
  keys: string[];
  value: unknown;
}

/** Keys that choose among alternatives, each with settings of its own. */
const CHOICES: ReadonlySet<string> = new Set(['name', 'source', 'module']);

/**
 * Lays settings over a config: whole mappings before what is in them, and a choice before the settings that come with it, so that the
 * order in which they were given says nothing, but for a key that is given twice: the last counts.
 * @throws NashError('usage')
 */
function assignAll(tree: Tree, texts: readonly string[], option: string): void {
  const rank = ({ keys }: Assignment) => 2 * keys.length - (CHOICES.has(keys.at(-1)!) ? 1 : 0);
  const assignments = [...byKey(texts, option).values()].sort((a, b) => rank(a) - rank(b));
  for (const assignment of assignments) assign(tree, assignment, option);
}

const byKey = (texts: readonly string[], option: string): Map<string, Assignment> =>
  new Map(
    texts
      .map((text) => parseAssignment(text, option))
      .map((assignment) => [assignment.keys.join('.'), assignment]),
  );

function parseAssignment(text: string, option: string): Assignment {
  const at = text.indexOf('=');
  const keys = text.slice(0, at).split('.');
  if (at <= 0 || keys.length > KEYS_MAX || keys.some((key) => !/^[A-Za-z][A-Za-z0-9]*$/.test(key))) {
    throw new NashError(
      'usage',
      `${option} '${text}': expected key=value with a dotted key, such as ${option} stop.generatorSteps=2000`,
    );
  }
  try {
    const given = parseOrText(text.slice(at + 1));
    const value = fromHere(keys, given);
    const isMoved = JSON.stringify(value) !== JSON.stringify(given);
    return { text: isMoved ? `${keys.join('.')}=${JSON.stringify(value)}` : text, keys, value };
  } catch (cause) {
    throw new NashError(
      'usage',
      `${option} ${keys.join('.')}=…: the value is ${messageOf(cause).split('\n')[0]}; expected one such as ${option} stop.generatorSteps=2000`,
    );
  }
}

/** Sets one dotted key. Another choice than the config's drops its siblings, which belonged to that. */
function assign(tree: Tree, { text, keys, value }: Assignment, option: string): void {
  const last = keys.at(-1)!;
  let branch = tree;
  for (const key of keys.slice(0, -1)) {
    const next = Object.hasOwn(branch, key) ? branch[key] : undefined;
    if (next !== undefined && (next === null || typeof next !== 'object')) {
      throw new NashError(
        'usage',
        `${option} '${text}': '${key}' is ${JSON.stringify(next)} in the config, not a mapping`,
      );
    }
    branch[key] = next ?? {};
    branch = branch[key] as Tree;
  }
  if (CHOICES.has(last) && branch[last] !== value) for (const key of Object.keys(branch)) delete branch[key];
  branch[last] = value;
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
