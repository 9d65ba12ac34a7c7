// `npm run bench -- reissue`: from the SIGKILL of a worker that computes to its task being given to another. Workers that sleep a known time
// a shard, so that both short and long shards can be looked at; one more of them than there are tasks, so that somebody is idle.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openBenchFolder } from './distributed.mjs';
import { Processes } from './processes.mjs';
import { rowOf } from './report.mjs';
import { median } from './rounds.mjs';

/** @typedef {import('./report.mjs').Row} Row */

const DELAYS_MS = [5, 200];
const KILLS = 11;
/** The target: twice the shard's time or this, whichever is more. */
const FLOOR_MS = 50;

const CONFIG = {
  data: { source: 'ring' },
  model: { name: 'mlp' },
  schedule: { order: 'simultaneous' },
  minibatch: { size: 64, shards: 2 },
  evaluation: { everySteps: 1_000_000 },
  checkpoint: { everySteps: 1_000_000 },
  server: { http: '127.0.0.1:0' },
  stop: { generatorSteps: 1_000_000 },
};

/** @param {(title: string, rows: Row[]) => void} publish */
export async function reissue(publish) {
  const place = openBenchFolder();
  /** @type {Row[]} */
  const rows = [];
  for (const delayMs of DELAYS_MS) {
    const samples = await killWorkers(place.folder, delayMs);
    const target = Math.max(FLOOR_MS, 2 * delayMs);
    rows.push(
      rowOf(
        `SIGKILL to re-issue, shards of ${delayMs} ms, median of ${samples.length}, against the target`,
        'ms',
        median(samples),
        target,
      ),
      rowOf(`the same, slowest, against the target`, 'ms', Math.max(...samples), target),
    );
  }
  place.close();
  publish("a worker is killed; 'peer' is the target: twice the shard's time, 50 ms at least", rows);
}

/** @param {string} folder @param {number} delayMs @returns {Promise<number[]>} milliseconds of each kill that hit a worker with a task */
async function killWorkers(folder, delayMs) {
  const run = new Processes(folder, CONFIG);
  const samples = [];
  try {
    await run.serve();
    const worker = (/** @type {string} */ pool) => run.work(pool, ['--delay-ms', String(delayMs)]);
    for (const pool of ['discriminator', 'discriminator', 'discriminator', 'generator']) worker(pool);
    await run.after(5);
    while (samples.length < KILLS) {
      const status = /** @type {any} */ (await (await fetch(`http://${run.http}/status`)).json());
      const pool = status.workers.filter((/** @type {any} */ one) => one.pool === 'discriminator');
      const busy = pool.find((/** @type {any} */ one) => one.state === 'busy');
      if (pool.length < 3 || pool.some((/** @type {any} */ one) => one.state === 'preparing') || !busy) {
        await wait(1);
        continue;
      }
      const before = lossesOf(run.runDir).length;
      const killedMs = Date.now();
      process.kill(busy.pid, 'SIGKILL');
      worker('discriminator');
      const ms = await reissuedMs(run.runDir, before);
      if (ms !== undefined) samples.push(ms - killedMs);
    }
  } finally {
    run.kill();
  }
  return samples;
}

/** When the server gave the lost task out again; undefined where the worker had just answered. @param {string} runDir @param {number} before */
async function reissuedMs(runDir, before) {
  for (;;) {
    const lines = lossesOf(runDir).slice(before);
    const gone = lines.findIndex(({ msg }) => msg === 'worker gone');
    if (gone >= 0) {
      const next = lines[gone + 1];
      return next?.msg === 'task reissued' ? Date.parse(next.time) : undefined;
    }
    await wait(5);
  }
}

/** @param {string} runDir @returns {{ msg: string, time: string }[]} */
function lossesOf(runDir) {
  const lines = readFileSync(join(runDir, 'logs', 'server.ndjson'), 'utf8')
    .split('\n')
    .filter(Boolean);
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ msg, reason }) => msg === 'worker gone' || (msg === 'task reissued' && reason === 'lost'));
}
