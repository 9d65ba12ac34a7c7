// Logs as data: one JSON object a line, with the process and the run in each.
import { join } from 'node:path';
import { pino } from 'pino';
import type { Log } from '../server/parameter-server.js';

/** A log into `<folder>/<process>.ndjson`, written synchronously: the last lines before a crash are the ones that matter. */
export function openLog(folder: string, processName: string, run: string): Log {
  const logger = pino(
    { base: { process: processName, pid: process.pid, run }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(folder, `${processName}.ndjson`), sync: true, mkdir: true }),
  );
  return (event, fields = {}) => logger.info(fields, event);
}
