// Goal: of all that open a run folder at once exactly one has it, whatever a dead one left there. Method: processes that meet at an instant.
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const RACERS = 6;
const ROUNDS = 150;
const LOCK = resolve(import.meta.dirname, '../../dist/run-folder/lock.js');
const parent = mkdtempSync(join(tmpdir(), 'nash-race-'));
const RACER = join(parent, 'racer.mjs');
writeFileSync(
  RACER,
  `import { lockRun } from ${JSON.stringify(LOCK)};
process.on('message', ({ folder, at }) => {
  while (Date.now() < at);
  try { lockRun(folder); process.send('won'); } catch (error) { process.send(error.message); }
});
process.send('ready');`,
);
const racers: ChildProcess[] = [];
afterAll(() => {
  for (const racer of racers) racer.kill('SIGKILL');
  rmSync(parent, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const next = (racer: ChildProcess) => new Promise<unknown>((done) => racer.once('message', done));
const dead = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: '1', id: 'dead' });

it.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['the lock of a dead server', { lock: dead }],
  ['a lock that was cut off', { lock: '{"pid":' }],
  ['the lock of a dead server, and of one that died as it took that over', { lock: dead, 'lock~': dead }],
])('one of many wins where there is %s', async (_, files) => {
  while (racers.length < RACERS) {
    const racer = fork(RACER);
    racers.push(racer);
    await next(racer);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const folder = mkdtempSync(join(parent, 'run-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const answers = racers.map(next);
    const at = Date.now() + 3;
    for (const racer of racers) racer.send({ folder, at });
    const said = await Promise.all(answers);
    expect(said.filter((each) => each === 'won')).toHaveLength(1);
    for (const each of said) expect(each).toMatch(/^won$|^another server \(process \d+ on .*\) works in/);
    expect(existsSync(join(folder, 'lock~'))).toBe(false);
  }
});
