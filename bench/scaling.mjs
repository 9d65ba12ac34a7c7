// `npm run bench -- scaling`: what server and wire can carry. Workers that compute nothing sleep 50 ms a shard and answer with noise, so
// that images/s, bytes/s and the server's CPU show whatever the machine's cores could compute. Then real workers, as far as cores go.
import { setTimeout as wait } from 'node:timers/promises';
import { WARM_UP as ITERATIONS_BEFORE, iterationsOf, openBenchFolder } from './distributed.mjs';
import { CORES } from './machine.mjs';
import { cpuSeconds, Processes } from './processes.mjs';
import { rowOf } from './report.mjs';
import { median } from './rounds.mjs';

/** @typedef {import('./report.mjs').Row} Row */

const DELAY_MS = 50;
const SHARDS = 16;
const BATCH = 256;
/** Powers of two up to the shards: each worker answers a step once, with the sum of its share of the shards. */
const WORKERS = [1, 2, 4, 8, 16];
/** Widths of three hidden layers whose D and G have about as many bytes each. */
const SIZES = [
  { name: '0.1 MB', hidden: 110 },
  { name: '11 MB', hidden: 1170 },
];
/** How weights and answers travel: between processes of one host they lie in shared memory. Bytes count either way. */
/** @type {{ name: string, env: Record<string, string> }[]} */
const WAYS = [
  { name: 'the socket alone, as between hosts', env: { NASH_SHARED_MEMORY: '0' } },
  { name: 'memory shared with the server', env: {} },
];
/** Steps before the first counted one, and how long counting takes. */
const WARM_UP = 5;
const WINDOW_MS = 6000;
/** Share of the ideal below which something is said to be the limit. */
const LIMITED = 0.9;
const POOLS = ['discriminator', 'generator'];

/** Both pools compute at once, so that the wire is asked for all that it will ever be. @param {number} hidden */
const delayConfig = (hidden) => {
  const net = { hidden: [hidden, hidden, hidden] };
  return {
    data: { source: 'ring' },
    model: { name: 'mlp', generator: net, discriminator: net },
    schedule: { order: 'simultaneous' },
    minibatch: { size: BATCH, shards: SHARDS },
    evaluation: { everySteps: 10 }, // nobody evaluates; metrics.jsonl gets a line every tenth of this
    checkpoint: { everySteps: 1_000_000 },
    server: { http: '127.0.0.1:0' },
    stop: { generatorSteps: 1_000_000 },
  };
};

/** What the run's files and pages say at one moment. @param {Processes} run @param {import('node:child_process').ChildProcess} server */
async function look(run, server) {
  const cpu = cpuSeconds([server]);
  const last = run.records().at(-1);
  const page = await run.scrape();
  const bytes = (/** @type {string} */ direction) =>
    page.get(`gan_wire_bytes_total{direction="${direction}"}`) ?? 0;
  return {
    cpu,
    steps: Number(last?.steps.generator ?? 0),
    seconds: Number(last?.seconds ?? 0),
    bytes: bytes('sent') + bytes('received'),
  };
}

/** Waits without asking the server, which would cost it time. @param {Processes} run @param {(steps: number) => boolean} accept */
async function untilSteps(run, accept) {
  while (!accept(Number(run.records().at(-1)?.steps.generator ?? 0))) {
    if (run.isOver) throw run.failure();
    await wait(20);
  }
}

/** @param {Processes} run @param {number} workers of each pool */
async function untilReady(run, workers) {
  for (;;) {
    const page = await run.scrape();
    const count = (/** @type {string} */ pool) =>
      ['busy', 'idle'].reduce(
        (sum, state) => sum + (page.get(`gan_pool_workers{pool="${pool}",state="${state}"}`) ?? 0),
        0,
      );
    if (POOLS.every((pool) => count(pool) === workers)) return;
    if (run.isOver) throw run.failure();
    await wait(200);
  }
}

/**
 * @param {string} folder @param {number} hidden @param {number} workers of each pool @param {Record<string, string>} env
 * @returns {Promise<{ imagesPerSecond: number, bytesPerSecond: number, cpuMsPerStep: number }>}
 */
async function measure(folder, hidden, workers, env) {
  const run = new Processes(folder, delayConfig(hidden), env);
  try {
    const server = await run.serve();
    for (const pool of POOLS)
      for (let i = 0; i < workers; i++)
        run.work(pool, ['--delay-ms', String(DELAY_MS), '--name', `${pool}-${i}`]);
    await untilReady(run, workers);
    const { steps: ready } = await look(run, server);
    await untilSteps(run, (steps) => steps >= ready + WARM_UP);
    const first = await look(run, server);
    await wait(WINDOW_MS);
    const { steps: late } = await look(run, server);
    await untilSteps(run, (steps) => steps > late); // from the end of one step to the end of another
    const last = await look(run, server);
    const [steps, seconds] = [last.steps - first.steps, last.seconds - first.seconds];
    return {
      imagesPerSecond: (steps * BATCH) / seconds,
      bytesPerSecond: (last.bytes - first.bytes) / seconds,
      cpuMsPerStep: (1000 * (last.cpu - first.cpu)) / (steps * POOLS.length),
    };
  } finally {
    run.kill();
  }
}

/** Rows of one number of workers. @param {string} at @param {number} workers @param {Awaited<ReturnType<typeof measure>>} seen @param {number} stepOfOne */
function rowsOf(at, workers, seen, stepOfOne) {
  return [
    rowOf(`${at}: against the ideal`, 'images/s', seen.imagesPerSecond, idealOf(workers)),
    rowOf(`${at}: to and from the server`, 'MB/s', seen.bytesPerSecond / 1e6),
    rowOf(`${at}: server's CPU an answer, against 1 + 1`, 'ms', seen.cpuMsPerStep / workers, stepOfOne),
    rowOf(`${at}: server's CPU a shard, against 1 + 1`, 'ms', seen.cpuMsPerStep / SHARDS, stepOfOne / SHARDS),
  ];
}

/** @param {number} workers */
const idealOf = (workers) => (1000 * BATCH * workers) / (SHARDS * DELAY_MS);

/** @param {(title: string, rows: Row[]) => void} publish @param {string} folder */
async function delayed(publish, folder) {
  for (const { name: size, hidden } of SIZES)
    for (const { name: way, env } of WAYS) {
      /** @type {Row[]} */
      const rows = [];
      let stepOfOne = 0;
      let limit = `never below ${100 * LIMITED} % of the ideal`;
      for (const workers of WORKERS) {
        const seen = await measure(folder, hidden, workers, env);
        stepOfOne ||= seen.cpuMsPerStep;
        rows.push(...rowsOf(`${size}, ${workers} + ${workers}`, workers, seen, stepOfOne));
        if (seen.imagesPerSecond < LIMITED * idealOf(workers) && limit.startsWith('never'))
          limit = `below ${100 * LIMITED} % of the ideal from ${workers} + ${workers} workers on`;
      }
      publish(`workers that sleep ${DELAY_MS} ms a shard and answer with noise: ${size}, ${way}`, rows);
      console.log(`  ${limit}`);
    }
}

/** configs/cifar10-dcgan.yaml with other data and one thread a worker. @param {string} data */
const realConfig = (data) => ({
  data: { source: 'cifar10', path: data },
  model: { name: 'dcgan', width: 64, latent: 100 },
  minibatch: { size: 64, shards: 4 },
  evaluation: { everySteps: 10 },
  checkpoint: { everySteps: 1_000_000 },
  server: { http: '127.0.0.1:0' },
  stop: { generatorSteps: ITERATIONS_BEFORE + 25 },
});

/** @param {(title: string, rows: Row[]) => void} publish @param {{ folder: string, data: string }} place */
async function real(publish, place) {
  const counts = [1, 2, 4].filter((workers) => 2 * workers <= Math.max(2, CORES));
  /** @type {Row[]} */
  const rows = [];
  for (const workers of counts) {
    const run = new Processes(place.folder, realConfig(place.data));
    try {
      const server = await run.serve();
      for (const pool of POOLS) for (let i = 0; i < workers; i++) run.work(pool);
      await run.ended;
      if (server.exitCode !== 0) throw run.failure();
      const ms = median(iterationsOf(run.records()));
      rows.push(
        rowOf(`real workers, ${workers} + ${workers}, DCGAN width 64, alternating`, 'images/s', 64_000 / ms),
      );
    } finally {
      run.kill();
    }
  }
  publish('real workers, one thread each', rows);
  if (counts.length < 3) console.log(`  more of them need more than the ${CORES} cores of this machine`);
}

/** @param {(title: string, rows: Row[]) => void} publish */
export async function scaling(publish) {
  const place = openBenchFolder();
  try {
    await delayed(publish, place.folder);
    await real(publish, place);
  } finally {
    place.close();
  }
}
