// Files of other programs: what Pillow, NumPy and pyarrow write and read, where this machine's Python has them.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/**
 * What a program prints of folders, which are its arguments: a line for each.
 * @param files of each folder, by their path
 */
export function pythonOfFolders(
  program: string,
  files: readonly ReadonlyMap<string, Uint8Array>[],
): string[] {
  const home = mkdtempSync(join(tmpdir(), 'nash-python-'));
  try {
    const folders = files.map((each, i) => {
      const folder = join(home, String(i));
      mkdirSync(folder);
      for (const [path, bytes] of each) writeFileSync(join(folder, path), bytes);
      return folder;
    });
    const said = execFileSync(PYTHON, ['-c', program, ...folders], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return said.trim().split('\n');
  } finally {
    rmSync(home, { recursive: true });
  }
}
