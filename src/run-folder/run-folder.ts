// The folder of one run, as its server has it: files written whole or not at all.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import type { RunConfig } from '../config/run-config.js';
import { cannotBeWritten, messageOf, NashError } from '../errors.js';
import { EventFile } from '../metrics/event-file.js';
import { LedgerFile } from './ledger.js';
import { LineFile } from './line-file.js';
import { lockRun, unlockRun } from './lock.js';
import { CONFIG_MARK, holdsRun, removeEmpty, removePrivate, removeRun, requireOwn } from './ownership.js';
import type { Remembered } from './remembered.js';
import { type RunFile, runFile } from './run-files.js';
import type { RunResult } from './run-result.js';
import type { ServerAddress } from './server-address.js';
import { linkTargets, targetsOf, unlinkTargets } from './targets.js';

/** What `--resume` and `--force` allow to happen to a folder that holds a run. */
export type Opening = 'fresh' | 'resume' | 'force';

export class RunFolder {
  readonly checkpoints: string;
  readonly logs: string;
  /** for TensorBoard */
  readonly events: EventFile;
  private readonly metrics: LineFile;
  readonly ledger: LedgerFile;
  /** Called for each line of metrics.jsonl or the ledger, and each event, that finds no room when it comes; training goes on. */
  onUnwritten: (path: string, cause: unknown) => void = () => {};

  private constructor(
    readonly path: string,
    private readonly isNew: boolean,
  ) {
    this.checkpoints = runFile(path, 'checkpoints');
    this.logs = runFile(path, 'logs');
    const onTrouble = (file: string, cause: unknown) => this.onUnwritten(file, cause);
    this.events = new EventFile(path, { onTrouble });
    this.metrics = new LineFile(runFile(path, 'metrics'), onTrouble);
    this.ledger = new LedgerFile(runFile(path, 'ledger'), onTrouble);
  }

  /**
   * Refuses, before anything is written, what `open` would refuse: somebody else's files above all.
   * @throws NashError('usage')
   */
  static check(path: string, opening: Opening): void {
    if (existsSync(path) && !statSync(path).isDirectory()) {
      throw new NashError('usage', `the run folder ${path} is a file; choose another with --run-dir`);
    }
    requireOwn(path);
    if (opening === 'fresh' && holdsRun(path)) {
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
      makeFolder(dirname(path));
      makeFolder(path, 0o700); // weights and samples of private pictures lie there: whoever is to see them is let in by chmod
      lockRun(path);
      recheck(path, opening);
    } catch (cause) {
      if (cause instanceof NashError) throw cause;
      throw new NashError('environment', `the run folder ${path} cannot be written: ${messageOf(cause)}`, {
        cause,
      });
    }
    if (opening === 'force') removeRun(path);
    const folder = new RunFolder(path, isNew);
    makeFolder(runFile(path, 'figures'));
    makeFolder(folder.logs);
    return folder;
  }

  /**
   * @param config with which the run was begun, and what decides nothing as it is now
   * @param notes for a person, a line each
   */
  writeConfig(config: RunConfig, notes: readonly string[] = []): void {
    const comments = [CONFIG_MARK, ...notes.map((line) => `# ${line}`)].map((line) => `${line}\n`).join('');
    this.replace('config', comments + stringify(structuredClone(config)));
  }

  writeArguments(given: Remembered): void {
    this.replace('arguments', `${JSON.stringify(given, undefined, 2)}\n`);
  }

  writeEnvironment(environment: unknown): void {
    this.replace('environment', `${JSON.stringify(environment, undefined, 2)}\n`);
  }

  /** @param result of a run that failed only what is known */
  writeResult(result: Partial<RunResult>): void {
    this.replace('result', `${JSON.stringify(result, undefined, 2)}\n`);
  }

  /** The run's name among others, `ring-3fa9c1`: its folder's, and an id that is made with its first start. */
  get run(): string {
    const path = runFile(this.path, 'id');
    if (!existsSync(path)) this.replace('id', `${randomBytes(3).toString('hex')}\n`);
    return `${basename(resolve(this.path))}-${readFileSync(path, 'utf8').trim().slice(0, 64)}`;
  }

  /** Says where the server listens, to people's commands and to Prometheus; to be called once both sockets are bound. */
  writeAddress(address: ServerAddress): void {
    this.replace(
      'targets',
      `${JSON.stringify(targetsOf(this.path, { run: this.run, http: address.http }))}\n`,
    );
    linkTargets(this.path);
    this.replace('address', `${JSON.stringify(address)}\n`);
  }

  /** The highest term that a server of this folder has had; 0 before the first. */
  lastTerm(): number {
    try {
      return Number(readFileSync(runFile(this.path, 'term'), 'utf8')) || 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  noteTerm(term: number): void {
    this.replace('term', `${term}\n`);
  }

  /** Ends nothing: what finds no room waits for some. */
  appendMetrics(line: unknown): void {
    this.metrics.append(JSON.stringify(line));
  }

  /** Gives the folder back: no address, no lock. A folder that a refused run made is removed again. */
  close({ refused = false } = {}): void {
    this.events.close();
    for (const file of ['address', 'targets'] as const) rmSync(runFile(this.path, file), { force: true });
    unlinkTargets(this.path);
    removePrivate(this.path);
    unlockRun(this.path);
    if (!refused) return;
    removeRun(this.path);
    if (this.isNew) removeEmpty(this.path);
  }

  private replace(file: RunFile, text: string): void {
    this.writing(file, (path) => writeWhole(path, text));
  }

  private writing(file: RunFile, write: (path: string) => void): void {
    const path = runFile(this.path, file);
    try {
      write(path);
    } catch (cause) {
      throw cannotBeWritten(path, cause);
    }
  }
}

/** Another server may have begun a run, and ended it, between the check and the lock. */
function recheck(path: string, opening: Opening): void {
  try {
    RunFolder.check(path, opening);
  } catch (error) {
    unlockRun(path);
    throw error;
  }
}
