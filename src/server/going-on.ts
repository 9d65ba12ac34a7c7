// From where a server goes on, and with which settings: everything that is decided before a run folder is opened.
import { dirname } from 'node:path';
import { type Checkpoint, CheckpointStore, loadCheckpoint } from '../checkpoints/checkpoint-store.js';
import { FileStorage } from '../checkpoints/file-storage.js';
import { decisiveChanges } from '../config/decisive.js';
import type { RunConfig } from '../config/run-config.js';
import { messageOf, NashError } from '../errors.js';
import type { Line } from '../protocol/line.js';
import { begunWith, type ResumedConfig, resumedConfig } from '../run/resumed-config.js';
import { type Amendment, decodeState, type RunState, type Totals } from '../run/run-state.js';
import { holdsRun } from '../run-folder/ownership.js';
import { begunConfigOf } from '../run-folder/remembered.js';
import { isSameFolder, type ResumeTarget } from '../run-folder/resume-target.js';
import { runFile } from '../run-folder/run-files.js';
import { isFinished, type RunResult, resultOf } from '../run-folder/run-result.js';
import type { ParameterStore } from './training/parameter-store.js';
import type { ResumedFrom } from './training/run-checkpoints.js';

/** What is asked of a run that goes on. */
export interface Asked {
  /** by the config file and every --set */
  config: RunConfig;
  /** absent: the newest checkpoint of the folder */
  resume?: ResumeTarget | undefined;
  /** of --amend */
  amends: readonly string[];
  runDir: string;
}

/** What a server's parts are made with. */
export interface EarlierStarts {
  resumedFrom?: ResumedFrom;
  amendments: Amendment[];
  before: Totals;
}

export interface GoingOn extends ResumedConfig {
  /** absent where the run has no checkpoint yet: it begins anew */
  restored?: { checkpoint: Checkpoint; state: RunState };
  /** the checkpoint lies in the run's own folder, and no amendment begins with it */
  isSaved: boolean;
  /** a checkpoint was named: those after it are of a line that is left */
  isNamed: boolean;
}

/** @throws NashError('usage') where there is nothing to go on from, or it is another run */
export async function goOn(asked: Asked): Promise<GoingOn> {
  const { config, amends, resume, runDir } = asked;
  const found = await find(asked);
  const isNamed = resume?.checkpoint !== undefined || !isSameFolder(resume?.folder ?? runDir, runDir);
  if (!found) {
    const start = { config, amendments: [], versions: { discriminator: 0, generator: 0 } };
    const resumed = resumedConfig(start, { config, amends, origin: runFile(runDir, 'config') });
    return { ...resumed, isSaved: false, isNamed };
  }
  const { checkpoint, path } = found;
  const state = decodeState(checkpoint.metadata);
  const resumed = resumedConfig(state, { config, amends, origin: path });
  const isHere = isSameFolder(dirname(path), runFile(runDir, 'checkpoints'));
  if (!isHere) requireSameRun(runDir, path, state);
  return { ...resumed, restored: { checkpoint, state }, isSaved: isHere && !resumed.isAmended, isNamed };
}

async function find({
  resume,
  runDir,
}: Asked): Promise<{ checkpoint: Checkpoint; path: string } | undefined> {
  if (resume?.checkpoint !== undefined)
    return { checkpoint: await loadCheckpoint(resume.checkpoint), path: resume.checkpoint };
  const folder = resume?.folder ?? runDir;
  const { warnings, ...found } = await new CheckpointStore(
    new FileStorage(runFile(folder, 'checkpoints')),
  ).latest();
  for (const warning of warnings) console.error(`nash: warning: ${warning}`);
  if (found.checkpoint) return found;
  if (holdsRun(folder) && isSameFolder(folder, runDir)) return undefined;
  throw new NashError(
    'usage',
    `--resume: ${folder} holds no ${holdsRun(folder) ? 'checkpoint' : 'run'}. Leave --resume out to begin one.`,
  );
}

/** What the run came to, where it has all steps that are asked of it and nothing is changed: it is left as it is. */
export function finishedBefore(
  { restored, isSaved, config }: GoingOn,
  runDir: string,
): RunResult | undefined {
  const { generatorSteps } = config.stop;
  if (!isSaved || restored === undefined || restored.checkpoint.step < generatorSteps) return undefined;
  const result = resultOf(runDir);
  return isFinished(result, generatorSteps) ? result : undefined;
}

/** What is said of such a run. */
export const overLine = (runDir: string): string =>
  `the run in ${runDir} is done, see ${runFile(runDir, 'result')}; --set stop.generatorSteps=N lets it go on to more steps`;

/** A checkpoint from elsewhere goes on in a folder of its own, or in that of its run. */
function requireSameRun(runDir: string, path: string, state: RunState): void {
  if (!holdsRun(runDir)) return;
  const begun = begunWith(state.config as RunConfig, state.amendments);
  if (decisiveChanges(begunConfigOf(runDir), begun).length === 0) return;
  throw new NashError(
    'usage',
    `${runDir} holds another run than ${path} is of. --run-dir DIR takes another folder.`,
  );
}

/** A run that goes on from nothing. @throws NashError('usage') where its config only goes on */
export function beginning(config: RunConfig): GoingOn {
  if (config.schedule.since !== undefined)
    throw new NashError(
      'usage',
      "'schedule.since' is written by --resume --amend: a run does not begin with it",
    );
  return {
    config,
    begun: config,
    freelyAmended: [],
    amendments: [],
    isAmended: false,
    isSaved: false,
    isNamed: false,
  };
}

/** What a server is told of the run's starts before this one. */
export function earlierStarts({ restored, isSaved, amendments }: GoingOn): EarlierStarts {
  const before = restored?.state.totals ?? { seconds: 0, images: 0, began: new Date().toISOString() };
  if (!restored && amendments.length === 0) return { amendments, before };
  const step = restored?.checkpoint.step ?? 0;
  return { amendments, before, resumedFrom: { step, isSaved, floor: restored?.state.floor } };
}

/** @throws NashError('usage') */
export function requireSameData({ restored, config }: GoingOn, digest: string): void {
  const before = restored?.state.data;
  if (before === undefined || before === digest) return;
  const where = 'path' in config.data ? ` in ${config.data.path}` : '';
  throw new NashError(
    'usage',
    `the data${where} are others than the run was begun with: their digest was ${before.slice(0, 12)}, now ${digest.slice(0, 12)}. They decide ` +
      'its weights: bring back the data of before, or train a new run with these: --run-dir DIR.',
  );
}

/** Checkpoints after one that was named are of the line that is left; the run would take them for its own. @returns what was done, for a person */
export async function setAside(
  checkpoints: string,
  { isNamed, restored }: GoingOn,
  { term }: Line,
): Promise<string | undefined> {
  if (!isNamed || !restored) return undefined;
  const files = new CheckpointStore(new FileStorage(checkpoints));
  const steps = await files.setAside(restored.checkpoint.step, `aside-${term}`);
  if (steps.length === 0) return undefined;
  return `checkpoints of later steps (${steps.join(', ')}) are of the line that is left: they are called aside-${term}-… now, in ${checkpoints}`;
}

/** @throws NashError('usage') where the checkpoint's vectors are not those of this run's nets */
export function importCheckpoint(
  store: ParameterStore,
  { checkpoint, state }: NonNullable<GoingOn['restored']>,
): void {
  try {
    store.import(checkpoint.vectors, state.versions, state.controllers.discriminatorSteps);
  } catch (cause) {
    throw new NashError(
      'usage',
      `the checkpoint of step ${checkpoint.step} does not fit this run: ${messageOf(cause)}. Another version of nash makes ` +
        "these networks otherwise: go on with the one that the run's environment.json names, or begin a run with these weights: init.from",
      { cause },
    );
  }
}
