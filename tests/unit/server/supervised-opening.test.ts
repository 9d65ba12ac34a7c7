// Goal: what a server does with its folder when a service manager starts it again, after each way in which a run ends.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runConfig } from '../../../src/config/run-config.js';
import { CONFIG_MARK } from '../../../src/run-folder/ownership.js';
import { supervisedOpening } from '../../../src/server/supervised-opening.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nash-opening-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const configOf = (over: object = {}) =>
  runConfig.parse({
    data: { source: 'ring' },
    model: { name: 'mlp' },
    stop: { generatorSteps: 10 },
    ...over,
  });
const holds = (result?: object) => {
  writeFileSync(join(folder, 'config.yaml'), `${CONFIG_MARK}\n${JSON.stringify(configOf())}`);
  if (!result) return;
  const steps = { discriminator: 10, generator: 10 };
  writeFileSync(join(folder, 'result.json'), JSON.stringify({ steps, metrics: {}, ...result }));
};
const opening = (config = configOf()) => supervisedOpening(folder, config);

it('begins where there is no run, and goes on with one that was killed or stopped', () => {
  expect(opening()).toBe('fresh');
  holds();
  expect(opening()).toBe('resume');
  holds({ status: 'stopped' });
  expect(opening()).toBe('resume');
});

it('leaves a run alone that is done, until more steps are asked of it', () => {
  holds({ status: 'done' });
  expect(opening()).toBe('finished');
  expect(opening(configOf({ stop: { generatorSteps: 11 } }))).toBe('resume');
});

it('goes on with one that a full disk ended, and not with one that failed by itself', () => {
  holds({ status: 'failed', fault: 'environment', error: 'ENOSPC' });
  expect(opening()).toBe('resume');
  holds({ status: 'failed', fault: 'failed', error: 'it diverged' });
  expect(() => opening()).toThrow(/failed: it diverged.*--resume/);
});

it('refuses a folder that holds another run', () => {
  holds();
  expect(() => opening(configOf({ seed: 9 }))).toThrow(/other settings: seed was 1, now 9/);
});
