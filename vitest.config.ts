import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // processes, not threads: a TensorFlow session or a ZeroMQ socket that a thread leaves open aborts the whole process
    pool: 'forks',
    maxWorkers: 2, // a test that trains uses a core of its own
    setupFiles: ['src/setup/node-shim.mjs'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '3', TF_NUM_INTRAOP_THREADS: '1' },
  },
});
