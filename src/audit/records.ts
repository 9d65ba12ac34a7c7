// What a run folder says of its run, held against its ledger: settings, checkpoints and result. Trains nothing.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Checkpoint, CheckpointStore, loadCheckpoint } from '../checkpoints/checkpoint-store.js';
import { FileStorage } from '../checkpoints/file-storage.js';
import { configHash, differencesInWords } from '../config/decisive.js';
import { validateConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { messageOf, NashError } from '../errors.js';
import { vectorHash } from '../parameters/vector-hash.js';
import { begunWith } from '../run/resumed-config.js';
import { decodeState, type RunState } from '../run/run-state.js';
import { type LedgerEntry, readLedger } from '../run-folder/ledger.js';
import { begunConfigOf } from '../run-folder/remembered.js';
import { checkpointOf } from '../run-folder/resume-target.js';
import { runFile } from '../run-folder/run-files.js';
import { resultOf } from '../run-folder/run-result.js';

/** A checkpoint that can be read; its vectors are left on the disk, where a run may have a hundred of them. */
export interface Recorded {
  /** of its name */
  step: number;
  path: string;
  state: RunState;
  config: RunConfig;
  /** all that it holds is what the ledger says */
  agrees: boolean;
}

export interface Records {
  entries: LedgerEntry[];
  /** oldest first */
  checkpoints: Recorded[];
  /** what differs, for a person */
  differences: string[];
}

/** Holds what lies in the folder of a run against its ledger. */
export async function readRecords(runDir: string): Promise<Records> {
  const { entries, problems } = readLedger(runFile(runDir, 'ledger'));
  const differences = problems.map((problem) => `ledger.jsonl: ${problem}`);
  if (entries.length === 0)
    differences.push(
      'ledger.jsonl: it is missing or empty, so nothing says what the weights of this run were',
    );
  const checkpoints: Recorded[] = [];
  const storage = new CheckpointStore(new FileStorage(runFile(runDir, 'checkpoints')));
  for (const step of (await storage.steps()).reverse()) {
    const path = checkpointOf(runDir, step, 'the checkpoint of step');
    try {
      const checkpoint = await loadCheckpoint(path);
      const state = decodeState(checkpoint.metadata);
      const config = validateConfig(state.config, `the config in ${path}`);
      const found = disagreements(step, { checkpoint, state, config }, entries);
      differences.push(...found.map((each) => `step-${step}.safetensors: ${each}`));
      checkpoints.push({ step, path, state, config, agrees: found.length === 0 });
    } catch (error) {
      if (!(error instanceof NashError)) throw error;
      differences.push(`step-${step}.safetensors: ${error.message}`);
    }
  }
  const missing = newestMissing(entries, await storage.steps());
  if (missing !== undefined)
    differences.push(`step-${missing}.safetensors: the ledger has it, and it is not there`);
  differences.push(...ofConfig(runDir, entries, checkpoints), ...ofResult(runDir, entries));
  return { entries, checkpoints, differences };
}

/** What of a checkpoint is not as the ledger says. */
function disagreements(
  step: number,
  { checkpoint, state, config }: Pick<Recorded, 'state' | 'config'> & { checkpoint: Checkpoint },
  entries: readonly LedgerEntry[],
): string[] {
  const said = entries.findLast((entry) => entry.checkpoint && entry.step.generator === step);
  const found: string[] = [];
  if (checkpoint.step !== step) found.push(`it says that it is of step ${checkpoint.step}`);
  if (!said?.checkpoint) return [...found, `the ledger has no checkpoint of step ${step}`];
  const { checkpoint: hashes } = said;
  for (const net of ['discriminator', 'generator'] as const)
    if (state.versions[net] !== said.step[net])
      found.push(`its version of ${net} is ${state.versions[net]}, by the ledger ${said.step[net]}`);
  for (const name of new Set([...Object.keys(hashes), ...Object.keys(checkpoint.vectors)])) {
    const vector = checkpoint.vectors[name];
    const hash = vector && vectorHash(vector.data);
    if (hash !== hashes[name])
      found.push(
        `${name} has sha256 ${brief(hash)}, by the ledger ${brief(hashes[name])}: it is not what the run had`,
      );
  }
  if (configHash(config) !== said.settings)
    found.push('its settings are not those that the ledger has the hash of');
  if (state.data !== undefined && state.data !== said.data)
    found.push(`its data have digest ${brief(state.data)}, by the ledger ${brief(said.data)}`);
  if (state.line.branch !== said.line.branch)
    found.push(`it is of branch ${state.line.branch}, by the ledger of ${said.line.branch}`);
  return found;
}

export const brief = (hash: string | undefined): string => hash?.slice(0, 12) ?? '(absent)';

/** G's step of the newest checkpoint of the ledger where it is gone, unless the run went back behind it. */
function newestMissing(entries: readonly LedgerEntry[], steps: readonly number[]): number | undefined {
  const at = entries.findLastIndex(({ checkpoint }) => checkpoint !== undefined);
  const step = entries[at]?.step.generator;
  if (step === undefined || steps.includes(step)) return undefined;
  return entries.slice(at).some((later) => later.step.generator < step) ? undefined : step;
}

/** config.yaml is as the server wrote it when it started last. */
function ofConfig(
  runDir: string,
  entries: readonly LedgerEntry[],
  checkpoints: readonly Recorded[],
): string[] {
  const last = entries.at(-1);
  let text: Buffer;
  try {
    text = readFileSync(runFile(runDir, 'config'));
  } catch (error) {
    return [`config.yaml cannot be read: ${messageOf(error)}`];
  }
  if (!last || createHash('sha256').update(text).digest('hex') === last.config) return [];
  return [`config.yaml is not as the run wrote it: ${changesOf(runDir, checkpoints.at(-1))}`];
}

function changesOf(runDir: string, newest: Recorded | undefined): string {
  if (!newest) return 'no checkpoint says what stood there';
  try {
    const changes = differencesInWords(
      begunWith(newest.config, newest.state.amendments),
      begunConfigOf(runDir),
    );
    return changes.join('; ') || 'its text was changed, its settings are those of the newest checkpoint';
  } catch (error) {
    return messageOf(error);
  }
}

/** result.json names the weights that the run ended with. */
function ofResult(runDir: string, entries: readonly LedgerEntry[]): string[] {
  try {
    const result = resultOf(runDir);
    if (!result?.weights) return [];
    const said = entries.findLast(({ step }) => step.generator === result.steps.generator);
    if (!said) return [`result.json: the ledger has no step ${result.steps.generator}`];
    return (['discriminator', 'generator'] as const).flatMap((net) => [
      ...(result.steps[net] === said.step[net]
        ? []
        : [`result.json: ${result.steps[net]} steps of ${net}, by the ledger ${said.step[net]}`]),
      ...(result.weights[net] === said.weights[net]
        ? []
        : [
            `result.json: weights of ${net} have sha256 ${brief(result.weights[net])}, by the ledger ${brief(said.weights[net])}`,
          ]),
    ]);
  } catch (error) {
    return [`result.json: ${messageOf(error)}`];
  }
}
