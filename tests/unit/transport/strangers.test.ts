// Strangers at the door: each is told why, and the server counts them. In one process, over real sockets.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { connectWorker } from '../../../src/transport/dealer.js';
import {
  KeyFolder,
  type ServerKeys,
  serverKeysOf,
  toZ85,
  type WorkerKeys,
  workerKeysOf,
} from '../../../src/transport/keys.js';
import { PrivateFolder } from '../../../src/transport/private-folder.js';
import type { Reach } from '../../../src/transport/reach.js';
import { bindServer } from '../../../src/transport/router.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close();
});

const home = new KeyFolder(folder);
home.make('server');
home.make('worker');
const friend = workerKeysOf(folder)!;
home.allow(friend.pair.publicKey, 'friend');

const strange = (serverKey: string): WorkerKeys => {
  const other = new KeyFolder(join(folder, 'other'));
  other.make('worker');
  return { pair: other.pair('worker'), serverKey };
};

const inner = PrivateFolder.make(join(folder, 'inner'));
const way = (endpoint: string, keys?: WorkerKeys): Reach => ({
  endpoint,
  name: endpoint,
  close: () => {},
  ...(keys && { keys }),
});

async function bound(keys?: ServerKeys) {
  const server = await bindServer({ endpoint: 'tcp://127.0.0.1:0', keys });
  await server.open(inner);
  return server;
}

async function serve() {
  const server = await bound(serverKeysOf(folder));
  open.push(server);
  const refused: string[] = [];
  server.onRefused((reason) => refused.push(reason));
  return { server, refused, tcp: server.endpoint! };
}

/** What becomes of somebody who connects and sends one word. */
function fateOf(server: Awaited<ReturnType<typeof bindServer>>, endpoint: string, keys?: WorkerKeys) {
  const peer = connectWorker(way(endpoint, keys));
  open.push(peer);
  const fate = new Promise<string>((resolve) => {
    server.onMessage(({ frames }) => resolve(`heard: ${Buffer.from(frames[0]!)}`));
    peer.onRefused(resolve);
  });
  peer.send([Buffer.from('hello')]);
  return fate;
}

describe('a server with keys', () => {
  it('hears a friend over TCP and its own user over the Unix socket', async () => {
    const { server, refused, tcp } = await serve();
    expect(await fateOf(server, tcp, friend)).toBe('heard: hello');
    expect(await fateOf(server, inner.endpoint)).toBe('heard: hello');
    expect(refused).toEqual([]);
  });

  it.each([
    ['without a key', undefined, /wants a key/, 'handshake'],
    ['with a key that is not allowed', strange(friend.serverKey), /does not allow this key/, 'key'],
    ['with a key for another server', strange(friend.pair.publicKey), /does not have the key/, 'handshake'],
  ])('turns away somebody %s', async (_, keys, message, reason) => {
    const { server, refused, tcp } = await serve();
    expect(await fateOf(server, tcp, keys)).toMatch(message);
    await vi.waitFor(() => expect(new Set(refused)).toEqual(new Set([reason])));
  });

  it('reads its list again: a key is let in, and taken back, while it runs', async () => {
    const { server, tcp } = await serve();
    const guest = strange(friend.serverKey);
    const list = join(folder, 'allowed');
    appendFileSync(list, `${guest.pair.publicKey} guest\n`);
    expect(await fateOf(server, tcp, guest)).toBe('heard: hello');
    writeFileSync(list, `${friend.pair.publicKey} friend\n`);
    expect(await fateOf(server, tcp, guest)).toMatch(/does not allow/);
  });

  it('lets nobody in while its list is damaged, and goes on', async () => {
    const { server, refused, tcp } = await serve();
    const list = join(folder, 'allowed');
    writeFileSync(list, 'nonsense\n');
    expect(await fateOf(server, tcp, friend)).toMatch(/does not allow/);
    expect(refused).toEqual(['key']);
    writeFileSync(list, `${friend.pair.publicKey} friend\n`);
    expect(await fateOf(server, tcp, friend)).toBe('heard: hello');
  });
});

it('what is said before the server listens is heard when it does', async () => {
  const { server } = await serve();
  const early = connectWorker(way(inner.endpoint));
  open.push(early);
  await new Promise<void>((resolve) => early.onConnect(resolve));
  early.send([Buffer.from('first')]);
  await early.flush(1000);
  // somebody who came later has come and gone: the first word has arrived, and would have been dropped by now
  const later = connectWorker(way(inner.endpoint));
  await new Promise<void>((resolve) => later.onConnect(resolve));
  const left = new Promise<void>((resolve) => server.onDisconnect(resolve));
  await later.close();
  await left;
  const heard = new Promise((resolve) =>
    server.onMessage(({ frames }) => resolve(`${Buffer.from(frames[0]!)}`)),
  );
  expect(await heard).toBe('first');
});

it('a word to the only peer finds that it has left, though no other keeps the socket busy', async () => {
  const { server } = await serve();
  const peer = connectWorker(way(inner.endpoint));
  const heard = new Promise<string>((resolve) => server.onMessage(({ peer }) => resolve(peer)));
  peer.send([Buffer.from('hello')]);
  const session = await heard;
  await peer.close();
  const gone = new Promise((resolve) => server.onGone(resolve));
  const pings = setInterval(() => server.send(session, [Buffer.from('still there?')]), 50);
  expect(await gone).toBe(session);
  clearInterval(pings);
});

it('a worker that its server let in before is sent home by nobody who poses in its place', async () => {
  const [bare, { server, tcp }] = [await bindServer({ endpoint: 'tcp://127.0.0.1:0' }), await serve()];
  open.push(bare);
  await bare.open(PrivateFolder.make(join(folder, 'posing')));
  for (const [endpoint, keys] of [
    [bare.endpoint!, friend],
    [tcp, strange(friend.serverKey)],
    [tcp, strange(friend.pair.publicKey)],
  ] as const) {
    const peer = connectWorker(way(endpoint, keys), true);
    open.push(peer);
    const refused: string[] = [];
    peer.onRefused((why) => refused.push(why));
    await new Promise((turn) => setTimeout(turn, 500)); // several tries
    expect(refused).toEqual([]);
  }
  expect(await fateOf(server, tcp, friend)).toBe('heard: hello');
});

it('a worker with keys is told that the server takes none', async () => {
  const bare = await bindServer({ endpoint: 'tcp://127.0.0.1:0' });
  await bare.open(inner);
  open.push(bare);
  expect(await fateOf(bare, bare.endpoint!, friend)).toMatch(/takes no keys/);
});

it('keys are written in two notations of the same 32 bytes', () => {
  // RFC 32's own example: the bytes 86 4F D2 6F B5 59 F7 5B are HelloWorld
  expect(toZ85('864fd26fb559f75b')).toBe('HelloWorld');
  expect(toZ85(friend.pair.publicKey)).toHaveLength(40);
});

/** Errors that nobody handled while `body` ran. */
async function unhandledIn(body: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const note = (error: unknown) => errors.push(error);
  process.on('unhandledRejection', note);
  await body().finally(() => process.off('unhandledRejection', note));
  return errors;
}

it('strangers who come as the server closes are nobody’s error', async () => {
  const errors = await unhandledIn(async () => {
    for (let turns = 0; turns < 40; turns++) {
      const server = await bound();
      server.onMessage(() => {});
      const strangers = Array.from({ length: 8 }, (_, i) =>
        connectWorker(way(i % 2 ? server.endpoint! : inner.endpoint)),
      );
      for (let turn = 0; turn < turns * 5; turn++) await new Promise((done) => setImmediate(done));
      await server.close();
      for (const stranger of strangers) await stranger.close();
    }
  });
  expect(errors).toEqual([]);
});

it('who comes as the server begins to listen is heard, and ends nothing', async () => {
  const errors = await unhandledIn(async () => {
    for (let turns = 0; turns < 20; turns++) {
      const server = await bound();
      const peers = Array.from({ length: 4 }, () => connectWorker(way(server.endpoint!)));
      for (const peer of peers) peer.send([Buffer.from('hello')]);
      for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done));
      const heard = new Set<string>();
      await new Promise<void>((done) =>
        server.onMessage(({ peer }) => {
          if (heard.add(peer).size === peers.length) done();
        }),
      );
      for (const peer of peers) await peer.close();
      await server.close();
    }
  });
  expect(errors).toEqual([]);
});
