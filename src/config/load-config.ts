// From a YAML file and `--set a.b=c` to a validated, frozen run config.
import { readFileSync } from 'node:fs';
import { parseDocument, parse as parseYaml } from 'yaml';
import { messageOf, NashError } from '../errors.js';
import { explain } from './explain.js';
import { type RunConfig, runConfig } from './run-config.js';

type Tree = Record<string, unknown>;

/**
 * Reads a config file and lays the assignments over it, in order.
 * @param assignments `a.b=value`, the value in YAML
 * @throws NashError('usage') naming file, key, what was found and what was expected
 */
export function loadConfig(file: string, assignments: readonly string[] = []): RunConfig {
  const tree = readYaml(file, 'config', 'configs/ring.yaml');
  for (const assignment of assignments) assign(tree, assignment);
  return validateConfig(tree, file);
}

/** Validates a config that came as data: from a run folder or from the server. */
export function validateConfig(tree: unknown, origin: string): RunConfig {
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
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new NashError(
      'usage',
      `the ${what} ${file} cannot be read: ${messageOf(cause)}. Give the path of a YAML file, such as ${example}.`,
      { cause },
    );
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error) throw new NashError('usage', `${file} is not valid YAML: ${error.message.trimEnd()}`);
  const tree: unknown = document.toJS();
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree)) {
    throw new NashError(
      'usage',
      `${file} holds ${tree === null ? 'nothing' : 'no mapping'}; expected keys as in ${example}`,
    );
  }
  return tree as Tree;
}

/** Sets one dotted key. A changed `name` or `source` drops its siblings, which belonged to the old choice. */
function assign(tree: Tree, assignment: string): void {
  const at = assignment.indexOf('=');
  const keys = assignment.slice(0, at).split('.');
  if (at <= 0 || keys.some((key) => !/^[A-Za-z][A-Za-z0-9]*$/.test(key))) {
    throw new NashError(
      'usage',
      `--set '${assignment}': expected key=value with a dotted key, such as --set minibatch.size=32`,
    );
  }
  let value: unknown;
  try {
    value = parseYaml(assignment.slice(at + 1));
  } catch (cause) {
    throw new NashError(
      'usage',
      `--set '${assignment}': the value is not valid YAML: ${messageOf(cause).split('\n')[0]}`,
    );
  }
  const last = keys.pop()!;
  let branch = tree;
  for (const key of keys) {
    const next = Object.hasOwn(branch, key) ? branch[key] : undefined;
    if (next !== undefined && (next === null || typeof next !== 'object')) {
      throw new NashError(
        'usage',
        `--set '${assignment}': '${key}' is ${JSON.stringify(next)} in the config, not a mapping`,
      );
    }
    branch[key] = next ?? {};
    branch = branch[key] as Tree;
  }
  if ((last === 'name' || last === 'source') && branch[last] !== value) {
    for (const key of Object.keys(branch)) delete branch[key];
  }
  branch[last] = value;
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
