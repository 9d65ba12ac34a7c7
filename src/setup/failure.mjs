// What a person reads when set-up cannot go on. Runs before anything is installed: Node's own modules only.

/** Exit statuses, the same as in src/errors.ts, which cannot be imported before the build. */
export const EXIT = Object.freeze({ done: 0, failed: 1, usage: 2, environment: 3 });

/**
 * A failure for a person. It is printed without a stack trace; anything else that is thrown is a bug of ours.
 */
export class SetupFailure extends Error {
  /**
   * @param {{ found: string, needed?: string, mend: string, exitCode?: number, cause?: unknown }} said
   *   what was found, what is needed instead, and how to mend it
   */
  constructor({ found, needed, mend, exitCode = EXIT.environment, cause }) {
    super([found, needed && `Needed: ${needed}`, `To mend it: ${mend}`].filter(Boolean).join('\n  '), {
      cause,
    });
    this.name = 'SetupFailure';
    this.exitCode = exitCode;
  }
}

/**
 * Arguments that a command does not know.
 * @param {string} found @param {string} command
 */
export function usage(found, command) {
  return new SetupFailure({ found, mend: `nash ${command} --help lists the options`, exitCode: EXIT.usage });
}

/**
 * The `code` of a system error, or undefined.
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/**
 * Tells a full disk and a folder that may not be written apart from bugs.
 * @param {unknown} error @param {string} where
 * @returns {unknown} a `SetupFailure` for those, otherwise the error itself
 */
export function explainFileError(error, where) {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SetupFailure({
      found: `the disk that holds ${where} is full`,
      mend: 'free some space, or set NASH_CACHE to a folder on a larger disk, and run the command again',
      cause: error,
    });
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code ?? '')) {
    return new SetupFailure({
      found: `${where} may not be written (${code})`,
      mend: 'make it writable for you, or set NASH_CACHE to a folder that is',
      cause: error,
    });
  }
  return error;
}
