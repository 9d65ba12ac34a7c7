// `nash data`: a published data set, downloaded or taken from files that are here already.
import { existsSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { makeFolder } from '../../src/setup/files.mjs';
import { withLock } from '../../src/setup/lock.mjs';
import { type DownloadReport, download } from '../data/download.js';
import { ORIGINAL_NAMES, ORIGINALS, type OriginalName } from '../data/originals.js';
import { takeLocal } from '../data/take-local.js';
import { EXIT, messageOf, NashError } from '../errors.js';
import { dataShowCommand } from './data-show.js';
import type { CommandMaker } from './main.js';

/** A line off a terminal at most this often. */
const QUIET_MS = 5000;

export const dataCommand: CommandMaker = (finish) =>
  new Command('data')
    .description('get a published data set, its sums checked; or look at the data of a config')
    .addArgument(new Argument('<name>', 'data set').choices([...ORIGINAL_NAMES]))
    .option('--from <path>', 'take it from a folder or a file on this machine instead of downloading it')
    .option('--to <dir>', 'folder to put it into (default: data/<name>)')
    .addCommand(dataShowCommand(finish))
    .addHelpText(
      'after',
      '\nExample:\n  npx nash data mnist\n  npx nash data cifar10 --from ~/Downloads/cifar-10-binary.tar.gz\n  npx nash data show configs/mnist-gan.yaml --out seen.png',
    )
    .action(async (name: OriginalName, { from, to = join('data', name) }: { from?: string; to?: string }) => {
      const report = reportTo(process.stderr);
      makeTarget(to);
      try {
        await withLock(
          join(to, '.lock'),
          (holder) => report.log(`process ${holder} is filling ${to}, waiting`),
          () =>
            from === undefined
              ? download(ORIGINALS[name], to, report)
              : takeLocal(name, from, to, report.log),
        );
      } finally {
        for (const folder of [join(to, '.partial'), to]) removeEmpty(folder); // a refused command leaves nothing behind
      }
      process.stdout.write(`${name} is in ${to}; use it with --set data.path=${to}\n`);
      finish(EXIT.done);
    });

function makeTarget(to: string): void {
  if (existsSync(to) && !statSync(to).isDirectory())
    throw new NashError('usage', `--to '${to}' is a file, expected a folder.`);
  try {
    makeFolder(to);
  } catch (error) {
    throw new NashError(
      'environment',
      `--to '${to}' cannot be made (${messageOf(error)}). Name a folder that you may write.`,
      { cause: error },
    );
  }
}

function removeEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

/** Whole lines, and one that is rewritten on a terminal. */
function reportTo(stream: NodeJS.WriteStream): DownloadReport {
  let last = 0;
  let isOpen = false;
  return {
    log(line) {
      stream.write(`${isOpen ? '\r\x1b[2K' : ''}${line}\n`);
      isOpen = false;
    },
    progress(line) {
      const now = Date.now();
      if (now - last < (stream.isTTY ? 100 : QUIET_MS)) return;
      last = now;
      stream.write(stream.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
      isOpen = stream.isTTY === true;
    },
  };
}
