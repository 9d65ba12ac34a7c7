// A command of Nash that another runs to its end, such as a training in the course of an audit.
import { type ChildProcess, spawn } from 'node:child_process';
import { EXIT, type Fault, NashError } from '../errors.js';
import { NASH } from './processes.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Those that run now, each in a process group of its own: a terminal's Ctrl-C reaches them through here, once. */
const running = new Set<ChildProcess>();
const forward = (signal: NodeJS.Signals): void => {
  for (const child of running) child.kill(signal);
};

/** Of its standard error, at most this much is told. */
const COMPLAINT_CHARACTERS = 2000;

/**
 * @param onLine told each line of its standard output
 * @throws NashError with what it complained of, by its exit status; 'interrupted' where it was stopped and can be resumed
 */
export async function runCommand(
  words: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const child = spawn(process.execPath, [NASH, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  if (running.size === 0) for (const signal of SIGNALS) process.on(signal, forward);
  running.add(child);
  let complaint = '';
  let unfinished = '';
  child.stderr.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-COMPLAINT_CHARACTERS);
  });
  child.stdout.on('data', (text) => {
    const lines = `${unfinished}${text}`.split('\n');
    unfinished = lines.pop()!;
    for (const line of lines) onLine(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  running.delete(child);
  if (running.size === 0) for (const signal of SIGNALS) process.off(signal, forward);
  if (code === EXIT.done) return;
  if (code === EXIT.resumable) throw new Interrupted(code);
  const fault: Fault = code === EXIT.usage ? 'usage' : code === EXIT.environment ? 'environment' : 'failed';
  const told = complaint
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^nash: /, '');
  throw new NashError(fault, `nash ${words[0]} ended with ${code}: ${told || 'it said nothing'}`);
}

/** The command was asked to stop, as this one was: Ctrl-C reaches both. */
export class Interrupted extends NashError {
  constructor(private readonly code: number) {
    super('failed', 'interrupted; the same command goes on from here');
  }

  override get exitCode(): number {
    return this.code;
  }
}
