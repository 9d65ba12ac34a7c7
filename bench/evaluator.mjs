// `npm run bench -- evaluator`: what the evaluator costs training, on a core of its own and on cores that all share. Runs with and
// without one in turns. It has joined before training begins, so that its start is not counted; its evaluations are.
import { openBenchFolder } from './distributed.mjs';
import { CORES } from './machine.mjs';
import { cpuSeconds, Processes } from './processes.mjs';
import { rowOf } from './report.mjs';
import { median, takeTurns } from './rounds.mjs';

const POOLS = ['discriminator', 'generator'];
const ROUNDS = 3;
/** Share of a run that is not counted: workers connect and caches fill. */
const WARM_UP = 0.1;

/**
 * A run, by the same settings as its config in configs/ but for the length, and for the width of the images' nets, so that some
 * evaluations happen in a quarter of a minute.
 * @typedef {{ name: string, steps: number, everySteps: number, settings: (data: string) => object }} Kind
 * @type {Kind[]}
 */
const KINDS = [
  {
    name: 'ring',
    steps: 4000,
    everySteps: 1000,
    settings: () => ({
      data: { source: 'ring' },
      model: { name: 'mlp', latent: 2 },
      minibatch: { size: 256, shards: 4 },
    }),
  },
  {
    name: 'images, DCGAN width 16',
    steps: 400,
    everySteps: 100,
    settings: (data) => ({
      data: { source: 'cifar10', path: data },
      model: { name: 'dcgan', width: 16, latent: 100 },
      minibatch: { size: 64, shards: 4 },
    }),
  },
];

/** Cores, as taskset has them; undefined: all. @typedef {{ training: string | undefined, evaluator: string | undefined }} Cores */

/** @param {Kind} kind @param {string} data */
const configOf = ({ steps, everySteps, settings }, data) => ({
  ...settings(data),
  evaluation: { everySteps },
  checkpoint: { everySteps: 1_000_000 },
  server: { http: '127.0.0.1:0' },
  stop: { generatorSteps: steps },
});

/** @param {Processes} run */
async function untilEvaluatorJoined(run) {
  for (;;) {
    const answer = await fetch(`http://${run.http}/status`);
    const { workers } = /** @type {{ workers: { pool: string, state: string }[] }} */ (await answer.json());
    if (workers.some(({ pool, state }) => pool === 'evaluator' && state === 'idle')) return;
    if (run.isOver) throw run.failure();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Milliseconds of training an iteration, its CPU, and how many evaluations were made while it went on.
 * @param {Kind} kind @param {{ folder: string, data: string }} place @param {Cores} cores @param {boolean} isWatched
 */
async function train(kind, place, cores, isWatched) {
  const run = new Processes(place.folder, configOf(kind, place.data));
  try {
    const server = await run.serve([], cores.training);
    if (isWatched) {
      run.start(['evaluator', '--run-dir', run.runDir], cores.evaluator);
      await untilEvaluatorJoined(run);
    }
    const training = [server, ...POOLS.map((pool) => run.work(pool, [], cores.training))];
    const from = await lookAfter(run, training, kind.steps * WARM_UP);
    const to = await lookAfter(run, training, kind.steps * (1 - WARM_UP));
    await run.ended;
    if (server.exitCode !== 0) throw run.failure();
    const evaluations = run.records().filter(({ kind: what }) => what === 'evaluation').length;
    const steps = to.steps - from.steps;
    const cpuMs = (1000 * (to.cpu - from.cpu)) / steps;
    return { ms: [(1000 * (to.seconds - from.seconds)) / steps], cpuMs, evaluations };
  } finally {
    run.kill();
  }
}

/** @param {Processes} run @param {import('node:child_process').ChildProcess[]} training @param {number} steps */
async function lookAfter(run, training, steps) {
  for (;;) {
    const last = run.records().findLast(({ kind }) => kind === 'step');
    if (last && last.steps.generator >= steps)
      return { steps: last.steps.generator, seconds: last.seconds, cpu: cpuSeconds(training) };
    if (run.isOver) throw run.failure();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** @param {(title: string, rows: import('./report.mjs').Row[]) => void} publish */
export async function evaluator(publish) {
  const place = openBenchFolder();
  /** @type {Record<string, Cores>} */
  const layouts = {
    ...(CORES >= 2
      ? { 'training on core 0, the evaluator on core 1': { training: '0', evaluator: '1' } }
      : {}),
    [`all on the same ${CORES} cores`]: { training: undefined, evaluator: undefined },
  };
  try {
    for (const [layout, cores] of Object.entries(layouts)) {
      const rows = [];
      for (const kind of KINDS) {
        /** @type {Record<string, number[]>} */
        const cpuMs = { watched: [], alone: [] };
        const entries = ['watched', 'alone'].map((name) => ({
          name,
          async run() {
            const seen = await train(kind, place, cores, name === 'watched');
            cpuMs[name]?.push(seen.cpuMs);
            return seen;
          },
        }));
        const [watched, alone] = await takeTurns(entries, { rounds: ROUNDS, count: 1 });
        if (!watched || !alone) throw new Error('a run gave no result');
        const name = `${kind.name}, ${watched.facts.evaluations} evaluations in ${kind.steps} iterations`;
        const [cpu = 0, cpuAlone = 0] = Object.values(cpuMs).map(median);
        rows.push(
          rowOf(`${name}: an iteration, with against without`, 'ms', watched.ms, alone.ms),
          rowOf(`${name}: cost`, '% of training', 100 * (watched.ms / alone.ms - 1)),
          // other programs on the machine hardly show in these
          rowOf(`${name}: CPU of server and workers an iteration`, 'ms', cpu, cpuAlone),
          rowOf(`${name}: cost in CPU`, '% of training', 100 * (cpu / cpuAlone - 1)),
        );
      }
      publish(`what the evaluator costs, ${layout}; medians of ${ROUNDS} runs`, rows);
    }
  } finally {
    place.close();
  }
}
