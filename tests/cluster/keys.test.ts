// Who may join: real servers and workers, with keys and without.
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  freePort,
  nash,
  resultOf,
  scratch,
  start,
  statusWhen,
  trainWords,
  until,
  workersOnly,
} from '../support/nash.js';

const SMALL = { 'minibatch.size': 16, 'minibatch.shards': 2, 'evaluation.everySteps': 100_000 };
const at = (folder: string) => ['--keys', scratch(folder)];
const printed = async (folder: string, owner: 'server' | 'worker') =>
  new RegExp(`^${owner} +([0-9a-f]{64})$`, 'm').exec((await nash('keys', 'list', ...at(folder))).stdout)![1]!;

/** Starts a run with these keys and one worker of its own for each pool. */
async function serve(name: string, keys: string, generatorSteps: number) {
  const sets = {
    ...SMALL,
    'server.keys': scratch(keys),
    'server.endpoint': 'tcp://127.0.0.1:0',
    'stop.generatorSteps': generatorSteps,
  };
  const run = start(trainWords(name, 'configs/ring.yaml', sets, workersOnly('discriminator=1,generator=1')));
  await statusWhen(name, 'its first steps', ({ step }) => step.generator > 0);
  const { endpoint, http } = JSON.parse(readFileSync(join(scratch(name), 'server.json'), 'utf8'));
  return { run, endpoint: endpoint as string, http: http as string };
}

const joinAt = (endpoint: string, ...rest: string[]) =>
  start(['worker', '--pool', 'any', '--endpoint', endpoint, ...rest], {
    env: { XDG_CONFIG_HOME: scratch('no-config') },
  });

/** A TCP proxy in front of a port of this host: where nobody listens there, it takes the connection and hangs up. */
async function proxyTo(port: number) {
  let hungUpCount = 0;
  const proxy = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    inner.on('error', () => outer.destroy()).on('close', () => outer.destroy());
    outer.on('error', () => {
      hungUpCount += 1;
      inner.destroy();
    });
    outer.on('close', () => inner.destroy());
    inner.pipe(outer).pipe(inner);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    hungUpCount: () => hungUpCount,
    close: () => proxy.close(),
  };
}

describe('a server with keys', () => {
  it('lets in who has one that is allowed, turns away all others by name, and trains on', async () => {
    expect((await nash('keys', 'make', ...at('server'))).exitCode).toBe(0);
    for (const host of ['friend', 'stranger', 'misled']) await nash('keys', 'make', '--worker', ...at(host));
    const serverKey = await printed('server', 'server');
    for (const host of ['friend', 'stranger']) await nash('keys', 'trust', serverKey, ...at(host));
    await nash('keys', 'trust', await printed('stranger', 'worker'), ...at('misled'));
    expect(existsSync(join(scratch('stranger'), 'server.key'))).toBe(false);

    const { run, endpoint, http } = await serve('run', 'server', 100_000);
    const friendKey = await printed('friend', 'worker');
    expect((await nash('keys', 'allow', friendKey, 'friend', ...at('server'))).exitCode).toBe(0);
    const friend = joinAt(endpoint, '--name', 'friend', ...at('friend'));
    await statusWhen('run', 'the friend', ({ workers }) =>
      workers.some(({ id, state }) => id === 'friend' && state !== 'preparing'),
    );
    for (const [keys, message] of [
      [['--keys', 'none'], /wants a key/],
      [at('stranger'), /does not allow this key/],
      [at('misled'), /does not have the key/],
    ] as const) {
      const { exitCode, stderr } = await joinAt(endpoint, ...keys).finished;
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    const metrics = await (await fetch(`http://${http}/metrics`)).text();
    expect(metrics).toMatch(/^gan_refusals_total\{reason="key",run="[^"]+"\} 1$/m);
    const handshakes = Number(
      /^gan_refusals_total\{reason="handshake",run="[^"]+"\} (\d+)$/m.exec(metrics)?.[1],
    );
    expect(handshakes).toBeGreaterThanOrEqual(2);

    const { step } = await statusWhen('run', 'anything', () => true);
    await statusWhen('run', 'more steps', (later) => later.step.generator > step.generator);
    process.kill(run.pid, 'SIGTERM');
    expect((await run.finished).exitCode).toBe(75);
    expect((await friend.finished).exitCode).toBe(0);
  });

  it('is waited for by those it let in, though a proxy hangs up on them while it is down', async () => {
    await nash('keys', 'make', ...at('proxied'));
    const port = await freePort();
    const sets = {
      ...SMALL,
      'server.keys': scratch('proxied'),
      'server.endpoint': `tcp://127.0.0.1:${port}`,
      'stop.generatorSteps': 100_000,
    };
    const words = ['server', ...trainWords('down', 'configs/ring.yaml', sets).slice(1)];
    const proxy = await proxyTo(port);
    const first = start(words);
    await statusWhen('down', 'the server to listen', () => true);
    const worker = joinAt(`tcp://127.0.0.1:${proxy.port}`, ...at('proxied'));
    const { step } = await statusWhen('down', 'its first steps', ({ step }) => step.generator > 0);
    process.kill(first.pid, 'SIGKILL');
    await first.finished;
    const hungUpCount = proxy.hungUpCount();
    await until('the proxy to have hung up five times', () => proxy.hungUpCount() >= hungUpCount + 5);
    const second = start([...words, '--resume']);
    await statusWhen('down', 'more steps', (later) => later.step.generator > step.generator);
    process.kill(second.pid, 'SIGTERM');
    expect((await second.finished).exitCode).toBe(75);
    expect(await worker.finished).toMatchObject({ exitCode: 0 });
    proxy.close();
  });

  it('gives the weights that a server without them gives', async () => {
    await nash('keys', 'make', ...at('own'));
    const { run } = await serve('with-keys', 'own', 60);
    const without = start(
      trainWords('without', 'configs/ring.yaml', {
        ...SMALL,
        'server.keys': 'none',
        'stop.generatorSteps': 60,
      }),
    );
    expect([(await run.finished).exitCode, (await without.finished).exitCode]).toEqual([0, 0]);
    expect(resultOf('with-keys').weights).toEqual(resultOf('without').weights);
  });
});

describe('what is refused before anything listens', () => {
  const refused = async (name: string, sets: Record<string, string | number>) => {
    const { exitCode, stderr } = await nash(...trainWords(name, 'configs/ring.yaml', { ...SMALL, ...sets }));
    expect(existsSync(scratch(name))).toBe(false);
    return [exitCode, stderr];
  };

  it('an address that other hosts reach, without keys and without a word of trust', async () => {
    const sets = { 'server.endpoint': 'tcp://0.0.0.0:0', 'server.keys': 'none' };
    expect(await refused('open', sets)).toEqual([
      2,
      expect.stringMatching(/anybody could join.*nash keys make/s),
    ]);
    const trusting = { ...SMALL, ...sets, 'server.trustedNetwork': 'true', 'stop.generatorSteps': 5 };
    expect(
      (await nash(...trainWords('trusting', 'configs/ring.yaml', trusting, workersOnly('any=1')))).exitCode,
    ).toBe(0);
  });

  it('a folder without keys, one with a private key that others can read, one with a damaged list', async () => {
    expect(await refused('no-key', { 'server.keys': scratch('nothing') })).toEqual([
      2,
      expect.stringMatching(/no such key here.*nash keys make --keys/s),
    ]);
    await nash('keys', 'make', ...at('loose'));
    expect(statSync(join(scratch('loose'), 'server.key')).mode & 0o777).toBe(0o600);
    const copy = (name: string) => {
      mkdirSync(scratch(name));
      cpSync(scratch('loose'), scratch(name), { recursive: true });
      return scratch(name);
    };
    const readable = copy('readable');
    chmodSync(join(readable, 'server.key'), 0o644);
    expect(await refused('r1', { 'server.keys': readable })).toEqual([2, expect.stringMatching(/chmod 600/)]);
    const damaged = copy('damaged');
    writeFileSync(join(damaged, 'allowed'), '# a word\n\nnonsense friend\n');
    expect(await refused('r2', { 'server.keys': damaged })).toEqual([
      2,
      expect.stringMatching(/allowed, line 3: 'nonsense' is no key/),
    ]);
  });
});
