// Where the server of a run is to be found, as server.json says it.
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { NashError } from '../errors.js';
import { livingHolder } from './lock.js';
import { holdsRun } from './ownership.js';
import { startOf } from './process-stat.js';
import { runFile } from './run-files.js';

const line = z.string().min(1).max(4096);
const serverAddress = z.object({
  /** never 0 or less: such a number is a group of processes to who signals it */
  pid: z.int().positive(),
  /** of the process, in kernel ticks, so that a pid that was given again is not taken for the server; older servers do not say it */
  started: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  /** for other hosts too, over TCP, where that was asked for; else the same as `localEndpoint` */
  endpoint: line,
  /** a Unix socket, for processes of `host` */
  localEndpoint: line,
  http: line,
  host: line,
});

/** Address of a living server, for `nash status`, `nash stop` and workers. */
export type ServerAddress = z.infer<typeof serverAddress>;

/** Whether a server has opened a run and not closed it; one that was killed has not. */
export const isOpen = (runDir: string): boolean => existsSync(runFile(runDir, 'address'));

/** @throws NashError('usage') when no server works in that folder */
export function readAddress(runDir: string): ServerAddress {
  let text: string;
  try {
    text = readFileSync(runFile(runDir, 'address'), 'utf8');
  } catch (cause) {
    const what = holdsRun(runDir)
      ? 'its server is not running; `nash train CONFIG --resume` starts it again'
      : existsSync(runDir)
        ? 'the folder holds no run'
        : 'there is no such folder';
    throw new NashError('usage', `no server in ${runDir}: ${what}.`, { cause });
  }
  try {
    return serverAddress.parse(JSON.parse(text));
  } catch (cause) {
    const file = runFile(runDir, 'address');
    const message = `${file} is damaged: it does not say where a server is. Remove it; \`nash train CONFIG --resume\` goes on with a run whose server is gone.`;
    throw new NashError('usage', message, { cause });
  }
}

/**
 * The address of a server that may be alive: one of this host is, for sure where it said when it started. Whoever asks or signals a
 * dead server's address would believe any program that has its port or process id now.
 * @throws NashError('usage') when no server works in that folder, or the one that did was killed
 */
export function addressOfLiving(runDir: string): ServerAddress {
  const address = readAddress(runDir);
  const { pid, host, started } = address;
  if (host !== hostname()) return address;
  const found = startOf(pid);
  if (found !== undefined && (started ?? found) === found) return address;
  if (!isOpen(runDir)) return readAddress(runDir); // it has just ended: which that refuses
  const what =
    found === undefined ? 'there is no such process' : 'its process id is that of another program now';
  throw new NashError(
    'usage',
    `the server of ${runDir}, process ${pid}, was killed: ${what}. Its run goes on with ` +
      `\`nash train ${runFile(runDir, 'config')} --run-dir ${runDir} --resume\`.`,
  );
}

/** The address of a server of this host that is alive; undefined while there is none, also where a killed one left its address. */
export function livingAddress(runDir: string): ServerAddress | undefined {
  const holder = livingHolder(runDir);
  if (!holder) return undefined;
  try {
    const address = readAddress(runDir);
    return address.pid === holder.pid ? address : undefined;
  } catch (error) {
    if (error instanceof NashError) return undefined; // it is starting, or has just ended
    throw error;
  }
}
