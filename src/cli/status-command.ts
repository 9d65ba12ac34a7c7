// `nash status`: what a run is doing now, asked of its server.
import { Command } from 'commander';
import { EXIT, NashError } from '../errors.js';
import { readAddress } from '../server/run-folder.js';
import { findRun } from './find-run.js';
import type { CommandMaker } from './main.js';

/** Answer of the server's /status. */
interface Status {
  step: { discriminator: number; generator: number };
  waitingFor: string | null;
  workers: {
    id: string;
    pool: string;
    state: string;
    pid?: number;
    host: string;
    device: string;
    step: number | null;
  }[];
  http: string;
  endpoint: string;
}

const WATCH_MS = 1000;
const ANSWER_MS = 5000;

export const statusCommand: CommandMaker = (finish) =>
  new Command('status')
    .description("show a run's step, what it waits for, and its workers")
    .argument('[run-dir]', 'run folder (default: the one under runs/ whose server is alive)')
    .option('--json', 'one line of JSON')
    .option('--watch', 'again every second, until the run ends')
    .addHelpText('after', '\nExample:\n  npx nash status runs/ring --watch')
    .action(async (runDir: string | undefined, args: { json?: boolean; watch?: boolean }) => {
      const folder = findRun(runDir);
      do {
        const status = await askStatus(folder);
        process.stdout.write(args.json ? `${JSON.stringify(status)}\n` : `${table(status)}\n`);
        if (args.watch) await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      } while (args.watch);
      finish(EXIT.done);
    });

/** @throws NashError('usage') when no server answers for that folder */
export async function askStatus(runDir: string): Promise<Status> {
  const { http, host } = readAddress(runDir);
  try {
    const response = await fetch(`http://${http}/status`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const status = (await response.json()) as Status;
    return { ...status, workers: status.workers.map((worker) => withoutForeignPid(worker, host)) };
  } catch (cause) {
    throw new NashError(
      'usage',
      `the server of ${runDir} does not answer at http://${http}: it may have been killed. ` +
        'Its run goes on with `nash train CONFIG --resume`.',
      { cause },
    );
  }
}

/** A process id means something on its own host only. */
function withoutForeignPid(worker: Status['workers'][number], host: string): Status['workers'][number] {
  if (worker.host === host) return worker;
  const { pid: _, ...rest } = worker;
  return rest;
}

function table({ step, waitingFor, workers, http }: Status): string {
  const rows = workers.map((w) => [
    w.id,
    w.pool,
    w.state,
    w.host,
    String(w.pid ?? ''),
    w.device,
    w.step === null ? '' : String(w.step),
  ]);
  const all = [['worker', 'pool', 'state', 'host', 'pid', 'device', 'step'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  return [
    `step ${step.generator} of G, ${step.discriminator} of D; metrics at http://${http}/metrics`,
    waitingFor ? `waiting for ${waitingFor}` : 'waiting for nothing',
    ...lines,
  ].join('\n');
}
