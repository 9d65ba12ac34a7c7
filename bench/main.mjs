// `npm run bench [-- --json]`: how fast Nash is beside PyTorch, plain tfjs and a naive server, on this machine, in one run.
// `npm run bench -- networks | scaling | evaluator | pictures` are benches of their own: penalties and larger networks, what more workers
// bring, what the evaluator costs, and how fast pictures are decoded. `--device gpu` has steps, iterations and networks on a GPU, PyTorch too.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Contestant } from './contestant.mjs';
import { openBenchFolder, runDistributed } from './distributed.mjs';
import { evaluator } from './evaluator.mjs';
import { CORES, describeMachine, findPyTorch } from './machine.mjs';
import { networks } from './networks.mjs';
import { pictures } from './pictures.mjs';
import { reissue } from './reissue.mjs';
import { printTable, rowOf } from './report.mjs';
import { takeTurns } from './rounds.mjs';
import { scaling } from './scaling.mjs';
import { scrape } from './scrape.mjs';

/** @typedef {import('./report.mjs').Row} Row */
/** @typedef {import('./rounds.mjs').Result} Result */

const BATCH = 64;
/** of one 2048 x 2048 matrix product */
const PRODUCT_GFLOP = (2 * 2048 ** 3) / 1e9;
/** Turns of each contestant and iterations a turn: medians of 15 for single steps. */
const TURNS = { rounds: 3, count: 5 };
/** Cores that others keep busy from which figures say more about them than about the contestants (measured: with both, PyTorch slows fivefold). */
const BUSY_CORES = 0.2;
const PUSH_TURNS = { rounds: 8, count: 15 };
const RUN_TURNS = { rounds: 4, count: 20 };

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
  },
});
const device = options.device === 'gpu' ? 'gpu' : 'cpu';
if (device !== options.device) {
  console.error(`there is no device '${options.device}'; expected cpu or gpu`);
  process.exit(2);
}
const python = findPyTorch();
const machine = await describeMachine(python);
/** @type {Row[]} */
const rows = [];

const peer = (/** @type {string} */ file) => fileURLToPath(new URL(`peers/${file}`, import.meta.url));
const node = (/** @type {string} */ file, /** @type {(string | number)[]} */ ...args) =>
  new Contestant(process.execPath, [peer(file), ...args.map(String)]);
const torch = (/** @type {string} */ file, /** @type {number} */ threads) => {
  if (!python) return undefined;
  return new Contestant(python.command, [peer(file), String(threads), device], {
    OMP_NUM_THREADS: String(threads),
  });
};

/** An entry of a contestant that may be absent. @param {Contestant | undefined} contestant @param {string} task */
const entryOf = (contestant, task) =>
  contestant ? [{ name: task, run: (/** @type {number} */ count) => contestant.run(task, count) }] : [];

/** @param {string} title @param {Row[]} table */
function publish(title, table) {
  printTable(title, table);
  rows.push(...table);
}

/** @param {(Contestant | undefined)[]} contestants */
const dismiss = (contestants) => {
  for (const contestant of contestants) contestant?.stop();
};

/** Gradient steps, side by side; and how much of the machine's peak they reach. */
async function gradientSteps() {
  const contestants = { nash: node('nash_gan.mjs', CORES, device), torch: torch('torch_gan.py', CORES) };
  /** @type {{ name: string, precision: string, gflops: number }[]} */
  const speeds = [];
  for (const width of [64, 16]) {
    for (const net of ['discriminator', 'generator']) {
      const task = (/** @type {string} */ precision) => `${net} ${width} ${precision}`;
      const kinds = ['tfjs', 'float32', 'bfloat16'];
      const entries = [
        ...kinds.flatMap((kind) => entryOf(contestants.nash, task(kind))),
        ...['float32', 'bfloat16'].flatMap((precision) => entryOf(contestants.torch, task(precision))),
      ];
      const [plain, float32, bfloat16, torch32, torch16] = await takeTurns(entries, TURNS);
      const name = `${net[0]?.toUpperCase()} gradient step, width ${width}`;
      publish(`${name}, batch ${BATCH}`, [
        rowOf(`${name}, float32, against plain tfjs`, 'ms', msOf(float32), msOf(plain)),
        ...(torch32 && torch16
          ? [
              rowOf(`${name}, float32, against PyTorch float32`, 'ms', msOf(float32), msOf(torch32)),
              rowOf(`${name}, bfloat16, against PyTorch bfloat16`, 'ms', msOf(bfloat16), msOf(torch16)),
              rowOf(`${name}, bfloat16, against PyTorch float32`, 'ms', msOf(bfloat16), msOf(torch32)),
            ]
          : [rowOf(`${name}, bfloat16`, 'ms', msOf(bfloat16))]),
      ]);
      for (const [precision, result] of Object.entries({ float32, bfloat16 })) {
        if (result)
          speeds.push({
            name: `${name}, ${precision}`,
            precision,
            gflops: (1000 * Number(result.facts.gflop)) / result.ms,
          });
      }
    }
  }
  const peaks = await takeTurns(
    ['float32', 'bfloat16'].flatMap((precision) =>
      [contestants.nash, contestants.torch].flatMap((contestant) =>
        entryOf(contestant, `matmul 2048 ${precision}`),
      ),
    ),
    TURNS,
  );
  /** The best that TensorFlow or PyTorch makes of the machine; PyTorch's side is one product. @param {string} precision */
  const peakOf = (precision) =>
    Math.max(
      ...peaks
        .filter(({ name }) => name.endsWith(` ${precision}`))
        .map(({ facts, ms }) => (1000 * Number(facts.gflop ?? PRODUCT_GFLOP)) / ms),
    );
  publish("share of the machine's peak (2048 x 2048 matrix products, the best of TensorFlow and PyTorch)", [
    ...['float32', 'bfloat16'].map((precision) => rowOf(`peak, ${precision}`, 'GFLOP/s', peakOf(precision))),
    ...speeds.map(({ name, precision, gflops }) =>
      rowOf(`${name}, share of peak`, '% of peak', (100 * gflops) / peakOf(precision)),
    ),
  ]);
  dismiss(Object.values(contestants));
}

/** @param {Result | undefined} result */
function msOf(result) {
  if (!result) throw new Error('a contestant gave no result');
  return result.ms;
}

/** Whole iterations: one D step and one G step with Adam. */
async function iterations() {
  const place = openBenchFolder();
  const contestants = {
    alternating: node('nash_gan.mjs', CORES, device),
    // one graph of both nets: two inter-op threads already fill two cores
    simultaneous: node('nash_gan.mjs', Math.max(1, CORES >> 1), device),
    torch: torch('torch_gan.py', CORES),
    ddp: device === 'cpu' ? torch('torch_ddp.py', Math.max(1, CORES >> 1)) : undefined, // of gloo, between processors
  };
  const orders = /** @type {const} */ (['alternating', 'simultaneous']);
  const precisions = /** @type {const} */ (['float32', 'bfloat16']);
  const single = orders.flatMap((order) =>
    precisions.flatMap((precision) => entryOf(contestants[order], `${order} 64 ${precision}`)),
  );
  const peers = [
    ...precisions.flatMap((precision) => entryOf(contestants.torch, `iteration 64 ${precision}`)),
    ...entryOf(contestants.ddp, 'iteration 64 float32'),
  ];
  const distributed = precisions.flatMap((precision) =>
    orders.map((order) => ({
      name: `distributed, ${order}, ${precision}`,
      run: (/** @type {number} */ count) =>
        runDistributed({ order, precision, width: 64, device }, place, count),
    })),
  );
  try {
    const results = await takeTurns([...single, ...peers, ...distributed], RUN_TURNS);
    const ofPeers = results.slice(single.length, single.length + peers.length);
    const ofRuns = results.slice(single.length + peers.length);
    publishIterations(results.slice(0, single.length), ofPeers.map(msOf), ofRuns);
    publishPhases(ofRuns);
  } finally {
    dismiss(Object.values(contestants));
    place.close();
  }
}

const imagesPerSecond = (/** @type {number} */ ms) => (1000 * BATCH) / ms;

/** @param {Result[]} single Nash in one process @param {number[]} peers PyTorch float32, bfloat16, DDP, or none @param {Result[]} distributed */
function publishIterations(single, peers, distributed) {
  const [torch32, torch16, ddp] = peers;
  const row = (
    /** @type {string} */ name,
    /** @type {number} */ nash,
    /** @type {number | undefined} */ other,
  ) => (other === undefined ? [] : [rowOf(name, 'images/s', imagesPerSecond(nash), imagesPerSecond(other))]);
  const best = (/** @type {Result[]} */ results, /** @type {string} */ precision) =>
    Math.min(...results.filter(({ name }) => name.endsWith(precision)).map(({ ms }) => ms));
  const [one32, one16] = [best(single, 'float32'), best(single, 'bfloat16')];
  const [many32, many16] = [best(distributed, 'float32'), best(distributed, 'bfloat16')];
  const orderOf = (/** @type {Result} */ { name }) => name.split(' ')[0];
  publish('training iteration, width 64, batch 64', [
    ...single.map((result) =>
      rowOf(
        `one process, ${orderOf(result)}, ${result.name.split(' ')[2]}`,
        'images/s',
        imagesPerSecond(result.ms),
      ),
    ),
    ...row('one process, better order, float32, against PyTorch float32', one32, torch32),
    ...row('one process, better order, bfloat16, against PyTorch float32', one16, torch32),
    ...row('one process, better order, bfloat16, against PyTorch bfloat16', one16, torch16),
    ...distributed.flatMap(({ name, ms }) =>
      row(`${name}, against Nash in one process, same order`, ms, sameOrder(single, name)),
    ),
    ...row('distributed, better order, float32, against Nash in one process, better order', many32, one32),
    ...row('distributed, better order, float32, against PyTorch float32', many32, torch32),
    ...row('distributed, better order, float32, against PyTorch DDP (gloo, 2 processes)', many32, ddp),
    ...row('distributed, better order, bfloat16, against PyTorch float32', many16, torch32),
  ]);
}

/** Nash in one process in the order and precision of a distributed run. @param {Result[]} single @param {string} name */
const sameOrder = (single, name) =>
  msOf(
    single.find(
      (result) => name === `distributed, ${result.name.split(' ')[0]}, ${result.name.split(' ')[2]}`,
    ),
  );

/** @param {Result[]} distributed */
function publishPhases(distributed) {
  const table = distributed.flatMap(({ name, ms, facts }) => {
    const phases = /** @type {Record<string, number>} */ (facts.phases);
    return Object.entries(phases).map(([phase, seconds]) =>
      rowOf(`${name}: ${phase}, both nets`, '% of iteration', (100_000 * seconds) / ms),
    );
  });
  publish('where a distributed iteration goes (nets overlap in simultaneous order)', table);
}

/** The server alone. */
async function pushes() {
  const contestants = [node('push_contest.mjs', 'nash'), node('push_contest.mjs', 'naive')];
  /** @type {Row[]} */
  const table = [];
  for (const workers of [1, 2, 4]) {
    const entries = contestants.flatMap((contestant) => entryOf(contestant, `push ${workers}`));
    const [nash, naive] = await takeTurns(entries, PUSH_TURNS);
    table.push(
      rowOf(
        `push of 11 MB, sum, pull, ${workers} workers, against a naive server`,
        'ms',
        msOf(nash),
        msOf(naive),
      ),
    );
  }
  publish('the server alone (Nash also applies its optimizer)', table);
  dismiss(contestants);
}

console.log(`${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}`);
console.log(
  python
    ? `PyTorch ${python.torch}`
    : 'Python has no torch here: rows against PyTorch are left out (NASH_BENCH_PYTHON=... names another Python)',
);
console.log('medians; contestants in turns; a ratio above 1 favours Nash');
if (machine.busyCores > BUSY_CORES) {
  console.log(
    `WARNING: other programs keep ${machine.busyCores} cores busy. Do not report these figures: with a core taken away, PyTorch's OpenMP\n` +
      'threads wait for each other up to ten times as long, and the server pays milliseconds for every change of thread.',
  );
}
const GROUPS = { steps: gradientSteps, iterations, server: pushes };
/** @type {Record<string, () => Promise<void>>} */
const BENCHES = {
  speed: async () => {
    for (const [name, run] of Object.entries(GROUPS)) if (!options.only || options.only === name) await run();
  },
  networks: async () => {
    const contestants = { nash: node('nash_gan.mjs', CORES, device), torch: torch('torch_gan.py', CORES) };
    await networks(publish, contestants);
    dismiss(Object.values(contestants));
  },
  scaling: () => scaling(publish),
  reissue: () => reissue(publish),
  scrape: () => scrape(publish),
  evaluator: () => evaluator(publish),
  pictures: () => pictures(publish),
};
const [wanted = 'speed'] = positionals;
const bench = BENCHES[wanted];
if (!bench) {
  console.error(`there is no bench '${wanted}'; expected one of ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
await bench();
if (options.json) console.log(JSON.stringify({ machine, rows }));
