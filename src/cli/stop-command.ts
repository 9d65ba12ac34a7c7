// `nash stop`: asks a run to finish its step, save and end.
import { lstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { Command } from 'commander';
import { EXIT, messageOf, NashError } from '../errors.js';
import { startOf, usersOf } from '../run-folder/process-stat.js';
import { runFile } from '../run-folder/run-files.js';
import { resultOf } from '../run-folder/run-result.js';
import { addressOfLiving, isOpen } from '../run-folder/server-address.js';
import { startingServer } from '../run-folder/starting-server.js';
import type { CommandMaker } from './main.js';
import { askStatus } from './status-command.js';
import { NOT_BEGUN, stoppedLine } from './summary.js';

const POLL_MS = 50;
/** Longer than any step: a server that takes longer is stuck, and says so in `nash status`. */
const PATIENCE_MS = 120_000;

export const stopCommand: CommandMaker = (finish) =>
  new Command('stop')
    .description('finish the step, take a checkpoint and end; the run can be resumed')
    .argument('<run-dir>', 'run folder')
    .addHelpText('after', '\nExample:\n  npx nash stop runs/ring')
    .action(async (runDir: string) => {
      if (!isOpen(runDir) && (await stopStarting(runDir))) return finish(EXIT.done);
      const { host } = addressOfLiving(runDir);
      await askStatus(runDir); // an older server did not say when it started: where nobody answers, its pid may have been given again
      if (host !== hostname()) {
        throw new NashError('usage', `the server of ${runDir} runs on ${host}; run \`nash stop\` there`);
      }
      terminate(runDir);
      const deadline = Date.now() + PATIENCE_MS;
      while (isOpen(runDir) && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      if (isOpen(runDir)) {
        throw new NashError(
          'failed',
          `the server of ${runDir} has not ended after ${PATIENCE_MS / 1000} s; \`nash status ${runDir}\` says what it waits for`,
        );
      }
      const resume = `npx nash train ${runFile(runDir, 'config')} --run-dir ${runDir} --resume`;
      process.stdout.write(`${stoppedLine(resultOf(runDir), resume)}\n`);
      finish(EXIT.done);
    });

/** Ends a server that has not opened its folder yet. @returns whether there was one */
async function stopStarting(runDir: string): Promise<boolean> {
  const pid = startingServer(runDir);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  while (startOf(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  process.stdout.write(`${NOT_BEGUN}\n`);
  return true;
}

/** @throws NashError('usage') when there is no such process, or it is not that of who wrote its address, or not ours */
function terminate(runDir: string): void {
  try {
    const { pid } = addressOfLiving(runDir);
    requireOwner(runFile(runDir, 'address'), pid);
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    if (!isOpen(runDir)) return; // it has just ended by itself
    if (cause instanceof NashError) throw cause;
    throw new NashError(
      'usage',
      `the server of ${runDir} cannot be told to stop (${messageOf(cause)}): it has died, or belongs to another user. ` +
        'A run whose server is gone goes on with `nash train CONFIG --resume`.',
      { cause },
    );
  }
}

/** Whoever may write into a folder could name any process there, and root would end it. */
function requireOwner(file: string, pid: number): void {
  const owner = lstatSync(file).uid;
  const other = usersOf(pid).find((user) => user !== owner);
  if (other === undefined) return;
  throw new NashError(
    'usage',
    `${file} is user ${owner}'s, and process ${pid}, which it names, acts for user ${other}: it is not told to stop. ` +
      'If it is the server, end it by hand.',
  );
}
