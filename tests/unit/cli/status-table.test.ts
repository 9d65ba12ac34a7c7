import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { table } from '../../../src/cli/status-table.js';
import { outcomeOf } from '../../../src/cli/summary.js';
import { type RunResult, resultOf } from '../../../src/run-folder/run-result.js';
import { runStatus } from '../../../src/server/pages/run-status.js';

const steps = { discriminator: 1200, generator: 1200 };
const status = {
  step: steps,
  waitingFor: null,
  workers: [],
  http: '127.0.0.1:9464',
  endpoint: '',
  progress: {
    steps,
    generatorSteps: 2000,
    imagesPerSecond: 812,
    secondsLeft: 140,
    judgement: { accuracyReal: 0.78, accuracyFake: 0.83 },
    lossDiscriminator: 0.93,
    lossGenerator: 1.41,
  },
  evaluation: {
    step: 1100,
    hasCollapsed: true,
    counted: 'classes',
    measures: { gan_modes_captured: 1, gan_modes_expected: 8, gan_mode_collapse_score_ratio: 0.875 },
  },
};
const shown = (said: unknown) => table(runStatus.parse(JSON.parse(JSON.stringify(said)))).split('\n');

it('a living run is shown with its goal, losses, accuracy, time left and verdict', () => {
  expect(shown(status).slice(0, -1)).toEqual([
    'step 1200 of G, 1200 of D; metrics at http://127.0.0.1:9464/metrics',
    'step 1200/2000 · 812 images/s · D right on real 78 % fake 83 % · loss D 0.930 G 1.410 · 2 min 20 s left',
    'evaluated at step 1100: classes 1/8, collapse score 0.88: collapsed',
    'waiting for nothing',
  ]);
});

it('so is one that has no round and no evaluation yet, and one whose loss is no number', () => {
  expect(shown({ ...status, progress: undefined, evaluation: undefined }).slice(0, -1)).toEqual([
    'step 1200 of G, 1200 of D; metrics at http://127.0.0.1:9464/metrics',
    'waiting for nothing',
  ]);
  const progress = { ...status.progress, lossGenerator: Number.NaN };
  expect(
    shown({
      ...status,
      progress,
      evaluation: { step: 3, hasCollapsed: false, counted: 'modes', measures: {} },
    }),
  ).toEqual(expect.arrayContaining([expect.stringContaining('G NaN'), 'evaluated at step 3']));
});

it('a run that was stopped or has failed is shown with the way on, and why', () => {
  const result = { status: 'stopped', steps, savedStep: 1200, metrics: {} } as unknown as RunResult;
  const goOn = 'go on with: npx nash train --resume runs/ring';
  expect(outcomeOf(result, 'runs/ring', 'ring')).toEqual([
    `stopped at step 1200 of G, which is saved; ${goOn}`,
  ]);
  expect(outcomeOf({ ...result, status: 'failed', error: 'it diverged' }, 'runs/ring', 'ring')).toEqual([
    'failed after 1200 steps of D and 1200 of G: it diverged',
    goOn,
  ]);
});

it('a result that cannot be read is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nash-result-'));
  expect(resultOf(join(folder, 'none'))).toBeUndefined();
  for (const text of ['', '{"status":"done"}', '[]', '{"status":"well"}']) {
    writeFileSync(join(folder, 'result.json'), text);
    expect(() => resultOf(folder), text).toThrow(/result\.json is damaged/);
  }
});
