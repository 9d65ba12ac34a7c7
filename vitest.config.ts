import { defineConfig } from 'vitest/config';

/** Tests that run Nash itself in processes of its own, train until something is learned, or train whatever may be chosen. */
const PROCESSES = ['cluster', 'setup', 'learning', 'conformance'].map(
  (folder) => `tests/${folder}/*.test.ts`,
);

/** What needs no process of its own and yet ten seconds or more. All others are quick: `npm run test:quick` has them in a minute. */
const SLOW = [
  'tests/fuzz/*.test.ts',
  'tests/simulation/*.test.ts',
  ...['evaluation/examiner', 'modules/own-modules', 'numerics/vector-engine', 'steps/golden', 'training'].map(
    (name) => `tests/unit/${name}.test.ts`,
  ),
];

const LONG_ONES = `
  audit bad-inputs extending faults hosts keys liars lifetimes measured own-modules pages pm2 prometheus reference resume runbooks same-bits sample
  saved shared-memory sources two-users unreachable`;
/**
 * What takes the better part of a minute or more, three files at a time on two cores: it shows for every case what kills, bits and the
 * others show for one. `npm test` leaves it to `npm run test:all`.
 */
const LONG = [
  'tests/conformance/*.test.ts',
  'tests/learning/classifiers.test.ts',
  ...LONG_ONES.trim()
    .split(/\s+/)
    .map((name) => `tests/cluster/${name}.test.ts`),
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
    setupFiles: ['src/setup/node-shim.mjs'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '3', TF_NUM_INTRAOP_THREADS: '1' },
  },
});
