// Logs as data: one JSON object a line, with the run, the process, and what it knew of the weights in each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Net } from '../parameters/manifest.js';
import type { Log } from '../server/log.js';

export interface LogOptions {
  folder: string;
  /** the process's own name: `server`, `evaluator`, `discriminator-0`, … */
  worker: string;
  /** the run folder */
  run: string;
  /** steps of each net that this process knows of now; null before it knows of any */
  version(): Partial<Record<Net, number>> | null;
}

/** A log into `<folder>/<worker>.ndjson`, written synchronously: the last lines before a crash are the ones that matter. */
export function openLog({ folder, worker, run, version }: LogOptions): Log {
  const { version: nash } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const logger = pino(
    {
      base: { run, worker, pid: process.pid, nash },
      mixin: () => ({ version: version() }),
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: join(folder, `${worker}.ndjson`), sync: true, mkdir: true }),
  );
  return (event, fields = {}) => logger.info(fields, event);
}
