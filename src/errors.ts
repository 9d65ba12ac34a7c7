// Every error that a person may see has a code, and the code decides the exit status of the process.

/** Exit statuses of every `nash` command. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  environment: 3,
  resumable: 75,
  interrupted: 130,
  terminated: 143,
} as const;

/** Whose fault it is: `usage` (arguments, config, data, checkpoint: 2), `environment` (library, GPU, port, disk: 3), `failed` (training: 1). */
export type Fault = 'usage' | 'environment' | 'failed';

/**
 * An error for a person: one message that says what was found, what was expected and how to mend it.
 * It is printed without a stack trace; anything else that is thrown is a bug of ours and keeps its stack.
 */
export class NashError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'NashError';
    this.fault = fault;
  }

  get exitCode(): number {
    return EXIT[this.fault];
  }
}

/** Throws when a claim about our own code does not hold; the message carries the values that broke it. */
export function assert(claim: unknown, message: string | (() => string)): asserts claim {
  if (!claim) throw new Error(`broken invariant: ${typeof message === 'string' ? message : message()}`);
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How what the system refuses is mended, by the code of its error. */
const MENDS: Readonly<Record<string, string>> = {
  EACCES: 'It is closed to this user: run nash as its owner, or have it opened (chmod)',
  EPERM: "It is another user's: run nash as its owner",
  EROFS: 'That file system is read-only: NASH_CACHE and --run-dir name folders elsewhere',
  EMFILE: 'This process may not open more files: raise the limit (ulimit -n 1024), or start fewer workers',
  ENFILE: 'The machine may not open more files: raise fs.file-max, or end what has so many open',
};

/** What was thrown as an error for a person, where it is one or comes of the machine; undefined where it is a bug of ours. */
export function forPerson(error: unknown): NashError | undefined {
  if (error instanceof NashError) return error;
  const mend = MENDS[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  return mend ? new NashError('environment', `${messageOf(error)}. ${mend}.`, { cause: error }) : undefined;
}

/** A full disk, or a run's folder that may not be written, is the environment's fault. */
export function cannotBeWritten(path: string, cause: unknown): NashError {
  const message = `${path} cannot be written: ${messageOf(cause)}. Make room or mend the folder; \`nash train CONFIG --resume\` goes on from the last whole checkpoint, where there is one.`;
  return new NashError('environment', message, { cause });
}
