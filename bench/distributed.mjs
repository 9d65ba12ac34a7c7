// A whole run as its users start it: a server, one D worker and one G worker, one shard, no evaluator; timed by the server's own records.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CORES } from './machine.mjs';

const NASH = fileURLToPath(new URL('../bin/nash', import.meta.url));
/** Iterations that are run and not counted: the first ones compile, connect and fill caches. */
const WARM_UP = 5;
const PATIENCE_MS = 180_000;
const PHASES = /** @type {const} */ (['compute', 'wire', 'apply']);

/** @typedef {{ order: 'alternating' | 'simultaneous', precision: 'float32' | 'bfloat16', width: number }} Setup */

/** A folder with a CIFAR-10 file of noise and a config that reads it; removed by `close`. */
export function openBenchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'nash-bench-'));
  const data = join(folder, 'cifar10');
  mkdirSync(data);
  const records = Buffer.alloc(512 * 3073);
  // the same pixels every time, so that the cache of decoded images holds one entry for the bench and not one a run
  for (let i = 0; i < records.length; i++) records[i] = i % 3073 === 0 ? 0 : Math.imul(i, 0x9e3779b1) >>> 24;
  writeFileSync(join(data, 'bench.bin'), records);
  return { folder, data, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** @param {Setup} setup @param {string} data @param {number} steps */
function configOf({ order, precision, width }, data, steps) {
  const threads = order === 'alternating' ? CORES : Math.max(1, CORES >> 1);
  return {
    data: { source: 'cifar10', path: data },
    model: { name: 'dcgan', width, latent: 100 },
    schedule: { order },
    minibatch: { size: 64, shards: 1 },
    precision,
    device: { kind: 'cpu', threads },
    evaluation: { everySteps: 10 }, // nobody evaluates; metrics.jsonl gets a line every tenth of this
    checkpoint: { everySteps: 1_000_000 },
    server: { http: '127.0.0.1:0' },
    stop: { generatorSteps: steps },
  };
}

/** @param {string} path */
const readLines = (path) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []);

/**
 * Sums of gan_step_duration_seconds and their count by net and phase, from the server's metrics page.
 * @param {string} http
 */
async function scrape(http) {
  const text = await (await fetch(`http://${http}/metrics`)).text();
  const value = (/** @type {string} */ suffix, /** @type {string} */ net, /** @type {string} */ phase) => {
    const line = text
      .split('\n')
      .find(
        (l) =>
          l.startsWith(`gan_step_duration_seconds_${suffix}{`) &&
          l.includes(`net="${net}"`) &&
          l.includes(`phase="${phase}"`),
      );
    return Number(line?.split(' ')[1] ?? 0);
  };
  const both = (/** @type {string} */ phase) =>
    value('sum', 'discriminator', phase) + value('sum', 'generator', phase);
  return { steps: value('count', 'generator', 'compute'), seconds: PHASES.map(both) };
}

/** Mean seconds an iteration of each phase, both nets together, between two scrapes. @param {Awaited<ReturnType<typeof scrape>>[]} scrapes */
function phasesOf(scrapes) {
  const [first, last] = [scrapes.find(({ steps }) => steps >= WARM_UP), scrapes.at(-1)];
  if (!first || !last || last.steps === first.steps) return {};
  const mean = PHASES.map((phase, i) => [
    phase,
    (Number(last.seconds[i]) - Number(first.seconds[i])) / (last.steps - first.steps),
  ]);
  return Object.fromEntries(mean);
}

/**
 * Runs `count` counted iterations.
 * @param {Setup} setup
 * @param {{ folder: string, data: string }} place
 * @param {number} count
 * @returns {Promise<{ ms: number[], phases: Record<string, number> }>} milliseconds of each iteration; seconds an iteration by phase
 */
export async function runDistributed(setup, { folder, data }, count) {
  const runDir = mkdtempSync(join(folder, 'run-'));
  rmSync(runDir, { recursive: true });
  const config = join(folder, 'config.yaml');
  writeFileSync(config, JSON.stringify(configOf(setup, data, WARM_UP + count))); // JSON is YAML
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = [];
  const start = (/** @type {string[]} */ ...args) => {
    const child = spawn(process.execPath, [NASH, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    return child;
  };
  try {
    const server = start('server', config, '--run-dir', runDir);
    let trouble = '';
    server.stderr?.on('data', (text) => {
      trouble += text;
    });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    const { http } = await addressOf(runDir, server, () => trouble);
    for (const pool of ['discriminator', 'generator']) start('worker', '--pool', pool, '--run-dir', runDir);
    const scrapes = await scrapeUntil(http, ended);
    if (server.exitCode !== 0) throw new Error(`the server left with ${server.exitCode}: ${trouble}`);
    return { ms: iterationsOf(runDir), phases: phasesOf(scrapes) };
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

/** @param {string} runDir @param {import('node:child_process').ChildProcess} server @param {() => string} trouble @returns {Promise<{ http: string }>} */
async function addressOf(runDir, server, trouble) {
  const path = join(runDir, 'server.json');
  for (let waited = 0; waited < PATIENCE_MS; waited += 50) {
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
    if (server.exitCode !== null) throw new Error(`the server left with ${server.exitCode}: ${trouble()}`);
    await wait(50);
  }
  throw new Error('the server did not come up');
}

/** @param {string} http @param {Promise<unknown>} ended */
async function scrapeUntil(http, ended) {
  /** @type {Awaited<ReturnType<typeof scrape>>[]} */
  const scrapes = [];
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  for (let waited = 0; !isOver && waited < PATIENCE_MS; waited += 250) {
    const seen = await scrape(http).catch(() => undefined); // it may end between our question and its answer
    if (seen) scrapes.push(seen);
    await Promise.race([ended, wait(250)]);
  }
  return scrapes;
}

/** Milliseconds between the server's step records, without the warm-up. @param {string} runDir */
function iterationsOf(runDir) {
  const records = readLines(join(runDir, 'metrics.jsonl')).map((line) => JSON.parse(line));
  const seconds = records.filter(({ kind }) => kind === 'step').map((record) => Number(record.seconds));
  return seconds
    .slice(1)
    .map((at, i) => 1000 * (at - Number(seconds[i])))
    .slice(WARM_UP - 1);
}
