import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openLog } from '../../../src/cli/log.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('every line of a log says run, worker, version and release, as they were when it was written', () => {
  let version: { discriminator: number; generator: number } | null = null;
  const log = openLog({ folder, worker: 'discriminator-0', run: 'runs/ring', version: () => version });
  log('started');
  version = { discriminator: 3, generator: 2 };
  log('ended', { exitCode: 0 });
  const lines = readFileSync(join(folder, 'discriminator-0.ndjson'), 'utf8').trimEnd().split('\n');
  const { version: nash } = JSON.parse(readFileSync('package.json', 'utf8'));
  const own = { run: 'runs/ring', worker: 'discriminator-0', pid: process.pid, nash };
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { ...own, version: null, msg: 'started' },
    { ...own, version: { discriminator: 3, generator: 2 }, msg: 'ended', exitCode: 0 },
  ]);
});
