// What a run has come to, as result.json says it.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Fault, NashError } from '../errors.js';
import type { Net } from '../parameters/manifest.js';
import { runFile } from './run-files.js';

/** result.json; times and rates are those of all starts of the run together. One that failed has no `weights`. */
export interface RunResult {
  status: 'done' | 'stopped' | 'failed';
  steps: Record<Net, number>;
  /** of training: without loading and compiling */
  seconds: number;
  imagesPerSecond: number;
  /** when the run was begun, and when it ended, ISO 8601; absent in runs of before */
  began?: string;
  ended?: string;
  /** sha256 of the flat vectors, float32, little-endian */
  weights: Record<Net, string>;
  /** the latest values, by name and labels */
  metrics: Record<string, number>;
  restarts: number;
  shardsReissued: number;
  /** G's step of the newest checkpoint, from which the run goes on; absent where there is none */
  savedStep?: number;
  /** why it failed, and whose fault that was */
  error?: string;
  fault?: Fault;
}

/** Whether a run has all steps that are asked of it. */
export const isFinished = (result: RunResult | undefined, generatorSteps: number): boolean =>
  result?.status === 'done' && result.steps.generator >= generatorSteps;

/** What the run in a folder came to; undefined where it has not ended yet. */
export function resultOf(runDir: string): RunResult | undefined {
  const path = runFile(runDir, 'result');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined; // also where the run folder was refused: it is a file
    throw error;
  }
  try {
    const found: unknown = JSON.parse(text);
    resultForm.parse(found);
    return found as RunResult;
  } catch (cause) {
    const message = `${path} is damaged: it does not say what came of the run. Remove it; the checkpoints are not of it.`;
    throw new NashError('usage', message, { cause });
  }
}

/** As much of it as is relied on. */
const resultForm = z.looseObject({
  status: z.enum(['done', 'stopped', 'failed']),
  steps: z.object({ discriminator: z.number(), generator: z.number() }),
  metrics: z.record(z.string(), z.number().nullable()),
});
