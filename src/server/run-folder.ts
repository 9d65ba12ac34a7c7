// The folder of one run: its files, written whole or not at all, and the lock that keeps a second server out.
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import type { RunConfig } from '../config/run-config.js';
import { cannotBeWritten, messageOf, NashError } from '../errors.js';
import { EventFile } from '../metrics/event-file.js';
import { processStat } from './process-stat.js';

/** Address of a living server, for `nash status`, `nash stop` and workers. */
export interface ServerAddress {
  pid: number;
  endpoint: string;
  /** the same socket, for processes of `host` */
  localEndpoint: string;
  http: string;
  host: string;
}

/** What `--resume` and `--force` allow to happen to a folder that holds a run. */
export type Opening = 'fresh' | 'resume' | 'force';

/** Files of a run, which `--force` removes and which show that a folder holds one. */
const TERM = 'term';
const RUN_FILES = [
  TERM,
  'config.yaml',
  'environment.json',
  'server.json',
  'metrics.jsonl',
  'figures',
  'checkpoints',
  'logs',
  'result.json',
];

/** Digits of a step in a figure's name. */
const FIGURE_DIGITS = 7;

export class RunFolder {
  readonly checkpoints: string;
  readonly figures: string;
  readonly logs: string;
  /** for TensorBoard */
  readonly events: EventFile;

  private constructor(
    readonly path: string,
    private readonly isNew: boolean,
  ) {
    this.checkpoints = join(path, 'checkpoints');
    this.figures = join(path, 'figures');
    this.logs = join(path, 'logs');
    this.events = new EventFile(path);
  }

  /** Whether a folder holds a run. */
  static holdsRun(path: string): boolean {
    return existsSync(join(path, 'config.yaml')) || existsSync(join(path, 'checkpoints'));
  }

  /**
   * Refuses, before anything is written, what `open` would refuse.
   * @throws NashError('usage')
   */
  static check(path: string, opening: Opening): void {
    if (existsSync(path) && !statSync(path).isDirectory()) {
      throw new NashError('usage', `the run folder ${path} is a file; choose another with --run-dir`);
    }
    if (opening === 'fresh' && RunFolder.holdsRun(path)) {
      throw new NashError(
        'usage',
        `${path} already holds a run. --resume goes on with it, --force replaces it, --run-dir DIR takes another folder.`,
      );
    }
  }

  /**
   * Opens and locks a folder, making it where it does not exist.
   * @throws NashError('usage') when it holds a run that may not be touched or another server works in it,
   * NashError('environment') when it cannot be written
   */
  static open(path: string, opening: Opening): RunFolder {
    RunFolder.check(path, opening);
    const isNew = !existsSync(path);
    try {
      makeFolder(path);
      lock(path);
    } catch (cause) {
      if (cause instanceof NashError) throw cause;
      throw new NashError('environment', `the run folder ${path} cannot be written: ${messageOf(cause)}`, {
        cause,
      });
    }
    if (opening === 'force') {
      for (const name of RUN_FILES) rmSync(join(path, name), { recursive: true, force: true });
      for (const name of readdirSync(path)) if (name.startsWith('events.')) rmSync(join(path, name));
    }
    const folder = new RunFolder(path, isNew);
    folder.writing('metrics.jsonl', dropUnfinishedLine);
    makeFolder(folder.figures);
    makeFolder(folder.logs);
    return folder;
  }

  writeConfig(config: RunConfig): void {
    const note = '# The resolved config of this run; `nash train` wrote it.\n';
    this.replace('config.yaml', note + stringify(structuredClone(config)));
  }

  writeJson(name: 'environment.json' | 'result.json', value: unknown): void {
    this.replace(name, `${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** Says where the server listens; to be called once both sockets are bound. */
  writeAddress(address: ServerAddress): void {
    this.replace('server.json', `${JSON.stringify(address)}\n`);
  }

  /** The highest term that a server of this folder has had; 0 before the first. */
  lastTerm(): number {
    try {
      return Number(readFileSync(join(this.path, TERM), 'utf8')) || 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  noteTerm(term: number): void {
    this.replace(TERM, `${term}\n`);
  }

  appendMetrics(line: unknown): void {
    this.writing('metrics.jsonl', (path) => appendFileSync(path, `${JSON.stringify(line)}\n`));
  }

  /** What the evaluator drew of a version, where it draws into this folder: PNG files by kind, `samples` or `points`. */
  figuresOf(version: number): { kind: string; png: Buffer }[] {
    const ending = `-${String(version).padStart(FIGURE_DIGITS, '0')}.png`;
    return readdirSync(this.figures)
      .filter((name) => name.endsWith(ending))
      .map((name) => ({ kind: name.slice(0, -ending.length), png: readFileSync(join(this.figures, name)) }));
  }

  /** Gives the folder back: no address, no lock. A folder that a refused run made is removed again. */
  close({ refused = false } = {}): void {
    this.events.close();
    rmSync(join(this.path, 'server.json'), { force: true });
    rmSync(join(this.path, LOCK), { force: true });
    if (!refused) return;
    if (this.isNew) rmSync(this.path, { recursive: true, force: true });
    else for (const name of RUN_FILES) rmSync(join(this.path, name), { recursive: true, force: true });
  }

  private replace(name: string, text: string): void {
    this.writing(name, (path) => writeWhole(path, text));
  }

  private writing(name: string, write: (path: string) => void): void {
    const path = join(this.path, name);
    try {
      write(path);
    } catch (cause) {
      throw cannotBeWritten(path, cause);
    }
  }
}

/** What a killed server or a full disk left of a last line; the next one must not be written behind it. */
function dropUnfinishedLine(path: string): void {
  if (!existsSync(path)) return;
  const bytes = readFileSync(path);
  if (bytes.length > 0 && bytes.at(-1) !== 10) truncateSync(path, bytes.lastIndexOf(10) + 1);
}

/** @throws NashError('usage') when no server works in that folder */
export function readAddress(path: string): ServerAddress {
  let text: string;
  try {
    text = readFileSync(join(path, 'server.json'), 'utf8');
  } catch (cause) {
    const what = RunFolder.holdsRun(path)
      ? 'its server is not running; `nash train CONFIG --resume` starts it again'
      : existsSync(path)
        ? 'the folder holds no run'
        : 'there is no such folder';
    throw new NashError('usage', `no server in ${path}: ${what}.`, { cause });
  }
  return JSON.parse(text) as ServerAddress;
}

/** The address of a server of this host that is alive; undefined while there is none, also where a killed one left its address. */
export function livingAddress(path: string): ServerAddress | undefined {
  const holder = holderOf(join(path, LOCK));
  if (!holder || !isAlive(holder)) return undefined;
  try {
    const address = readAddress(path);
    return address.pid === holder.pid ? address : undefined;
  } catch (error) {
    if (error instanceof NashError) return undefined; // it is starting, or has just ended
    throw error;
  }
}

const LOCK = 'lock';

interface Lock {
  pid: number;
  host: string;
  /** start of the process in kernel ticks, so that a pid that was given again is not mistaken for its holder */
  started: string;
}

/** Takes the lock, over a dead holder's too. A lock from another host is believed. */
function lock(path: string): void {
  const file = join(path, LOCK);
  const mine: Lock = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? '' };
  const holder = holderOf(file);
  if (holder && isAlive(holder)) {
    throw new NashError(
      'usage',
      `another server (process ${holder.pid} on ${holder.host}) works in ${path}. ` +
        `\`nash stop ${path}\` ends it; if it is on a host that is gone, remove ${file}.`,
    );
  }
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(mine), { flag: 'wx' });
}

function holderOf(file: string): Lock | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Lock;
  } catch {
    return undefined; // no lock, or one that was cut off while it was written: nobody holds it
  }
}

function isAlive(holder: Lock): boolean {
  if (holder.host !== hostname()) return true;
  return holder.pid !== process.pid && startOf(holder.pid) === holder.started;
}

/** Undefined when there is no such process, or only what is left of it. */
function startOf(pid: number): string | undefined {
  const stat = processStat(pid);
  return stat?.state === 'Z' ? undefined : stat?.started;
}
