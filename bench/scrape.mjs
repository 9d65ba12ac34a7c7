// `npm run bench -- scrape`: what one look at /metrics costs a server that is training, and whether the steps notice.

import { openBenchFolder } from './distributed.mjs';
import { cpuSeconds, Processes } from './processes.mjs';
import { rowOf } from './report.mjs';
import { median } from './rounds.mjs';

/** @typedef {import('./report.mjs').Row} Row */

const SCRAPES = 200;
/** The target: milliseconds of the event loop. */
const TARGET_MS = 10;

const CONFIG = {
  data: { source: 'ring' },
  model: { name: 'mlp' },
  minibatch: { size: 64, shards: 2 },
  evaluation: { everySteps: 1_000_000 },
  checkpoint: { everySteps: 1_000_000 },
  server: { http: '127.0.0.1:0' },
  stop: { generatorSteps: 1_000_000 },
};

/** @param {(title: string, rows: Row[]) => void} publish */
export async function scrape(publish) {
  const place = openBenchFolder();
  const run = new Processes(place.folder, CONFIG);
  try {
    const server = await run.serve();
    for (const pool of ['discriminator', 'generator']) run.work(pool, ['--delay-ms', '5']);
    await run.after(50);
    const quiet = await watch(run, server, async () => new Promise((done) => setTimeout(done, 3000)));
    /** @type {number[]} */
    const times = [];
    const scraped = await watch(run, server, async () => {
      for (let i = 0; i < SCRAPES; i++) {
        const started = performance.now();
        await run.scrape();
        times.push(performance.now() - started);
      }
    });
    const cpu = (scraped.cpuPerSecond - quiet.cpuPerSecond) * scraped.seconds * 1000;
    publish("a scrape of a training server, back to back; 'peer' is the target", [
      rowOf('a scrape, from asking to the last byte, median', 'ms', median(times), TARGET_MS),
      rowOf("a scrape, the server's CPU above that of training", 'ms', Math.max(0, cpu) / SCRAPES, TARGET_MS),
      rowOf(
        'steps a second while scraped, against left alone',
        'steps/s',
        scraped.stepsPerSecond,
        quiet.stepsPerSecond,
      ),
    ]);
  } finally {
    run.kill();
    place.close();
  }
}

/** @param {Processes} run @param {import('node:child_process').ChildProcess} server @param {() => Promise<unknown>} body */
async function watch(run, server, body) {
  const look = async () => ({
    cpu: cpuSeconds([server]),
    steps: (await run.scrape()).get('gan_steps_total{net="generator"}') ?? 0,
    ms: performance.now(),
  });
  const before = await look();
  await body();
  const after = await look();
  const seconds = (after.ms - before.ms) / 1000;
  return {
    seconds,
    cpuPerSecond: (after.cpu - before.cpu) / seconds,
    stepsPerSecond: (after.steps - before.steps) / seconds,
  };
}
