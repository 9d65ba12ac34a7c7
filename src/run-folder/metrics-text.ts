// What a run has written down of itself, for whoever goes on from there.
import { existsSync, readFileSync } from 'node:fs';
import { runFile } from './run-files.js';

/** All lines of metrics.jsonl; none before the run has any. The last one may be unfinished. */
export function metricsText(runDir: string): string {
  const file = runFile(runDir, 'metrics');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
