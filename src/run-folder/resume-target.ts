// What `--resume` names: the newest checkpoint of a run, one of its steps, a file, or another run's folder.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { NashError } from '../errors.js';
import { holdsRun } from './ownership.js';
import { runFile } from './run-files.js';

export interface ResumeTarget {
  /** the run's folder; undefined for a file that lies in none */
  folder?: string;
  /** a checkpoint; absent: the newest whole one of the folder */
  checkpoint?: string;
}

/**
 * @param text what followed `--resume`; true where nothing did
 * @param runDir of `--run-dir`, or the default: where `latest` and steps are looked for
 * @throws NashError('usage') where it names nothing
 */
export function resumeTarget(text: string | true, runDir: string): ResumeTarget {
  if (text === true || text === 'latest') return { folder: runDir };
  if (/^\d+$/.test(text))
    return { folder: runDir, checkpoint: checkpointOf(runDir, Number(text), '--resume') };
  if (!existsSync(text)) throw nothing(text, 'there is no such file or folder');
  if (statSync(text).isDirectory()) {
    if (holdsRun(text)) return { folder: text };
    throw nothing(text, 'that folder holds no run');
  }
  if (!/\.safetensors$/.test(text)) throw nothing(text, 'that file is no checkpoint');
  const folder = dirname(dirname(text));
  const isOfRun = basename(dirname(text)) === 'checkpoints' && holdsRun(folder);
  return { checkpoint: text, ...(isOfRun ? { folder } : {}) };
}

/**
 * The checkpoint of a step.
 * @param option with which it was asked for, for messages
 * @throws NashError('usage') where there is none
 */
export function checkpointOf(runDir: string, step: number, option: string): string {
  const folder = runFile(runDir, 'checkpoints');
  const path = join(folder, `step-${step}.safetensors`);
  if (existsSync(path)) return path;
  const steps = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => /^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
    : [];
  const there = steps.map(Number).sort((a, b) => a - b);
  const found = there.length > 0 ? `it has steps ${there.join(', ')}` : 'it has none at all';
  throw new NashError('usage', `${option} ${step}: ${runDir} has no checkpoint of that step; ${found}.`);
}

const nothing = (text: string, why: string): NashError =>
  new NashError(
    'usage',
    `--resume '${text}': ${why}. Expected latest, a step that has a checkpoint, such as 500, a checkpoint file, or the folder of a run` +
      `${/\.ya?ml$/.test(text) ? '; a config goes before --resume' : ''}.`,
  );

/** Whether two paths are the same folder, by name. */
export const isSameFolder = (a: string, b: string): boolean => resolve(a) === resolve(b);
