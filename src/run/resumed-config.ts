// With which settings a run goes on. What it was begun with stays; what decides no bit is what is given now; the rest changes by
// amendments only, each from a step on, so that a run is what its config and its amendments say.
import {
  changeableInWords,
  type Difference,
  decisiveChanges,
  differences,
  freeChanges,
  unamendableChanges,
} from '../config/decisive.js';
import { amendedConfig, validateConfig } from '../config/load-config.js';
import { withModuleHashes } from '../config/module-references.js';
import type { RunConfig } from '../config/run-config.js';
import { NashError } from '../errors.js';
import { hashOfLoaded } from '../modules/own-module.js';
import type { Amendment, Change, RunState } from './run-state.js';

type Tree = Record<string, unknown>;

export interface ResumedConfig {
  /** in force from now on */
  config: RunConfig;
  /** what the run was begun with, and what decides nothing as it is now: for a person to resume with */
  begun: RunConfig;
  /** what was amended and decides nothing, as `key=value` */
  freelyAmended: string[];
  /** all of the run's; the last is new where `isAmended` */
  amendments: Amendment[];
  isAmended: boolean;
}

/** What a resumed run is given. */
export interface Given {
  /** by its config file and --set: what it was begun with, but for what decides nothing */
  config: RunConfig;
  /** of --amend */
  amends: readonly string[];
  /** where the state is from, for messages */
  origin: string;
}

/** @throws NashError('usage') where what is given is another run, or an amendment changes what cannot be */
export function resumedConfig(
  state: Pick<RunState, 'config' | 'amendments' | 'versions'>,
  { config: given, amends, origin }: Given,
): ResumedConfig {
  const stored = validateConfig(state.config, `the config in ${origin}`);
  const begun = begunWith(stored, state.amendments);
  const others = decisiveChanges(begun, given);
  if (others.length > 0) {
    const copy = others.some((change) => change.startsWith('the text of '))
      ? 'The run has a copy of that text, with which it goes on where no config is named: nash train --resume RUN_DIR. '
      : '';
    throw new NashError(
      'usage',
      `${origin} belongs to a run with other settings: ${others.join('; ')}. They decide its weights: resume without them. ${copy}` +
        `What may change: ${changeableInWords()}.`,
    );
  }
  const before = withChanges(stored, freeChanges(stored, given).map(changeOf));
  const config = amend(before, amends, state);
  const free = freeChanges(before, config);
  const resumed = {
    config,
    begun: withChanges(begun, freeChanges(begun, config).map(changeOf)),
    freelyAmended: free.map(({ path, b }) => `${path}=${JSON.stringify(b)}`),
  };
  const changes = differences(before, config).map(changeOf);
  if (changes.length === 0) return { ...resumed, amendments: state.amendments, isAmended: false };
  const amendment = { step: state.versions.generator, changes };
  return { ...resumed, amendments: [...state.amendments, amendment], isAmended: true };
}

const changeOf = ({ path, a, b }: Difference): Change => ({ key: path, was: a, now: b });

function amend(
  before: RunConfig,
  amends: readonly string[],
  { versions }: Pick<RunState, 'versions'>,
): RunConfig {
  const asked = withLoadedHashes(amendedConfig(before, amends, '--amend'));
  const fixed = unamendableChanges(before, asked);
  if (fixed.length > 0) {
    throw new NashError(
      'usage',
      `--amend cannot change this on the way: ${fixed.join('; ')}. What may change: ${changeableInWords()}.`,
    );
  }
  if (differences(before.schedule, asked.schedule).length === 0) return asked;
  return withChanges(asked, [{ key: 'schedule.since', now: versions }]);
}

/** Modules that are new to a run are known by the texts that this process has loaded. */
const withLoadedHashes = (config: RunConfig): RunConfig =>
  validateConfig(
    withModuleHashes(config, ({ module, moduleHash }) => moduleHash ?? hashOfLoaded(module)),
    '--amend',
  );

/** A config less what amendments made of it. */
export function begunWith(config: RunConfig, amendments: readonly Amendment[]): RunConfig {
  const back = [...amendments].reverse().flatMap(({ changes }) => changes.toReversed());
  return withChanges(
    config,
    back.map(({ key, was }) => ({ key, now: was })),
  );
}

function withChanges(config: RunConfig, changes: readonly Pick<Change, 'key' | 'now'>[]): RunConfig {
  const tree = structuredClone(config) as unknown as Tree;
  for (const { key, now } of changes) {
    const keys = key.split('.');
    let branch = tree;
    for (const step of keys.slice(0, -1)) {
      branch[step] ??= {};
      branch = branch[step] as Tree;
    }
    if (now === undefined) delete branch[keys.at(-1)!];
    else branch[keys.at(-1)!] = now;
  }
  return validateConfig(tree, 'the config of the run');
}

/** Amendments as lines for a person. */
export const amendmentsInWords = (amendments: readonly Amendment[]): string[] =>
  amendments.map(({ step, changes }) => {
    const words = changes.map(
      ({ key, was, now }) => `${key}: ${JSON.stringify(was)} -> ${JSON.stringify(now)}`,
    );
    return `from step ${step} of G on: ${words.join(', ')}`;
  });
