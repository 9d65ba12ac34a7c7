// The arguments that `train` and `server` share: which config, with what changes, into which folder.
import { existsSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { places } from '../../src/setup/places.mjs';
import { loadConfig, mergedAssignments } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { WORKERS_MAX } from '../config/topology.js';
import { NashError } from '../errors.js';
import { POOLS, type Pool } from '../protocol/roster.js';
import { holdsRun } from '../run-folder/ownership.js';
import { rememberedOf } from '../run-folder/remembered.js';
import { isSameFolder, type ResumeTarget, resumeTarget } from '../run-folder/resume-target.js';
import { runFile } from '../run-folder/run-files.js';
import type { Opening } from '../run-folder/run-folder.js';

export interface RunArguments {
  set: string[];
  runDir?: string;
  resume?: string | true;
  amend?: string[];
  force?: boolean;
  connectTimeout?: number;
  quickStart?: boolean;
  otherMachines?: boolean;
}

/** A parser of options that may be repeated, for commander. */
export const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** Adds the shared arguments to a command. */
export const withRunArguments = (command: Command): Command =>
  command
    .argument(
      '[config]',
      "YAML file of the experiment, or the name of one that comes with Nash, such as ring; default with --resume: the run's own",
    )
    .option(
      '--set <key=value>',
      'change a key of the config, such as minibatch.size=32; may be repeated',
      collect,
      [],
    )
    .option('--run-dir <dir>', 'folder of the run (default: runs/<name of the config>)')
    .option(
      '--resume [checkpoint]',
      "go on with the folder's run, with the settings of the run: from its latest checkpoint, a step's, a file, or another run folder's",
    )
    .option(
      '--amend <key=value>',
      'with --resume: change a setting from there on, such as optimizer.generator.learningRate=1e-4; may be repeated',
      collect,
      [],
    )
    .option('--force', 'replace a run that the folder holds')
    .option(
      '--connect-timeout <s>',
      'seconds after which a run that has no workers is given up (3); default: none',
      parseSeconds,
    )
    .addOption(
      new Option('--quick-start', 'npm start: replaces a run that it made before, and no other').hideHelp(),
    )
    .option(
      '--other-machines',
      'go on with workers that compute otherwise than those before: the weights will not be those of an undisturbed run',
    );

/** A run as its arguments describe it. */
export interface ResolvedRun {
  configFile: string;
  /** by the file and every --set; for a run that goes on: what it was begun with, see resumed-config.ts */
  config: RunConfig;
  /** of this start and, where the run goes on, of those before: to one key the last */
  sets: string[];
  runDir: string;
  opening: Opening;
  /** where the run goes on from; with opening 'resume' */
  resume: ResumeTarget | undefined;
  amends: string[];
  quickStart: boolean;
  takesOtherMachines: boolean;
}

/** @throws NashError('usage') */
export function resolveRun(given: string | undefined, args: RunArguments): ResolvedRun {
  if (args.resume && args.force) {
    throw new NashError('usage', '--resume goes on with a run and --force replaces it; give one of them');
  }
  const amends = args.amend ?? [];
  if (amends.length > 0 && !args.resume) {
    throw new NashError(
      'usage',
      '--amend changes a run that goes on: give --resume with it. A new run takes its settings with --set.',
    );
  }
  const { runDir, resume } = foldersOf(given, args);
  const sets = mergedAssignments([...(resume?.folder ? rememberedOf(resume.folder).set : []), ...args.set]);
  const named = given ?? ownConfig(resume?.folder ?? runDir);
  return {
    configFile: named,
    config: loadConfig(configFile(named), sets),
    sets,
    runDir,
    opening: resume ? 'resume' : args.force || replacesOwn(runDir, args) ? 'force' : 'fresh',
    resume,
    amends,
    quickStart: args.quickStart ?? false,
    takesOtherMachines: args.otherMachines ?? false,
  };
}

/** The path of a config: one that comes with Nash may be named without it. */
export function configFile(config: string): string {
  const packaged = join(places().root, 'configs', `${config}.yaml`);
  return !statSync(config, { throwIfNoEntry: false })?.isFile() &&
    /^[\w-]+(\/[\w-]+)?$/.test(config) &&
    existsSync(packaged)
    ? packaged
    : config;
}

/** Whether the folder holds a run of `npm start`'s own, which it makes anew. */
function replacesOwn(runDir: string, { quickStart = false }: RunArguments): boolean {
  if (!quickStart || !holdsRun(runDir)) return false;
  if (rememberedOf(runDir).quickStart) return true;
  throw new NashError(
    'usage',
    `${runDir} holds a run that npm start has not made, and is left alone. Move it away, or train beside it: ` +
      `npx nash train configs/ring.yaml --workers discriminator=2,generator=2 --run-dir ${runDir}-2`,
  );
}

/** A folder named with --resume is the run's, unless --run-dir names another; else runs/ and the config's name. */
function foldersOf(
  config: string | undefined,
  { runDir: asked, resume }: RunArguments,
): { runDir: string; resume?: ResumeTarget } {
  const byName = config === undefined ? undefined : join('runs', basename(config, extname(config)));
  const runDir = asked ?? byName;
  if (!resume) {
    if (runDir === undefined) throw noConfig();
    return { runDir };
  }
  const target = resumeTarget(resume, runDir ?? '.');
  if (runDir === undefined && isSameFolder(target.folder ?? '.', '.')) throw noConfig();
  return { runDir: asked ?? target.folder ?? runDir!, resume: target };
}

function ownConfig(folder: string): string {
  if (holdsRun(folder)) return runFile(folder, 'config');
  throw noConfig();
}

const noConfig = (): NashError =>
  new NashError(
    'usage',
    "missing required argument 'config': the YAML file of an experiment, such as configs/ring.yaml. To go on with a run, name its folder: --resume RUN_DIR",
  );

/** The same arguments as words, for a process that is started with them. */
export function toWords(configFile: string, args: RunArguments): string[] {
  return [
    configFile,
    ...args.set.flatMap((assignment) => ['--set', assignment]),
    ...(args.runDir ? ['--run-dir', args.runDir] : []),
    ...(args.resume ? ['--resume', ...(typeof args.resume === 'string' ? [args.resume] : [])] : []),
    ...(args.amend ?? []).flatMap((assignment) => ['--amend', assignment]),
    ...(args.force ? ['--force'] : []),
    ...(args.connectTimeout !== undefined ? ['--connect-timeout', `${args.connectTimeout}`] : []),
    ...(args.quickStart ? ['--quick-start'] : []),
    ...(args.otherMachines ? ['--other-machines'] : []),
  ];
}

export type WorkerCounts = Record<Pool, number>;

/** Parses `discriminator=2,generator=2`. */
export function parseWorkers(text: string): WorkerCounts {
  const counts: WorkerCounts = { discriminator: 0, generator: 0, any: 0 };
  for (const part of text.split(',')) {
    const [pool, number, ...rest] = part.split('=');
    const isPool = (POOLS as readonly string[]).includes(pool ?? '');
    if (!isPool || rest.length > 0 || !/^\d+$/.test(number ?? '') || Number(number) > WORKERS_MAX) {
      throw new InvalidArgumentError(
        `'${part}' is no count of workers; write discriminator=2,generator=2 or any=2, each at most ${WORKERS_MAX}.`,
      );
    }
    counts[pool as keyof WorkerCounts] = Number(number);
  }
  return counts;
}

/** As many as a timer counts. */
const SECONDS_MAX = 2_000_000;

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d*\.?\d+$/.test(text) && seconds > 0 && seconds <= SECONDS_MAX) return seconds;
  throw new InvalidArgumentError(`expected seconds, more than 0 and at most ${SECONDS_MAX}, got '${text}'.`);
}
