// Which settings decide the bits of a run's weights, and which of them a run may change on its way. All decide but those of FREE; a change
// to a decisive one is another run, unless it is made known as an amendment, from a step on.
import { createHash } from 'node:crypto';
import { NETS, type Net } from '../parameters/manifest.js';
import { statefulPenalties } from '../penalties/penalties.js';
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
const returnsOnDivergence = {
  holds: ({ onDivergence }: RunConfig) => onDivergence === 'rollback',
  words: 'where onDivergence is rollback',
};
const returnsAtAll = {
  holds: (config: RunConfig) => returnsOnCollapse.holds(config) || returnsOnDivergence.holds(config),
  words: 'where onCollapse or onDivergence is rollback',
};

/** Which checkpoints there are decides where a rollback leads; when and of what a verdict is, whether there is one. */
const FREE: readonly FreeSetting[] = [
  { key: 'server' },
  { key: 'verify' },
  { key: 'onDivergence' }, // a run that stops has the weights of one that goes back, as far as it gets
  { key: 'divergence', unless: returnsOnDivergence },
  { key: 'data.path' }, // what lies there has a digest of its own
  { key: 'data.damaged' }, // and so has what is left of it
  { key: 'init.from' }, // so has that file
  { key: 'device.kind' }, // a fingerprint tells machines apart
  { key: 'ledger' },
  { key: 'checkpoint.everySeconds' },
  { key: 'checkpoint.keepBest' },
  { key: 'checkpoint.patienceSeconds' },
  { key: 'checkpoint.everySteps', unless: returnsAtAll },
  { key: 'checkpoint.keep', unless: returnsOnCollapse },
  { key: 'evaluation', unless: returnsOnCollapse },
  { key: 'collapse', unless: returnsOnCollapse },
  { key: 'onCollapse', unless: returnsOnCollapse },
  { key: 'stop', unless: returnsOnCollapse }, // a collapse counts after a share of the run
];

/** Decisive settings that may be amended: the vectors that a run goes on from stay as long as they are, and mean what they meant. */
const AMENDABLE: readonly string[] = [
  'optimizer',
  'schedule.order',
  'schedule.discriminatorSteps',
  'schedule.auto',
  'schedule.generatorSteps',
  'schedule.criticWarmup',
  'loss',
  'penalties',
  'instanceNoise',
  'init.freeze',
  'averaging',
];
/** But not these: another optimizer keeps other vectors, and so does one that begins or ends to look ahead. */
const NOT_AMENDABLE: readonly string[] = ['discriminator', 'generator'].flatMap((net) =>
  ['name', 'lookahead'].map((key) => `optimizer.${net}.${key}`),
);

const isAmendable = (path: string): boolean =>
  [...AMENDABLE, ...FREE.map(({ key }) => key)].some((key) => covers(key, path)) &&
  !NOT_AMENDABLE.includes(path);

/** What may differ where a run goes on, for a person. */
export function changeableInWords(): string {
  return (
    `freely: ${freeSettingsInWords()}. From a step on, with --resume --amend KEY=VALUE: ${AMENDABLE.join(', ')} ` +
    "(an optimizer's name not, nor whether it looks ahead). Anything else is another run: nash train CONFIG --set KEY=VALUE --run-dir DIR"
  );
}

function freeSettingsInWords(): string {
  const unlesses = new Set(FREE.map(({ unless }) => unless?.words));
  const clauses = [...unlesses].map((words) => {
    const keys = FREE.filter(({ unless }) => unless?.words === words).map(({ key }) => key);
    return `${keys.slice(0, -1).join(', ')}${keys.length > 1 ? ' and ' : ''}${keys.at(-1)}${words ? ` (not ${words})` : ''}`;
  });
  return clauses.join('; ');
}

/** Whether a setting decides bits, and whether a run may change it on its way: for a person, in a table. */
export function changeOf(path: string): { decides: string; mayChange: string } {
  const free = FREE.find(({ key }) => covers(key, path));
  const amendable = isAmendable(path) ? '`--amend`' : 'no';
  if (free === undefined) return { decides: 'yes', mayChange: amendable };
  const { unless } = free;
  if (unless === undefined) return { decides: 'no', mayChange: 'freely' };
  return { decides: `only ${unless.words}`, mayChange: `freely; ${unless.words} with ${amendable}` };
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
    .map(inWords);

/** Settings that differ, in words. */
export const differencesInWords = (before: RunConfig, now: RunConfig): string[] =>
  differences(before, now).map(inWords);

/** Settings that differ and that no amendment may change, in words. */
export const unamendableChanges = (before: RunConfig, now: RunConfig): string[] => [
  ...differences(before, now)
    .filter(({ path }) => !isAmendable(path))
    .map(inWords),
  ...NETS.flatMap((net) => stateChanges(net, before, now)),
];

/** Penalties of a net with state beside the weights, of which only one of two configs knows, in words. */
function stateChanges(net: Net, before: RunConfig, now: RunConfig): string[] {
  const [old, asked] = [before, now].map(({ penalties }) => statefulPenalties(net, penalties));
  const says = (name: string, verb: string, has: string) =>
    `${name} in penalties.${net} would ${verb}, and keeps numbers beside the weights, which the checkpoint ${has} (a run of its own begins with ` +
    'these weights by --set init.from=RUN_DIR)';
  return [
    ...asked!.filter((name) => !old!.includes(name)).map((name) => says(name, 'begin', 'lacks')),
    ...old!.filter((name) => !asked!.includes(name)).map((name) => says(name, 'end', 'has')),
  ];
}

/** Settings that differ and decide nothing in either run. */
export const freeChanges = (before: RunConfig, now: RunConfig): Difference[] =>
  differences(before, now).filter(({ path }) => !isDecisive(path, before) && !isDecisive(path, now));

/** A leaf in which two configs differ; a side is undefined where it has none. */
export interface Difference {
  path: string;
  a: unknown;
  b: unknown;
}

const inWords = ({ path, a, b }: Difference): string =>
  path.endsWith('.moduleHash') && a !== undefined && b !== undefined
    ? `the text of ${path.replace(/Hash$/, '')} had the hash ${brief(a)}, now ${brief(b)}`
    : `${path} was ${JSON.stringify(a)}, now ${JSON.stringify(b)}`;

const brief = (hash: unknown): string => String(hash).slice(0, 12);

const isTree = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Leaves in which two configs differ. */
export function differences(a: unknown, b: unknown, path = ''): Difference[] {
  if (JSON.stringify(withoutPaths(a)) === JSON.stringify(withoutPaths(b))) return [];
  if (!isTree(a) || !isTree(b)) return [{ path, a, b }];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  if (hasHash(a) && a.moduleHash === b.moduleHash) keys.delete('module');
  return [...keys].flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
}

/** A choice, or choices in a list, modules by their hashes alone: where a file lies decides nothing. */
function withoutPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPaths);
  return hasHash(value) ? { ...value, module: undefined } : value;
}

const hasHash = (value: unknown): value is Record<string, unknown> => isTree(value) && 'moduleHash' in value;

/** sha256 of the decisive settings, in the schema's order: what processes of one run compare. */
export const configHash = (config: RunConfig): string =>
  createHash('sha256')
    .update(JSON.stringify(decisivePart(config, config)))
    .digest('hex');

function decisivePart(tree: unknown, config: RunConfig, path = ''): unknown {
  if (!isTree(tree)) return tree;
  const kept = Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
    const at = path ? `${path}.${key}` : key;
    if (isTree(value)) return [[key, decisivePart(withoutPaths(value), config, at)]];
    return isDecisive(at, config) ? [[key, withoutPaths(value)]] : [];
  });
  return Object.fromEntries(kept);
}
