// `nash train --detach`: the launcher in a session of its own, for whoever closes the terminal, or the laptop.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { EXIT } from '../errors.js';
import { livingAddress } from '../run-folder/server-address.js';
import { NASH } from './processes.js';

const LOOK_MS = 100;

/**
 * Starts the same command without a terminal, and waits until its server listens. What it writes is in `.launch/` beside the run folder,
 * not in it: a run that is refused leaves no folder. Until it listens, signals are for it.
 * @param words of this command
 * @returns exit status: 0 once it trains, else that of the command that ended
 */
export async function detach(words: readonly string[], runDir: string): Promise<number> {
  const folder = join(dirname(resolve(runDir)), '.launch');
  makeFolder(folder, 0o700);
  const path = join(folder, `${basename(resolve(runDir))}.log`);
  const before = livingAddress(runDir)?.pid;
  const log = openSync(path, 'w');
  const child = spawn(process.execPath, [NASH, ...words.filter((word) => word !== '--detach')], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  let ended: number | undefined;
  child.once('exit', (code) => {
    ended = code ?? EXIT.failed;
  });
  while (ended === undefined) {
    const pid = livingAddress(runDir)?.pid;
    if (pid !== undefined && pid !== before) {
      child.unref();
      process.stdout.write(
        `${runDir} trains in the background (process ${child.pid}). Look at it with: npx nash attach ${runDir}; end it with: npx nash stop ${runDir}\n`,
      );
      return EXIT.done;
    }
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
  }
  process.stderr.write(readFileSync(path, 'utf8'));
  return ended;
}
