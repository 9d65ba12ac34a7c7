// A whole run as its users start it: a server, one D worker and one G worker, one shard, no evaluator; timed by the server's own records.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CORES } from './machine.mjs';
import { Processes } from './processes.mjs';

/** Iterations that are run and not counted: the first ones compile, connect and fill caches, and V8 learns what is called often. */
export const WARM_UP = 40;
const PATIENCE_MS = 180_000;
const PHASES = /** @type {const} */ (['compute', 'wire', 'apply']);

/** @typedef {{ order: 'alternating' | 'simultaneous', precision: 'float32' | 'bfloat16', width: number, device?: 'cpu' | 'gpu' }} Setup */

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
function configOf({ order, precision, width, device = 'cpu' }, data, steps) {
  const threads = order === 'alternating' ? CORES : Math.max(1, CORES >> 1);
  return {
    data: { source: 'cifar10', path: data },
    model: { name: 'dcgan', width, latent: 100 },
    schedule: { order },
    minibatch: { size: 64, shards: 1 },
    precision,
    device: { kind: device, threads },
    evaluation: { everySteps: 10 }, // nobody evaluates; metrics.jsonl gets a line every tenth of this
    checkpoint: { everySteps: 1_000_000 },
    server: { http: '127.0.0.1:0' },
    stop: { generatorSteps: steps },
  };
}

/**
 * Sums of gan_step_duration_seconds and their count by net and phase.
 * @param {Map<string, number>} page
 */
function durationsOf(page) {
  const value = (/** @type {string} */ suffix, /** @type {string} */ net, /** @type {string} */ phase) =>
    page.get(`gan_step_duration_seconds_${suffix}{net="${net}",phase="${phase}"}`) ?? 0;
  const both = (/** @type {string} */ phase) =>
    value('sum', 'discriminator', phase) + value('sum', 'generator', phase);
  return { steps: value('count', 'generator', 'compute'), seconds: PHASES.map(both) };
}

/** Mean seconds an iteration of each phase, both nets together, between two scrapes. @param {ReturnType<typeof durationsOf>[]} scrapes */
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
  const run = new Processes(folder, configOf(setup, data, WARM_UP + count));
  try {
    const server = await run.serve();
    for (const pool of ['discriminator', 'generator']) run.work(pool);
    const scrapes = await scrapeUntilEnd(run);
    if (server.exitCode !== 0) throw run.failure();
    return { ms: iterationsOf(run.records()), phases: phasesOf(scrapes) };
  } finally {
    run.kill();
  }
}

/** @param {Processes} run */
async function scrapeUntilEnd(run) {
  /** @type {ReturnType<typeof durationsOf>[]} */
  const scrapes = [];
  for (let waited = 0; !run.isOver && waited < PATIENCE_MS; waited += 250) {
    const seen = await run.scrape().catch(() => undefined); // it may end between our question and its answer
    if (seen) scrapes.push(durationsOf(seen));
    await Promise.race([run.ended, wait(250)]);
  }
  return scrapes;
}

/** Milliseconds between the server's step records, without the warm-up. @param {Record<string, any>[]} records */
export function iterationsOf(records) {
  const seconds = records.filter(({ kind }) => kind === 'step').map((record) => Number(record.seconds));
  return seconds
    .slice(1)
    .map((at, i) => 1000 * (at - Number(seconds[i])))
    .slice(WARM_UP - 1);
}
