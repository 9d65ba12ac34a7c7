// Runs the real command line in real processes. Every process that a test starts is ended with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import type { RunResult } from '../../src/run-folder/run-result.js';

export const NASH = resolve('bin/nash');
const folder = mkdtempSync(join(tmpdir(), 'nash-test-'));
const started = new Set<ChildProcess>();

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  // Its server and workers end a moment after a launcher that was killed, and write until then.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** A path in this test file's own folder. */
export const scratch = (name: string): string => join(folder, name);

export interface Finished {
  exitCode: number;
  stdout: string;
  /** without what is said of waits */
  stderr: string;
}

/** What was said on a standard error, but that something is waited for: on a busy machine anybody may wait for five seconds. */
export const withoutWaits = (stderr: string): string =>
  stderr.replaceAll(/^nash: (waiting for .* \(\d+ s so far\)|no longer waiting, after \d+ s)\n/gm, '');

export interface Running {
  child: ChildProcess;
  pid: number;
  finished: Promise<Finished>;
}

/** Starts a command; ports are free ones, decoded data go to this test's folder. @param within words of a command that runs it */
export function start(
  words: readonly string[],
  { env = {}, within = [] }: { env?: Record<string, string>; within?: readonly string[] } = {},
): Running {
  const [command, ...all] = [...within, process.execPath, NASH, ...words];
  const child = spawn(command!, all, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NASH_CACHE: join(folder, 'cache'), ...env },
  });
  started.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (text) => {
    stdout += text;
  });
  child.stderr!.on('data', (text) => {
    stderr += text;
  });
  const finished = new Promise<Finished>((done) => {
    child.once('close', (code, signal) => {
      started.delete(child);
      done({ exitCode: code ?? (signal === 'SIGKILL' ? 137 : 1), stdout, stderr: withoutWaits(stderr) });
    });
  });
  return { child, pid: child.pid!, finished };
}

/** Words for `nash train`: these workers and no evaluator, for a test of which it is no part. */
export const workersOnly = (workers: string): string[] => [
  '--topology',
  resolve('tests/support/no-evaluator.yaml'),
  '--workers',
  workers,
];

/** Environment of a run whose workers have a fault: see tests/support/faulty-worker.mjs. */
export const faulty = (kind: string, once = ''): Record<string, string> => ({
  NODE_OPTIONS: `--import=${resolve('tests/support/faulty-worker.mjs')}`,
  FAULT: kind,
  FAULT_ONCE: once,
});

/** Environment of a run whose checkpoints reach the disk late. */
export const slowDisk = { NODE_OPTIONS: `--import=${resolve('tests/support/slow-disk.mjs')}` };

export const nash = (...words: string[]): Promise<Finished> => start(words).finished;

/** Words for `nash train` into a folder of this test, any free ports. */
export function trainWords(
  name: string,
  config: string,
  sets: Record<string, string | number>,
  rest: string[] = [],
): string[] {
  const assignments = { 'server.http': '127.0.0.1:0', ...sets };
  return [
    'train',
    config,
    '--run-dir',
    scratch(name),
    ...Object.entries(assignments).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
    ...rest,
  ];
}

export const resultOf = (name: string): RunResult =>
  JSON.parse(readFileSync(join(scratch(name), 'result.json'), 'utf8'));

/** Polls until a claim holds; fails after `timeoutMs` saying what was waited for. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 90_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
}

export interface LiveStatus {
  step: { discriminator: number; generator: number };
  waitingFor: string | null;
  workers: { id: string; pool: string; pid: number; state: string }[];
}

/** The run's status once its server answers and `accept` likes what it says. */
export const statusWhen = (
  name: string,
  what: string,
  accept: (status: LiveStatus) => boolean,
): Promise<LiveStatus> =>
  until(what, async () => {
    const file = join(scratch(name), 'server.json');
    if (!existsSync(file)) return undefined;
    try {
      const { http } = JSON.parse(readFileSync(file, 'utf8'));
      const status = (await (await fetch(`http://${http}/status`)).json()) as LiveStatus;
      return accept(status) ? status : undefined;
    } catch {
      return undefined; // it is starting, or it has ended
    }
  });

export const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0] !== 'Z';
  } catch {
    return false;
  }
};

/** A port that was free a moment ago, for programs that cannot say which one they took. */
export function freePort(): Promise<number> {
  return new Promise((bound) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => bound(port));
    });
  });
}

/** A folder with a CIFAR-10 binary file of `count` random images. */
export function syntheticCifar(count = 256): string {
  const path = scratch(`cifar-${count}`);
  if (existsSync(path)) return path;
  const random = new RandomStream(seedOf('cifar', count));
  const bytes = Buffer.from(
    Uint8Array.from({ length: count * 3073 }, (_, i) =>
      i % 3073 === 0 ? random.below(10) : random.below(256),
    ),
  );
  mkdirSync(path);
  writeFileSync(join(path, 'some.bin'), bytes);
  return path;
}

/** A folder with MNIST's four files in miniature: random images, IDX headers. */
export function syntheticMnist(count = 200): string {
  const path = scratch(`mnist-${count}`);
  if (existsSync(path)) return path;
  mkdirSync(path);
  const random = new RandomStream(seedOf('mnist', count));
  const bytes = (length: number, bound: number) =>
    Buffer.from(Uint8Array.from({ length }, () => random.below(bound)));
  const header = (magic: number, ...dims: number[]) => {
    const buffer = Buffer.alloc(4 + 4 * dims.length);
    [magic, ...dims].forEach((value, i) => {
      buffer.writeUInt32BE(value, 4 * i);
    });
    return buffer;
  };
  for (const split of ['train', 't10k']) {
    writeFileSync(
      join(path, `${split}-images-idx3-ubyte`),
      Buffer.concat([header(0x803, count, 28, 28), bytes(count * 784, 256)]),
    );
    writeFileSync(
      join(path, `${split}-labels-idx1-ubyte`),
      Buffer.concat([header(0x801, count), bytes(count, 10)]),
    );
  }
  return path;
}
