// `nash status`: what a run is doing now, asked of its server.
import { get as httpGet } from 'node:http';
import { Command } from 'commander';
import { EXIT, messageOf, NashError } from '../errors.js';
import { clipped } from '../protocol/messages.js';
import { findRun } from '../run-folder/find-run.js';
import { livingHolder } from '../run-folder/lock.js';
import { begunConfigOf } from '../run-folder/remembered.js';
import { type RunResult, resultOf } from '../run-folder/run-result.js';
import { addressOfLiving, isOpen } from '../run-folder/server-address.js';
import { type PeerStatus, plain, type RunStatus, runStatus } from '../server/pages/run-status.js';
import type { CommandMaker } from './main.js';
import { table } from './status-table.js';
import { outcomeOf } from './summary.js';

const WATCH_MS = 1000;
const ANSWER_MS = 5000;
/** Four thousand workers with the longest names fit; whoever has the port of a server that is gone may send without end. */
const ANSWER_BYTES_MAX = 8 * 2 ** 20;
const QUOTED_MAX = 200;
/** A server that is started again answers before this. */
const SILENT_MAX_MS = 10_000;

export const statusCommand: CommandMaker = (finish) =>
  new Command('status')
    .description(
      "show a run's step, what it waits for, and its workers; of one that has ended what came of it",
    )
    .argument('[run-dir]', 'run folder (default: the one under runs/ whose server is alive)')
    .option('--json', 'one line of JSON')
    .option('--watch', 'again every second, until the run ends')
    .addHelpText('after', '\nExample:\n  npx nash status runs/ring --watch')
    .action(async (runDir: string | undefined, args: { json?: boolean; watch?: boolean }) => {
      const folder = findRun(runDir);
      const asJson = args.json ?? false;
      if (!endedOf(folder)) {
        const show = display(process.stdout, asJson);
        show(await askStatus(folder));
        if (args.watch) await watch(folder, show);
      }
      const result = endedOf(folder);
      if (result)
        process.stdout.write(
          `${asJson ? JSON.stringify(endedStatus(result)) : outcomeOf(result, folder, sourceOf(folder)).join('\n')}\n`,
        );
      finish(EXIT.done);
    });

/** Of a run's data, as its config has it. */
export const sourceOf = (folder: string) => begunConfigOf(folder).data.source;

/** What came of a run; undefined where a server works in the folder, was killed there, or has never ended one. */
export const endedOf = (folder: string): RunResult | undefined =>
  isOpen(folder) || livingHolder(folder) ? undefined : resultOf(folder);

/** The status of a run that has ended, in the form of one that lives. */
const endedStatus = (result: RunResult) => ({ step: result.steps, waitingFor: null, workers: [], result });

/**
 * Shows the status every second until the server has closed the run.
 * @throws NashError('usage') when it stays silent without having closed it: it was killed
 */
export async function watch(folder: string, show: (status: RunStatus) => void): Promise<void> {
  for (let silentMs = 0; ; ) {
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    if (!isOpen(folder)) return;
    try {
      show(await askStatus(folder));
      silentMs = 0;
    } catch (error) {
      silentMs += WATCH_MS; // it may be closing the run just now, or be started again
      if (silentMs > SILENT_MAX_MS && isOpen(folder)) throw error;
    }
  }
}

/** Writes one status after the other; in a terminal each over the one before. */
function display(stream: NodeJS.WriteStream, asJson: boolean): (status: RunStatus) => void {
  let drawnLines = 0;
  return (status) => {
    if (asJson || !stream.isTTY) {
      stream.write(`${asJson ? JSON.stringify(status) : table(status)}\n`);
      return;
    }
    const lines = table(status)
      .split('\n')
      .map((line) => line.slice(0, (stream.columns || 120) - 1)); // a line that wraps would count twice; a pty may be 0 wide
    const back = drawnLines > 0 ? `\x1b[${drawnLines}A\x1b[J` : '';
    stream.write(`${back}${lines.join('\n')}\n`);
    drawnLines = lines.length;
  };
}

/** @throws NashError('usage') when no server answers for that folder, NashError('failed') when one answers something else */
export async function askStatus(runDir: string): Promise<RunStatus> {
  const { http, host } = addressOfLiving(runDir);
  const { ok, status: code, text } = await get(`http://${http}/status`, runDir);
  try {
    if (text === undefined) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`);
    if (!ok) throw new Error(`${code}: ${text.trim()}`);
    const status = parse(text);
    return { ...status, workers: status.workers.map((worker) => withoutForeignPid(worker, host)) };
  } catch (cause) {
    const what = plain(clipped(messageOf(cause), QUOTED_MAX));
    const message = `http://${http} answers no status of ${runDir} but ${what}. Another program may have its port; \`nash train CONFIG --resume\` goes on with a run whose server is gone.`;
    throw new NashError('failed', message, { cause });
  }
}

/** @throws Error in one line */
function parse(text: string): RunStatus {
  const parsed = runStatus.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new Error(`one whose '${path.join('.')}' is wrong: ${message}`);
}

/** @throws NashError('usage') when nothing comes, or not all of it in time */
async function get(url: string, runDir: string): Promise<Answer> {
  try {
    return await answerOf(url);
  } catch (cause) {
    throw new NashError(
      'usage',
      `the server of ${runDir} does not answer at ${url.replace(/\/status$/, '')} (${messageOf(cause)}): it may have been killed. ` +
        'Its run goes on with `nash train CONFIG --resume`.',
      { cause },
    );
  }
}

interface Answer {
  ok: boolean;
  status: number;
  /** absent where it is too long */
  text?: string;
}

/** Not by `fetch`: once its request was collected as garbage, nothing ends the reading of a body that does not come (Node 20). */
function answerOf(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpGet(url, { agent: false }, (response) => {
      const status = response.statusCode!;
      const ok = status === 200;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        chunks.push(chunk);
        if (bytes <= ANSWER_BYTES_MAX) return;
        resolve({ ok, status });
        request.destroy();
      });
      response.once('end', () => resolve({ ok, status, text: Buffer.concat(chunks).toString('utf8') }));
      response.once('error', reject);
    });
    const timer = setTimeout(() => {
      reject(new Error(`nothing for ${ANSWER_MS / 1000} s`));
      request.destroy();
    }, ANSWER_MS);
    request.once('error', reject);
    request.once('close', () => clearTimeout(timer));
  });
}

/** A process id means something on its own host only. */
function withoutForeignPid(worker: PeerStatus, host: string): PeerStatus {
  if (worker.host === host) return worker;
  const { pid: _, ...rest } = worker;
  return rest;
}
