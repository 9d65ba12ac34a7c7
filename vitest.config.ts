import { defineConfig } from 'vitest/config';

const filesOf = (folder: string, names: string): string[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => `${folder}/${name}.test.ts`);

/** Tests that run Nash itself in processes of its own, train until something is learned, or train whatever may be chosen. */
const PROCESSES = ['cluster', 'setup', 'learning', 'conformance'].map(
  (folder) => `tests/${folder}/*.test.ts`,
);

/** What needs no process of its own and yet the most of ten seconds. All others are quick: `npm run test:quick` has them in a minute. */
const SLOW_ONES = `
  checkpoints/checkpoint-store compiler/compile data/cifar10 evaluation/examiner evaluation/figures export/generator-graph
  modules/own-modules numerics/vector-engine server/peers/held-memory steps/golden training`;
const SLOW = ['tests/fuzz/*.test.ts', 'tests/simulation/*.test.ts', ...filesOf('tests/unit', SLOW_ONES)];

const LONG_ONES = `
  audit bad-inputs export extending faults hosts keys liars lifetimes measured output-bias own-modules pages pairs pm2 prometheus reference
  resume runbooks same-bits sample saved shared-memory sources transfer two-users unreachable`;
/**
 * What takes the better part of a minute or more, three files at a time on two cores: it shows for every case what kills, bits and the
 * others show for one. `npm test` leaves it to `npm run test:all`.
 */
const LONG = [
  'tests/conformance/*.test.ts',
  'tests/learning/classifiers.test.ts',
  'tests/setup/package.test.ts',
  ...filesOf('tests/cluster', LONG_ONES),
];
const TESTS = 'tests/**/*.test.ts';

// ends what hangs: on a busy machine each takes many times as long
const PATIENCE = { testTimeout: 300_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    projects: [
      // files share a process and what it has loaded: a third of their time went into loading TensorFlow and modules once more
      {
        extends: true,
        test: { name: 'quick', include: [TESTS], exclude: [...PROCESSES, ...SLOW], isolate: false },
      },
      { extends: true, test: { name: 'slow', include: SLOW, isolate: false, ...PATIENCE } },
      {
        extends: true,
        test: {
          name: 'processes',
          include: PROCESSES,
          exclude: LONG,
          ...PATIENCE,
        },
      },
      { extends: true, test: { name: 'long', include: LONG, ...PATIENCE } },
    ],
    // processes, not threads: a TensorFlow session or a ZeroMQ socket that a thread leaves open aborts the whole process
    pool: 'forks',
    maxWorkers: 3, // for two cores: tests of several processes wait for each other half of their time
    globalSetup: ['tests/support/build-first.ts'],
    setupFiles: ['src/setup/node-shim.mjs', 'tests/support/exits.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '3', TF_NUM_INTRAOP_THREADS: '1' },
  },
});
