import { defineConfig } from 'vitest/config';

/** Tests that run Nash itself in processes of its own, train until something is learned, or train whatever may be chosen; all others are quick. */
const PROCESSES = ['tests/cluster/**', 'tests/setup/**', 'tests/learning/**', 'tests/conformance/**'];
/**
 * Those of them that take the better part of a minute or more, three files at a time on two cores: they show for every case what kills, bits
 * and the others show for one. `npm test` leaves them to `npm run test:all`.
 */
const LONG = [
  'tests/conformance/*.test.ts',
  ...[
    ...[
      'audit',
      'bad-inputs',
      'extending',
      'faults',
      'hosts',
      'keys',
      'liars',
      'lifetimes',
      'own-modules',
      'pages',
      'pm2',
      'prometheus',
    ],
    ...[
      'reference',
      'resume',
      'runbooks',
      'same-bits',
      'sample',
      'saved',
      'sources',
      'two-users',
      'unreachable',
    ],
  ].map((name) => `tests/cluster/${name}.test.ts`),
];
const TESTS = 'tests/**/*.test.ts';

// ends what hangs: on a busy machine each takes many times as long
const PATIENCE = { testTimeout: 300_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    projects: [
      // files share a process and what it has loaded: a third of their time went into loading TensorFlow and modules once more
      { extends: true, test: { name: 'quick', include: [TESTS], exclude: PROCESSES, isolate: false } },
      {
        extends: true,
        test: {
          name: 'processes',
          include: PROCESSES.map((folder) => `${folder}/*.test.ts`),
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
