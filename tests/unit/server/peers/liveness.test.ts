// Peers that said hello and then no more, on a server whose network and clock are the test's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import type { Coordinator } from '../../../../src/protocol/coordinator.js';
import type { ServerMessage } from '../../../../src/protocol/messages.js';
import { Liveness } from '../../../../src/server/peers/liveness.js';
import type { Peer, Peers } from '../../../../src/server/peers/peers.js';
import { encode } from '../../../../src/wire/codec.js';
import { GOOD, openFuzzedServer } from '../../../fuzz/fuzzed-server.js';

const [HELLO, PREPARED] = [0, 1];
const MINUTE_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'nash-liveness-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let opened: Awaited<ReturnType<typeof openFuzzedServer>>;
let runCount = 0;
let pingCount = 0;
/** what was said to a worker, since it last replied */
let heard: ServerMessage[] = [];
beforeEach(async () => {
  pingCount = 0;
  heard = [];
  opened = await openFuzzedServer(join(folder, String(runCount++)), (_, message) => {
    if (message.kind === 'ping') pingCount += 1;
    heard.push(message);
  });
});
afterEach(() => opened.close());

const PEER = '0123456789abcdef';
const say = (header: object, payload?: Uint8Array) =>
  opened.transport.deliver(PEER, encode(header, payload ? [payload] : []));
const statesNow = () =>
  opened.server.view.status().workers.map((worker) => (worker as { state: string }).state);
const lostNow = () =>
  Object.entries(opened.metrics.latest()).filter(
    ([name, count]) => name.startsWith('gan_workers_lost_total') && count > 0,
  );
async function passMinutes(minutes: number, eachSecond = () => {}) {
  for (let ms = 0; ms < minutes * MINUTE_MS; ms += 1000) {
    await opened.pass(1000);
    eachSecond();
  }
}

it('a worker that never says prepared is given up after ten minutes, though it answers pings, and counted', async () => {
  say(opened.handshake[HELLO]!);
  const pong = () => say({ kind: 'pong', sentMs: 0 });
  await passMinutes(9.9, pong);
  expect([statesNow(), lostNow()]).toEqual([['preparing'], []]);
  await passMinutes(0.2, pong);
  expect(statesNow()).toEqual([]);
  expect(lostNow()).toEqual([[expect.stringMatching(/any.*unprepared/), 1]]);
});

it('an evaluator likewise, which is no worker and not counted as one', async () => {
  say({ ...opened.handshake[HELLO]!, role: 'evaluator' });
  await passMinutes(10.1);
  expect([statesNow(), lostNow()]).toEqual([[], []]);
});

it('a worker may prepare in silence for nine minutes, and is then given work', async () => {
  say(opened.handshake[HELLO]!);
  await passMinutes(9);
  say(opened.handshake[PREPARED]!);
  expect(statesNow()).toEqual(['busy']);
});

it('where it was given up its successor has twice as long to prepare, then twice as long again, and sixteen times at most', () => {
  let nowMs = 0;
  let isLost = false;
  const peer = { session: PEER, state: 'greeted', identity: 'somewhere', wishedName: 'worker' } as Peer;
  const liveness = new Liveness({
    peers: { all: () => [peer] } as unknown as Peers,
    coordinator: { lateAfterMs: () => 0 } as unknown as Coordinator,
    now: () => nowMs,
    ping: () => {},
    onSilent: () => {
      isLost = true;
    },
  });
  const minutesGiven = () => {
    [peer.greetedMs, isLost] = [nowMs, false];
    for (; !isLost; nowMs += MINUTE_MS) liveness.check();
    return (nowMs - peer.greetedMs) / MINUTE_MS - 2; // found a minute later, and that minute is over
  };
  expect(Array.from({ length: 6 }, minutesGiven)).toEqual([10, 20, 40, 80, 160, 160]);
});

it('where it was given up with its first task, after four minutes, its successor has eight for it, and once it has answered no more than any', async () => {
  const getReady = () => {
    say(opened.handshake[HELLO]!);
    say(opened.handshake[PREPARED]!);
  };
  getReady();
  await passMinutes(3.9);
  expect(statesNow()).toEqual(['busy']);
  await passMinutes(0.2);
  expect(lostNow()).toEqual([[expect.stringMatching(/any.*hung/), 1]]);
  heard = [];
  getReady();
  await passMinutes(7.9);
  for (const message of heard.splice(0)) {
    if (message.kind === 'welcome') continue;
    for (const { header, payload } of opened.replyTo(message)) say(header, payload);
  }
  await passMinutes(3.9); // with its first task for the other net
  expect(statesNow()).toEqual(['busy']);
  await passMinutes(0.2);
  expect(statesNow()).toEqual([]);
});

it('a server that was stopped itself takes nobody for hung, nor for cut off', async () => {
  say(opened.handshake[HELLO]!);
  say(opened.handshake[PREPARED]!);
  await opened.pass(1000);
  await opened.pass(5 * MINUTE_MS);
  expect(statesNow()).toEqual(['busy']);
  setTimeout(() => opened.transport.lose(PEER), 1); // it has looked for another server, and that is read before the next look
  await opened.pass(5 * MINUTE_MS);
  expect(lostNow()).toEqual([[expect.stringMatching(/any.*ended/), 1]]);
});

it('one that prepares is pinged, so that a dead connection shows long before', async () => {
  say(opened.handshake[HELLO]!);
  await passMinutes(0.1);
  expect(pingCount).toBeGreaterThanOrEqual(5);
  opened.transport.lose(PEER); // what the transport says of a peer that a ping does not reach
  expect(statesNow()).toEqual([]);
  expect(lostNow()).toEqual([[expect.stringMatching(/any.*unreachable/), 1]]);
});

it('an evaluator that never answers holds up a run that waits for its verdict for a minute, and not for ever', async () => {
  const [silent, other] = ['a', 'b'].map((digit) => digit.repeat(16)) as [string, string];
  const asked: string[] = [];
  const settings = { onCollapse: 'stop', evaluation: { everySteps: 5 } };
  const run = await openFuzzedServer(
    join(folder, 'verdicts'),
    (peer, message) => {
      if (message.kind !== 'evaluate') return;
      asked.push(peer);
      const { term, version } = message;
      const evaluated = { kind: 'evaluated', term, version, seconds: 1, metrics: {} };
      if (peer === other) setImmediate(() => run.transport.deliver(other, encode(evaluated, [])));
    },
    { settings, hasEvaluator: true },
  );
  const joinAs = (peer: string) => {
    run.transport.deliver(
      peer,
      encode({ ...run.handshake[HELLO]!, role: 'evaluator', name: 'evaluator' }, []),
    );
    run.transport.deliver(peer, encode(run.handshake[PREPARED]!, []));
  };
  joinAs(silent);
  run.join(GOOD);
  const pass = async (seconds: number) => {
    for (let ms = 0; ms < 1000 * seconds; ms += 50) await run.pass(50);
  };
  await pass(50);
  joinAs(other);
  expect(run.server.steps.generator).toBe(5);
  await pass(20);
  expect(run.server.steps.generator).toBeGreaterThan(10);
  expect(asked.slice(0, 3)).toEqual([silent, other, other]);
  expect(run.logged.filter((event) => event === 'worker gone')).toHaveLength(1);
  await run.close();
});
