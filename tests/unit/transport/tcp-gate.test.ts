// What a connection over TCP may make a server hold, over real sockets: the bytes that it takes are counted on their way.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { makePair, toZ85 } from '../../../src/transport/keys.js';
import { PrivateFolder } from '../../../src/transport/private-folder.js';
import { bindServer } from '../../../src/transport/router.js';
import { saysReady } from '../../../src/transport/tcp-gate.js';

const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'nash-gate-'));
const inner = PrivateFolder.make(join(folder, 'private'));
afterAll(() => rmSync(folder, { recursive: true }));

const [server, friend] = [makePair(), makePair()];
const children: ChildProcess[] = [];
const open: { close(): unknown }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const one of open.splice(0).reverse()) await one.close();
});

async function serve() {
  const nameOf = (key: string) => (key === friend.publicKey ? 'friend' : undefined);
  const transport = await bindServer({ endpoint: 'tcp://127.0.0.1:0', keys: { pair: server, nameOf } });
  await transport.open(inner);
  open.push(transport);
  const cut: string[] = [];
  const heard: string[] = [];
  transport.onRefused((_, why) => cut.push(why));
  transport.onMessage(({ peer, frames }) => heard.push(`${peer} ${frames.length} ${frames[0]!.byteLength}`));
  const port = Number(transport.endpoint!.split(':').at(-1));
  return { transport, port, cut, heard };
}

/** A way to a port on which bytes are counted. */
async function counting(port: number) {
  const count = { bytes: 0 };
  const relay = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const socket of [from, to]) socket.on('error', () => socket.destroy());
    to.on('close', () => from.destroy());
    from.on('close', () => to.destroy());
    from.on('data', (chunk) => {
      count.bytes += chunk.length;
    });
    from.pipe(to).pipe(from);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  open.push(relay);
  return { port: (relay.address() as AddressInfo).port, count };
}

/** A process with the friend's key that runs `body` on its connected `dealer`. */
function befriend(port: number, routingId: string, body: string) {
  const script = `
    const { Dealer } = require(${JSON.stringify(join(process.cwd(), 'node_modules/zeromq'))});
    const dealer = new Dealer({ linger: 0, routingId: ${JSON.stringify(routingId)},
      curvePublicKey: ${JSON.stringify(toZ85(friend.publicKey))}, curveSecretKey: ${JSON.stringify(toZ85(friend.secretKey))},
      curveServerKey: ${JSON.stringify(toZ85(server.publicKey))} });
    dealer.connect('tcp://127.0.0.1:${port}');
    const part = Buffer.alloc(${4 * MIB}, 7);
    setInterval(() => {}, 1000);
    (async () => { ${body} })();`;
  children.push(spawn(process.execPath, ['-e', script], { stdio: 'inherit' }));
}

/** Polls until a claim holds, by a clock that is never faked: vi.waitFor would move the faked ones on. */
async function eventually(claim: () => void): Promise<void> {
  for (const deadline = performance.now() + 20_000; ; ) {
    try {
      claim();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((turn) => setImmediate(turn));
    }
  }
}

async function stranger(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

/** The greeting of ZMTP 3.1 with CURVE, and the head of a frame of 8 MiB. */
const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  Buffer.from('CURVE'.padEnd(20, '\0')),
  Buffer.alloc(32),
]);
const LONG_FRAME = Buffer.from([2, 0, 0, 0, 0, 0, 0x80, 0, 0]);

describe('before a key is proved', () => {
  it('a few thousand bytes are taken, and no more', async () => {
    const { port, cut } = await serve();
    const way = await counting(port);
    const socket = await stranger(way.port);
    const closed = new Promise((done) => socket.once('close', done));
    socket.write(Buffer.concat([GREETING, LONG_FRAME, Buffer.alloc(7 * MIB)]));
    await closed;
    expect(cut).toEqual([expect.stringMatching(/^127.0.0.1: more than 4096 bytes before a key was proved$/)]);
  });

  it('five seconds pass at most', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { port, cut } = await serve();
    const socket = await stranger(port);
    socket.write(GREETING.subarray(0, 12));
    await once(socket, 'data'); // the server's own greeting: the connection is open on both sides
    const closed = new Promise((done) => socket.once('close', done));
    vi.advanceTimersByTime(5000);
    await closed;
    expect(cut).toEqual([expect.stringMatching(/no key proved within 5 s/)]);
  });

  it('sixteen connections of an address stand at once; the oldest makes room, and a friend comes in', async () => {
    const { port, cut, heard } = await serve();
    const sockets: Socket[] = [];
    for (let i = 0; i < 40; i++) sockets.push(await stranger(port));
    const crowded = () => cut.filter((why) => /more than 16 connections of an address/.test(why));
    await eventually(() => expect(crowded()).toHaveLength(24));
    befriend(port, 'friend', `await dealer.send(['hello']);`);
    await eventually(() => expect(heard).toEqual(['friend 1 5']));
  });
});

describe('who has proved a key', () => {
  it('sends as many long messages as he likes', async () => {
    const { port, heard } = await serve();
    befriend(port, 'busy', `for (let i = 0; i < 20; i++) await dealer.send(['head', part]);`);
    await eventually(() => expect(heard).toHaveLength(20));
    expect(new Set(heard)).toEqual(new Set(['busy 2 4']));
  });

  it('and never ends a message has four of the longest under way at most, and is cut by name; others are served', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { port, cut, heard } = await serve();
    const way = await counting(port);
    befriend(way.port, 'endless', 'await dealer.send(Array(64).fill(part));');
    await eventually(() => expect(way.count.bytes).toBeGreaterThan(16 * MIB));
    befriend(port, 'friend', `await dealer.send(['hello']);`);
    await eventually(() => expect(heard).toEqual(['friend 1 5']));
    // what the gate takes, and what the system and the relay hold beyond it
    expect(way.count.bytes).toBeLessThan(48 * MIB);
    for (let second = 0; second < 10; second++) {
      expect(cut).toEqual([]);
      vi.advanceTimersByTime(1000);
    }
    expect(cut).toEqual(['127.0.0.1: a message that does not end, 17 MiB so far']);
    expect(heard).toEqual(['friend 1 5']);
  });

  it('is not heard under the name of a session that another connection has', async () => {
    const { port, heard } = await serve();
    befriend(port, 'same', `await dealer.send(['one']);`);
    await eventually(() => expect(heard).toEqual(['same 1 3']));
    befriend(port, 'same', `await dealer.send(['other']);`);
    befriend(port, 'third', `await dealer.send(['third']); await dealer.send(['third']);`);
    await eventually(() => expect(heard).toHaveLength(3));
    await new Promise((turn) => setTimeout(turn, 200));
    expect(heard).toEqual(['same 1 3', 'third 1 5', 'third 1 5']);
  });
});

it('READY ends a handshake, whatever stands before it', () => {
  const command = (name: string, length: number) =>
    Buffer.concat([
      Buffer.from([4, name.length + 1 + length, name.length]),
      Buffer.from(name),
      Buffer.alloc(length),
    ]);
  const greeting = Buffer.alloc(64);
  const long = Buffer.concat([
    Buffer.from([6, 0, 0, 0, 0, 0, 0, 1, 1 + 7 + 249 - 1, 7]),
    Buffer.from('WELCOME'),
    Buffer.alloc(248),
  ]);
  expect(saysReady(Buffer.concat([greeting, command('WELCOME', 160)]))).toBe(false);
  expect(saysReady(Buffer.concat([greeting, command('WELCOME', 160), command('READY', 40)]))).toBe(true);
  expect(saysReady(Buffer.concat([greeting, long, command('READY', 40)]))).toBe(true);
  expect(saysReady(Buffer.concat([greeting, command('ERROR', 3)]))).toBe(false);
  const whole = Buffer.concat([greeting, command('WELCOME', 160), command('READY', 0)]);
  for (let cutAt = 0; cutAt < whole.length - 1; cutAt++)
    expect(saysReady(whole.subarray(0, cutAt))).toBe(false);
});
