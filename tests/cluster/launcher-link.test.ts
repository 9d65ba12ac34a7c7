// Goal: a process that tells its dead launcher something, before it knows that it is dead, ends as it means to. Method: a launcher that is
// killed while its child is busy; the child speaks, and only then comes to hear of the death.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { isAlive, scratch, until } from '../support/nash.js';

const CHILD = `
import { writeFileSync } from 'node:fs';
import { endWithLauncher, tellLauncher } from ${JSON.stringify(resolve('dist/cli/launcher-link.js'))};
const [, , ready, ended] = process.argv;
endWithLauncher()(() => {
  writeFileSync(ended, 'as meant');
  process.exit(0);
});
setTimeout(() => {
  writeFileSync(ready, String(process.pid));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); // busy while its launcher dies
  for (let i = 0; i < 3; i++) tellLauncher({ kind: 'note', note: 'still here' });
});
`;
const LAUNCHER = `
import { fork } from 'node:child_process';
fork(process.argv[2], process.argv.slice(3), { env: { ...process.env, NASH_LAUNCHED: '1' } });
`;

it('what a dead launcher is told ends nobody', async () => {
  mkdirSync(scratch('link'), { recursive: true });
  const file = (name: string) => join(scratch('link'), name);
  writeFileSync(file('child.mjs'), CHILD);
  writeFileSync(file('launcher.mjs'), LAUNCHER);
  const words = ['launcher.mjs', 'child.mjs', 'ready', 'ended'].map(file);
  const launcher: ChildProcess = spawn(process.execPath, words, { stdio: 'ignore' });
  const child = await until(
    'the child',
    () => existsSync(file('ready')) && Number(readFileSync(file('ready'), 'utf8')),
  );
  launcher.kill('SIGKILL');
  await until('the end of the child', () => !isAlive(child as number) || undefined);
  expect(existsSync(file('ended')) && readFileSync(file('ended'), 'utf8')).toBe('as meant');
});
