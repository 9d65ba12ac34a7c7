// Before any test, also when vitest is started by hand: many run `bin/nash`, and some load WebAssembly, both of which are dist's.
import type { TestProject } from 'vitest/node';
import { SetupFailure } from '../../src/setup/failure.mjs';
import { places } from '../../src/setup/places.mjs';
import { missingSteps, runSetup } from '../../src/setup/setup.mjs';

/** @throws SetupFailure where the sources do not compile, or where there is more to set up than the build */
async function build(): Promise<void> {
  const missing = missingSteps(places());
  const others = missing.filter((step) => step !== 'build');
  if (others.length > 0)
    throw new SetupFailure({ found: `not set up: ${others.join(', ')}`, mend: 'run `npx nash setup`' });
  if (missing.length > 0) await runSetup(['--build-only', '--quiet']);
}

export default async function buildFirst(project: TestProject): Promise<void> {
  await build();
  project.onTestsRerun(build); // when vitest watches
}
