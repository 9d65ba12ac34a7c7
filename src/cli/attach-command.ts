// `nash attach`: the line of `nash train` again, from any terminal, until the run ends. Leaving it (Ctrl-C) leaves the run alone.
import { Command } from 'commander';
import { EXIT } from '../errors.js';
import { findRun } from '../run-folder/find-run.js';
import type { RunStatus } from '../server/pages/run-status.js';
import type { CommandMaker } from './main.js';
import { type ProgressDisplay, progressDisplay } from './progress.js';
import { askStatus, endedOf, sourceOf, watch } from './status-command.js';
import { outcomeOf } from './summary.js';

export const attachCommand: CommandMaker = (finish) =>
  new Command('attach')
    .description(
      'show how a living run goes until it ends, and end with its status; Ctrl-C leaves the run alone',
    )
    .argument('[run-dir]', 'run folder (default: the one under runs/ whose server is alive)')
    .addHelpText(
      'after',
      '\nExample:\n  npx nash train configs/ring.yaml --detach && npx nash attach runs/ring',
    )
    .action(async (runDir: string | undefined) => finish(await attach(findRun(runDir))));

/** @returns 0 where the run is done, 75 where it was stopped, else whose fault its end is */
async function attach(folder: string): Promise<number> {
  const display = progressDisplay(process.stdout);
  if (!endedOf(folder)) {
    const show = shownIn(display);
    show(await askStatus(folder));
    await watch(folder, show);
  }
  display.end();
  const result = endedOf(folder);
  if (!result) return EXIT.failed;
  for (const line of outcomeOf(result, folder, sourceOf(folder))) display.say(line);
  if (result.status === 'failed') return EXIT[result.fault ?? 'failed'];
  return result.status === 'done' ? EXIT.done : EXIT.resumable;
}

/** What is waited for is said when that changes. */
function shownIn(display: ProgressDisplay): (status: RunStatus) => void {
  let waitingFor: string | null = null;
  return (status) => {
    const kind = status.waitingFor?.replace(/[\d.]+ s/g, '') ?? null;
    if (status.progress) display.show(status.progress);
    if (kind !== null && kind !== waitingFor) display.say(`waiting for ${status.waitingFor}`);
    waitingFor = kind;
  };
}
