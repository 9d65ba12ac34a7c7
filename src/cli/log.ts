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

/** Of lines that find no room: the rest is dropped. */
const WAITING_BYTES_MAX = 2 ** 20;

/**
 * A log into `<folder>/<worker>.ndjson`, written synchronously: the last lines before a crash are the ones that matter. A full disk ends
 * nothing: lines wait for room.
 */
export function openLog({ folder, worker, run, version }: LogOptions): Log {
  const { version: nash } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const destination = pino.destination({
    dest: join(folder, `${worker}.ndjson`),
    sync: true,
    mkdir: true,
    maxLength: WAITING_BYTES_MAX,
  });
  destination.on('error', () => {}); // the server says by other ways that the disk is full
  const logger = pino(
    {
      base: { run, worker, pid: process.pid, nash },
      mixin: () => ({ version: version() }),
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
  return (event, fields = {}, level = 'info') => logger[level](fields, event);
}
