// Goal: whoever says hello without end keeps nobody else out, and is cheap. Method: a real server over a network in memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MessageOf, ServerMessage } from '../../../../src/protocol/messages.js';
import type { Peer } from '../../../../src/server/peers/peers.js';
import { placeFor } from '../../../../src/server/peers/places.js';
import { encode } from '../../../../src/wire/codec.js';
import { GOOD, openFuzzedServer } from '../../../fuzz/fuzzed-server.js';

const PLACES = 4096;
const folder = mkdtempSync(join(tmpdir(), 'nash-crowds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let opened: Awaited<ReturnType<typeof openFuzzedServer>>;
let heard = new Map<string, ServerMessage[]>();
let runCount = 0;
beforeEach(async () => {
  heard = new Map();
  opened = await openFuzzedServer(join(folder, String(runCount++)), (peer, message) => {
    heard.set(peer, [...(heard.get(peer) ?? []).slice(-100), message]);
  });
});
afterEach(() => opened.close());

const sessionOf = (number: number) => number.toString(16).padStart(16, '0');
const say = (session: string, header: object) => opened.transport.deliver(session, encode(header, []));
const hello = (session: string, changes: object = {}) =>
  say(session, { ...opened.handshake[0]!, ...changes });
const prepared = (session: string) => say(session, opened.handshake[1]!);
const kindsOf = (session: string) => (heard.get(session) ?? []).map((message) => message.kind);
const refusalOf = (session: string) =>
  (heard.get(session) ?? []).find(
    (message): message is MessageOf<ServerMessage, 'refused'> => message.kind === 'refused',
  );
const workers = () => opened.server.view.status().workers;

describe('a full house', () => {
  it('takes half of its places from one identity at most, however often it says hello, and lets others in at once', async () => {
    for (let i = 0; i < PLACES; i++) hello(sessionOf(i), { host: 'crowd' });
    expect(workers()).toHaveLength(PLACES / 2);
    opened.join(GOOD);
    await opened.pass(10);
    expect(kindsOf(GOOD)).toContain('task');
    // the newest of the crowd are there, and the oldest are not: they may still try again
    expect(refusalOf(sessionOf(0))).toBeUndefined();
    prepared(sessionOf(0));
    expect(workers().filter(({ state }) => state !== 'preparing')).toHaveLength(1);
  }, 120_000);

  it('makes room by the oldest that has not prepared, of the identity with most of them', () => {
    const hosts = ['few', 'many', 'some', 'many'];
    for (let i = 0; i < PLACES; i++) hello(sessionOf(i), { host: hosts[i % 4], name: `w-${i}` });
    const namesNow = () => new Set(workers().map(({ id }) => id));
    expect(namesNow().size).toBe(PLACES);
    hello(GOOD);
    expect(kindsOf(GOOD)).toEqual(['welcome']);
    const names = namesNow();
    const missing = Array.from({ length: PLACES }, (_, i) => i).filter((i) => !names.has(`w-${i}`));
    expect(missing).toEqual([1]);
  }, 120_000);

  it('of peers that work takes nobody in their place', () => {
    const peers = Array.from({ length: 8 }, (_, i) => ({
      session: String(i),
      identity: i % 2 ? 'a' : 'b',
      state: i === 5 ? 'greeted' : 'ready',
      greetedMs: i,
    })) as Peer[];
    expect(placeFor('c', peers, 8)).toMatchObject({ kind: 'instead-of', peer: { session: '5' } });
    expect(placeFor('a', peers, 8)).toMatchObject({ kind: 'instead-of', peer: { session: '5' } });
    expect(placeFor('b', peers, 8)).toMatchObject({ kind: 'none', because: expect.stringMatching(/half/) });
    for (const peer of peers) peer.state = 'ready';
    expect(placeFor('c', peers, 8)).toMatchObject({
      kind: 'none',
      because: expect.stringMatching(/all of them/),
    });
    expect(placeFor('c', peers, 9)).toEqual({ kind: 'free' });
    expect(placeFor('a', peers, 9)).toEqual({ kind: 'free' });
  });
});

it('a session that says hello again and again is one peer, and has no longer to prepare than if it had said it once', async () => {
  for (let ms = 0; ms < 598_000; ms += 1000) {
    await opened.pass(1000);
    hello(sessionOf(1));
  }
  expect(workers()).toHaveLength(1);
  await opened.pass(5000);
  expect(workers()).toEqual([]);
});

it('who hangs up all the time makes the server ask nobody for more than a few pongs', async () => {
  hello(sessionOf(1));
  let pings = 0;
  for (let i = 0; i < 5000; i++) {
    opened.transport.disconnected();
    await opened.pass(1);
    pings += kindsOf(sessionOf(1)).filter((kind) => kind === 'ping').length;
    heard.clear();
  }
  expect(pings).toBeGreaterThan(5);
  expect(pings).toBeLessThan(64 + 10);
});
