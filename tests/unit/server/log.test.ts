// Goal: no peer can fill a disk by way of the server's log, and what the server has to say stands in it. Method: a real log file, a clock
// by hand; then a server that is told nonsense.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openLog } from '../../../src/cli/log.js';
import { rationed } from '../../../src/server/log.js';
import { GOOD, openFuzzedServer } from '../../fuzz/fuzzed-server.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-rationed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a million lines of peers take 256 KiB, and 4 KiB more each second; each line is counted, and none of the server is left out', () => {
  let nowMs = 0;
  const version = () => ({ discriminator: 1_000_000, generator: 1_000_000 });
  const log = rationed(openLog({ folder, worker: 'server', run: 'runs/some-run', version }), () => nowMs);
  const file = join(folder, 'server.ndjson');
  const message = 'x'.repeat(300);
  for (let i = 0; i < 500_000; i++) log('refused', { reason: 'malformed', session: '0'.repeat(16), message });
  expect(statSync(file).size).toBeLessThan(300 * 1024);
  expect(statSync(file).size).toBeGreaterThan(200 * 1024);
  log('checkpoint written', { path: 'p', step: 1 });
  const burst = statSync(file).size;
  for (let second = 0; second < 100; second++) {
    nowMs += 1000;
    for (let i = 0; i < 5000; i++) log('worker gone', { peer: message, why: 'refused' });
  }
  expect(statSync(file).size - burst).toBeLessThan(100 * 4096 * 1.2);
  expect(statSync(file).size - burst).toBeGreaterThan(100 * 4096 * 0.5);
  for (let i = 0; i < 1000; i++) log('checkpoint written', { path: 'p', step: i });
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; leftOut?: number });
  expect(lines.filter(({ msg }) => msg === 'checkpoint written')).toHaveLength(1001);
  const leftOut = lines.reduce((sum, line) => sum + (line.leftOut ?? 0), 0);
  expect(lines.length + leftOut).toBe(500_000 + 1 + 500_000 + 1000);
}, 60_000);

it('a server that refuses ten thousand messages counts all of them, and logs what fits', async () => {
  const opened = await openFuzzedServer(join(folder, 'run'));
  opened.join(GOOD);
  for (let i = 0; i < 10_000; i++) opened.transport.deliver('0123456789abcdef', [Uint8Array.of(1, 2, 3)]);
  expect(opened.metrics.latest()['gan_refusals_total{reason="malformed"}']).toBe(10_000);
  expect(opened.logged.filter((event) => event === 'refused').length).toBeLessThan(1000);
  opened.server.stop();
  expect(opened.logged.at(-1)).toBe('stop requested');
  await opened.close();
});
