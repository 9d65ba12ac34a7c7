// Workers that are let in and lie, in real processes over real sockets: the run ends with the weights of an undisturbed one and its exit
// status, the liar is sent away by name, and the server's memory does not grow by what was sent to it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION, type ServerMessage, serverMessage } from '../../src/protocol/messages.js';
import { connectWorker } from '../../src/transport/dealer.js';
import { KeyFolder, toZ85 } from '../../src/transport/keys.js';
import { type Reach, reach } from '../../src/transport/reach.js';
import { decode, encode } from '../../src/wire/codec.js';
import {
  faulty,
  nash,
  resultOf,
  scratch,
  start,
  statusWhen,
  trainWords,
  until,
  workersOnly,
} from '../support/nash.js';

const STEPS = 600;
const SMALL = {
  'minibatch.size': 16,
  'minibatch.shards': 4,
  'evaluation.everySteps': 100_000,
  'checkpoint.everySteps': 20,
  'stop.generatorSteps': STEPS,
};
const OWNERS = ['alice', 'bob', 'carol', 'mallory'];
const keys = (owner: string) => scratch(`keys-${owner}`);
const logOf = (name: string) =>
  readFileSync(join(scratch(name), 'logs', 'server.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

let undisturbed: unknown;
beforeAll(async () => {
  await nash('keys', 'make', '--keys', keys('server'));
  const home = new KeyFolder(keys('server'));
  for (const owner of OWNERS) {
    await nash('keys', 'make', '--worker', '--keys', keys(owner));
    const folder = new KeyFolder(keys(owner));
    folder.trust(home.pair('server').publicKey);
    home.allow(folder.pair('worker').publicKey, owner);
  }
  const words = trainWords('undisturbed', 'configs/ring.yaml', SMALL, workersOnly('any=1'));
  expect((await start(words).finished).exitCode).toBe(0);
  undisturbed = resultOf('undisturbed').weights;
});

/** A server that workers of several owners join. */
async function serve(name: string, sets: Record<string, string | number> = {}) {
  const all = { ...SMALL, 'server.keys': keys('server'), 'server.endpoint': 'tcp://127.0.0.1:0', ...sets };
  const server = start(['server', ...trainWords(name, 'configs/ring.yaml', all).slice(1)]);
  await statusWhen(name, 'the server', () => true);
  const { endpoint } = JSON.parse(readFileSync(join(scratch(name), 'server.json'), 'utf8'));
  const join_ = (owner: string, fault?: string, as = fault ?? owner) =>
    start(['worker', '--pool', 'any', '--name', as, '--endpoint', endpoint, '--keys', keys(owner)], {
      env: fault ? faulty(fault) : {},
    });
  return { server, endpoint: endpoint as string, join: join_ };
}

const working = (name: string, ids: string[]) =>
  statusWhen(name, ids.join(', '), ({ workers }) =>
    ids.every((wanted) => workers.some(({ id, state }) => id === wanted && state !== 'preparing')),
  );

describe('a worker with a key that lies', () => {
  it('and never says what it has is sent away for it', async () => {
    const { server, join } = await serve('single');
    const honest = join('alice');
    await working('single', ['alice']);
    const stderr = expect.stringMatching(/malformed.* its sender never said it has/);
    expect(await join('mallory', 'mute').finished).toMatchObject({ exitCode: 2, stderr });
    expect(await server.finished).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await honest.finished).exitCode).toBe(0);
    expect(resultOf('single').weights).toEqual(undisturbed);
  });

  it('and agrees with another session of its owner outvotes nobody', async () => {
    const { server, join } = await serve('pair', { 'verify.fraction': 1 });
    const honest = [join('alice'), join('bob'), join('carol')];
    await working('pair', ['alice', 'bob', 'carol']);
    const liars = ['first', 'second'].map((name) => join('mallory', 'wrong', name));
    for (const liar of liars)
      expect(await liar.finished).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/corrupt/) });
    expect(await server.finished).toMatchObject({ exitCode: 0, stderr: '' });
    for (const worker of honest) expect((await worker.finished).exitCode).toBe(0);
    expect(resultOf('pair').weights).toEqual(undisturbed);
  });
});

describe('who talks to a server without working', () => {
  const residentMiB = (pid: number) =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
  const children: { kill(signal: 'SIGKILL'): unknown }[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  it('is refused by name, makes it hold nothing, and changes no weight', async () => {
    const { server, endpoint, join: joinAs } = await serve('talked-to');
    const before = residentMiB(server.pid);

    // a message that never ends
    const [own, home] = [
      new KeyFolder(keys('mallory')).pair('worker'),
      new KeyFolder(keys('server')).pair('server'),
    ];
    const script = `
      const { Dealer } = require(${JSON.stringify(join(process.cwd(), 'node_modules/zeromq'))});
      const dealer = new Dealer({ linger: 0, curvePublicKey: ${JSON.stringify(toZ85(own.publicKey))},
        curveSecretKey: ${JSON.stringify(toZ85(own.secretKey))}, curveServerKey: ${JSON.stringify(toZ85(home.publicKey))} });
      dealer.connect(${JSON.stringify(endpoint)});
      setInterval(() => {}, 1000);
      dealer.send(Array(128).fill(Buffer.alloc(${2 ** 22}, 7)));`;
    children.push(spawn(process.execPath, ['-e', script], { stdio: 'inherit' }));

    // messages of the longest fields, of wrong order and of others' names, each in a session of its own
    const hello = {
      kind: 'hello',
      protocol: PROTOCOL_VERSION,
      role: 'worker',
      pool: 'any',
      name: 'mallory',
      pid: server.pid,
      host: hostname(),
    };
    const answer = {
      ...{ kind: 'answer', term: 1, branch: 0, net: 'discriminator', step: 0, level: 0, index: 0, issue: 1 },
      ...{ block: 0, blockCount: 2 ** 16, length: 2 ** 40, computeSeconds: 1e308, statistics: [] },
    };
    const prepared = {
      ...{
        kind: 'prepared',
        configHash: '0'.repeat(64),
        manifests: { discriminator: '0'.repeat(64), generator: '0'.repeat(64) },
      },
      ...{ data: null, device: 'cpu', canaries: {}, sharesMemory: true },
      fingerprint: { device: '', tensorflow: '', threads: '', flags: 'x'.repeat(4096) },
    };
    for (const [reason, ...messages] of [
      ['malformed', { ...hello, ['k'.repeat(5000)]: 1 }],
      ['malformed', { ...hello, name: 'n'.repeat(5000) }],
      ['malformed', { ...hello, pid: 1e308 }],
      ['malformed', hello, answer],
      ['malformed', hello, { ...answer, computeSeconds: 1 }],
      ['config', hello, prepared],
      ['key', { ...hello, role: 'evaluator' }],
    ] as [string, ...object[]][]) {
      const peer = connectWorker(reach({ endpoint }, keys('mallory')) as Reach);
      const heard: ServerMessage[] = [];
      peer.onMessage((frames) => heard.push(decode(serverMessage, frames).message));
      for (const message of messages)
        peer.send(
          encode('proof' in message || message !== messages[0] ? message : { ...message, proof: peer.proof }),
        );
      const refusal = await until(`the refusal of ${JSON.stringify(messages).slice(0, 80)}`, () =>
        heard.find((message) => message.kind === 'refused'),
      );
      expect(refusal).toMatchObject({ reason });
      await peer.close();
    }

    expect(
      await until('the endless message to be cut', () =>
        logOf('talked-to').find(({ why }) => /a message that does not end/.test(String(why))),
      ),
    ).toMatchObject({ why: expect.stringMatching(/^127.0.0.1/) });
    expect(residentMiB(server.pid) - before).toBeLessThan(64);
    const worker = joinAs('alice');
    expect(await server.finished).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await worker.finished).exitCode).toBe(0);
    expect(resultOf('talked-to').weights).toEqual(undisturbed);
  });
});
