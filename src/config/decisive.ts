// Which settings decide the bits of a run's weights. All do but those of this list; a change to a decisive one is another run, and a
// resumed run must go on with the settings that it was begun with.
import { createHash } from 'node:crypto';
import type { RunConfig } from './run-config.js';

interface FreeSetting {
  key: string;
  /** where it does decide, for whatever steers a run decides its weights */
  unless?: { holds(config: RunConfig): boolean; words: string };
}

const returnsOnCollapse = {
  holds: ({ onCollapse }: RunConfig) => onCollapse === 'rollback',
  words: 'where onCollapse is rollback',
};
const returnsAtAll = {
  holds: (config: RunConfig) => returnsOnCollapse.holds(config) || config.onDivergence === 'rollback',
  words: 'where onCollapse or onDivergence is rollback',
};

/** Which checkpoints there are decides where a rollback leads; when and of what a verdict is, whether there is one. */
const FREE: readonly FreeSetting[] = [
  { key: 'server' },
  { key: 'verify' },
  { key: 'onDivergence' }, // a run that stops has the weights of one that goes back, as far as it gets
  { key: 'data.path' }, // what lies there has a digest of its own
  { key: 'device.kind' }, // a fingerprint tells machines apart
  { key: 'checkpoint.everySeconds' },
  { key: 'checkpoint.everySteps', unless: returnsAtAll },
  { key: 'checkpoint.keep', unless: returnsOnCollapse },
  { key: 'evaluation', unless: returnsOnCollapse },
  { key: 'onCollapse', unless: returnsOnCollapse },
  { key: 'stop', unless: returnsOnCollapse }, // a collapse counts after a share of the run
];

/** The list, for a person. */
export function freeSettingsInWords(): string {
  const unlesses = new Set(FREE.map(({ unless }) => unless?.words));
  const clauses = [...unlesses].map((words) => {
    const keys = FREE.filter(({ unless }) => unless?.words === words).map(({ key }) => key);
    return `${keys.slice(0, -1).join(', ')}${keys.length > 1 ? ' and ' : ''}${keys.at(-1)}${words ? ` (not ${words})` : ''}`;
  });
  return clauses.join('; ');
}

const covers = (key: string, path: string): boolean => path === key || path.startsWith(`${key}.`);

function isDecisive(path: string, config: RunConfig): boolean {
  const free = FREE.find(({ key }) => covers(key, path));
  return free === undefined || (free.unless?.holds(config) ?? false);
}

/** Settings that differ and decide bits in one of the two runs, in words. */
export const decisiveChanges = (before: RunConfig, now: RunConfig): string[] =>
  differences(before, now)
    .filter(({ path }) => isDecisive(path, before) || isDecisive(path, now))
    .map(({ path, a, b }) => `${path} was ${JSON.stringify(a)}, now ${JSON.stringify(b)}`);

interface Difference {
  path: string;
  a: unknown;
  b: unknown;
}

const isTree = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Leaves in which two trees differ. */
function differences(a: unknown, b: unknown, path = ''): Difference[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  if (!isTree(a) || !isTree(b)) return [{ path, a, b }];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
}

/** sha256 of the decisive settings, in the schema's order: what processes of one run compare. */
export const configHash = (config: RunConfig): string =>
  createHash('sha256')
    .update(JSON.stringify(decisivePart(config, config)))
    .digest('hex');

function decisivePart(tree: unknown, config: RunConfig, path = ''): unknown {
  if (!isTree(tree)) return tree;
  const kept = Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
    const at = path ? `${path}.${key}` : key;
    if (isTree(value)) return [[key, decisivePart(value, config, at)]];
    return isDecisive(at, config) ? [[key, value]] : [];
  });
  return Object.fromEntries(kept);
}
