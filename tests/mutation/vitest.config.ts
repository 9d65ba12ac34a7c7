// As the tests run otherwise, but without building first: most faults show in the sources, and those that do not are built by mutate.mjs.
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.js';

const { projects: _projects, globalSetup: _globalSetup, ...test } = shared.test!;

export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: { ...test, include: ['tests/**/*.test.ts'] },
});
