// Files of other programs: what Pillow, NumPy and pyarrow write and read, where this machine's Python has them.
import { execFileSync, spawnSync } from 'node:child_process';

/** `$NASH_PYTHON` names another, as it does for `nash setup`. */
const PYTHON = process.env.NASH_PYTHON || 'python3';

/** Why a test is skipped, or false where this Python has the modules. */
export function pythonLacks(...modules: readonly string[]): string | false {
  const { status } = spawnSync(PYTHON, ['-c', modules.map((name) => `import ${name}`).join('\n')]);
  return status === 0 ? false : `${PYTHON} has no ${modules.join(', ')} (NASH_PYTHON names another Python)`;
}

/** Runs a program of lines; its arguments are in `sys.argv[1:]`. */
export const python = (program: string, ...args: readonly string[]): Buffer =>
  execFileSync(PYTHON, ['-c', program, ...args], { maxBuffer: 2 ** 30 });

/** What a program in a file prints. */
export const runPython = (file: string, ...args: readonly string[]): string =>
  execFileSync(PYTHON, ['-B', file, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
