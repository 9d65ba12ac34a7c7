// The processes that `nash train` starts: each in a group of its own, so that Ctrl-C reaches the launcher alone, and each
// linked to it, so that neither outlives the other.
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { DownMessage, UpMessage } from './launcher-link.js';
import { NASH } from './processes.js';

export interface ChildOptions {
  name: string;
  words: readonly string[];
  /** folder for what it writes to its standard error; absent: the launcher's own */
  logs?: string;
  /** beside the launcher's own environment */
  env?: Readonly<Record<string, string>>;
  /** standard output: the launcher's own, or none */
  onMessage?(message: UpMessage): void;
  onExit(exitCode: number): void;
}

/** How long a process may take to end after SIGTERM. */
const GRACE_MS = 3000;

export class Child {
  private readonly process: ChildProcess;
  private readonly errors: string | undefined;
  readonly exited: Promise<number>;

  constructor(readonly options: ChildOptions) {
    this.errors = options.logs === undefined ? undefined : join(options.logs, `${options.name}.stderr`);
    const stderr = this.errors === undefined ? 'inherit' : openSync(this.errors, 'a');
    this.process = fork(NASH, [...options.words], {
      detached: true,
      stdio: ['ignore', 'ignore', stderr, 'ipc'],
      env: { ...process.env, NASH_LAUNCHED: '1', ...options.env },
    });
    if (typeof stderr === 'number') closeSync(stderr);
    this.process.on('message', (message) => options.onMessage?.(message as UpMessage));
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        const exitCode = code ?? 128 + constants.signals[signal!];
        resolve(exitCode);
        options.onExit(exitCode);
      });
    });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  tell(message: DownMessage): void {
    // a child that has just died hears nothing; its exit is reported by itself
    if (this.process.connected) this.process.send(message, () => {});
  }

  /** The last complaint that it wrote: one meant for a person, or the first line of an error that nobody handled. */
  lastWords(): string {
    if (this.errors === undefined) return '';
    const lines = readFileSync(this.errors, 'utf8').trimEnd().split('\n');
    const complaint = lines
      .reverse()
      .find((line) => /^(nash: (?!waiting for |no longer waiting)|(Uncaught )?\w*Error: )/.test(line));
    return complaint?.replace(/^nash: /, '') ?? '';
  }

  /** Ends it: politely, then not. */
  async end(): Promise<void> {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), GRACE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.process.kill('SIGKILL');
  }
}
