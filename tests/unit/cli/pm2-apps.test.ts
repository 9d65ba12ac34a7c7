// What pm2 is given for a topology, without pm2: tests/cluster/pm2.test.ts has the real one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pm2Apps } from '../../../src/cli/pm2-apps.js';
import { splitWords } from '../../../src/cli/split-words.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-pm2-'));
const file = join(folder, 'two.yaml');
beforeAll(() => {
  writeFileSync(
    file,
    'endpoint: tcp://10.0.0.1:5555\nhosts: { a: { server: true, evaluator: true, discriminator: [0], generator: 1 }, b: { discriminator: [0, 3] } }',
  );
  return () => rmSync(folder, { recursive: true });
});
afterEach(() => {
  delete process.env.NASH_HOST;
});

const appsOn = (host: string, rest = '') => {
  process.env.NASH_HOST = host;
  return pm2Apps(`configs/ring.yaml --run-dir runs/x --topology ${file} ${rest}`, '/home/me');
};
const summary = (apps: ReturnType<typeof pm2Apps>) =>
  apps.map(({ name, env }) => [name, env.CUDA_VISIBLE_DEVICES ?? '']);

it('apps have the limit of NASH_MAX_MEMORY, and none by default', () => {
  const limits = () => new Set(appsOn('a').map((app) => app.max_memory_restart));
  expect(limits()).toEqual(new Set([undefined]));
  try {
    process.env.NASH_MAX_MEMORY = '8G';
    expect(limits()).toEqual(new Set(['8G']));
    process.env.NASH_MAX_MEMORY = '8 GB';
    expect(limits).toThrow(/NASH_MAX_MEMORY is '8 GB'; expected/);
  } finally {
    delete process.env.NASH_MAX_MEMORY;
  }
});

describe('the apps of a topology', () => {
  it('are those of the host, each worker with its own device', () => {
    expect(summary(appsOn('a'))).toEqual([
      ['server', ''],
      ['evaluator', ''],
      ['discriminator-0', '0'],
      ['generator-0', ''],
    ]);
    expect(summary(appsOn('b'))).toEqual([
      ['discriminator-0', '0'],
      ['discriminator-1', '3'],
    ]);
  });

  it('find the server by the run folder on its host, and by its address elsewhere', () => {
    const [server, , local] = appsOn('a');
    expect(server!.args.join(' ')).toContain(
      '--set server.endpoint=tcp://10.0.0.1:5555 --run-dir runs/x --supervised',
    );
    expect(local!.args.join(' ')).toContain('--name discriminator-0 --run-dir runs/x --wait --require-gpu');
    const [remote] = appsOn('b');
    expect(remote!.args.join(' ')).toContain(
      '--name discriminator-0@b --endpoint tcp://10.0.0.1:5555 --require-gpu',
    );
  });

  it('deal more workers than devices over the devices', () => {
    expect(summary(appsOn('b', '--workers discriminator=3'))).toEqual([
      ['discriminator-0', '0'],
      ['discriminator-1', '3'],
      ['discriminator-2', '0'],
    ]);
  });

  it('never rest with 0, which is also what pm2 makes of a kill', () => {
    for (const app of appsOn('a')) {
      expect(app.stop_exit_codes).not.toContain(0);
      expect(app.args.slice(-2)).toEqual(['--done-status', '64']);
      expect(app).toMatchObject({ namespace: 'x', cwd: '/home/me', exec_mode: 'fork' });
    }
  });

  it('are refused where GPUs are given and the config wants none', () => {
    expect(() => appsOn('a', '--set device.kind=cpu')).toThrow(
      /GPUs to workers and the config says device.kind: cpu/,
    );
  });
});

describe('splitWords', () => {
  it.each([
    ['a  b\tc', ['a', 'b', 'c']],
    [`--set 'model={a: 1, b: "2"}' x`, ['--set', 'model={a: 1, b: "2"}', 'x']],
    [`a"b c"d '' \\'`, ['ab cd', '', "'"]],
    ['', []],
  ])('%j', (text, words) => expect(splitWords(text)).toEqual(words));

  it('refuses a quote that is not closed', () => expect(() => splitWords("a 'b")).toThrow(/not closed/));
});
