// Goal: what a peer says or does not say takes a bounded share of the server's memory. Method: a real server over a network in memory,
// beside a worker that behaves; what the server's vectors take is measured, not the process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { VectorEngine } from '../../../../src/numerics/vector-engine.js';
import type { MessageOf, ServerMessage } from '../../../../src/protocol/messages.js';
import { LocalPeers } from '../../../../src/server/peers/local-peers.js';
import type { Peer } from '../../../../src/server/peers/peers.js';
import { WeightsSender } from '../../../../src/server/peers/weights-sender.js';
import { PublishedVersions } from '../../../../src/server/training/published-versions.js';
import { encode } from '../../../../src/wire/codec.js';
import { GOOD, inBlocks, openFuzzedServer, receiptOf } from '../../../fuzz/fuzzed-server.js';

const PEER = '0123456789abcdef';
const folder = mkdtempSync(join(tmpdir(), 'nash-held-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let opened: Awaited<ReturnType<typeof openFuzzedServer>>;
let heard: ServerMessage[] = [];
let runCount = 0;
beforeEach(async () => {
  heard = [];
  opened = await openFuzzedServer(join(folder, String(runCount++)), (peer, message) => {
    if (peer === PEER) heard.push(message);
  });
});
afterEach(() => opened.close());

const say = (header: object, payload?: Uint8Array) =>
  opened.transport.deliver(PEER, encode(header, payload ? [payload] : []));
const heardOf = <K extends ServerMessage['kind']>(kind: K) =>
  heard.filter((message): message is MessageOf<ServerMessage, K> => message.kind === kind);
const discarded = () => opened.metrics.latest()['gan_answers_discarded_total{reason="stale"}'] ?? 0;
const isThere = () => opened.server.view.status().workers.some(({ id }) => id === 'worker');
const task = () => heardOf('task').at(-1)!;

it('an answer to a task that its sender does not hold is stale, and takes no memory', async () => {
  opened.join(PEER);
  const { header, payload } = opened.answerTo(task());
  const heldBytes = opened.engine.heldBytes;
  const others = [
    { issue: 7 },
    { step: 1 },
    { index: 1, statistics: [] },
    { net: 'generator', length: 2 ** 40 },
    { level: 32 },
    { term: 9 },
    { branch: 9 },
  ];
  for (const other of others) say({ ...header, ...other }, payload);
  expect(opened.engine.heldBytes).toBe(heldBytes);
  expect(discarded()).toBe(others.length);
  expect(heardOf('refused')).toEqual([]);
});

it('a worker that answers from a version which it never said it has is sent away, and its versions go with it', async () => {
  opened.join(PEER);
  const { header, payload } = opened.answerTo(task());
  say(header, payload);
  expect(heardOf('refused')).toMatchObject([
    { reason: 'malformed', message: expect.stringMatching(/from discriminator@0, which .* never said/) },
  ]);
  expect(isThere()).toBe(false);
});

it('one that says so may answer, and answers count once each', async () => {
  opened.join(PEER);
  const { header, payload } = opened.answerTo(task());
  for (const weights of heardOf('weights')) say(receiptOf(weights));
  say(header, payload);
  say(header, payload);
  expect(heardOf('refused')).toEqual([]);
  expect(discarded()).toBe(1);
});

it('one that takes tasks, answers none and never says that it has what they read, holds few of them, and nobody up', async () => {
  opened.join(PEER);
  opened.join(GOOD);
  const pong = () => say({ kind: 'pong', sentMs: heardOf('ping').at(-1)?.sentMs ?? 0 });
  const heldBytes = opened.engine.heldBytes;
  let heldMost = 0;
  for (let i = 0; i < 1000; i++) {
    await opened.pass(100);
    pong();
    heldMost = Math.max(heldMost, opened.engine.heldBytes);
  }
  const versionBytes = 4 * Math.max(...heardOf('weights').map(({ length }) => length));
  expect(heldMost - heldBytes).toBeLessThan(40 * versionBytes);
  await opened.pass(100);
  expect(opened.server.steps.generator).toBeGreaterThan(5);
}, 60_000);

it('one that was sent two dozen versions and has said of none that it has it is given up', () => {
  const sender = new WeightsSender(...([] as unknown as ConstructorParameters<typeof WeightsSender>));
  const requireRoom = (versions: number) => () =>
    sender.requireRoom({
      onTheirWay: new Map(Array.from({ length: versions }, (_, i) => [i, i])),
    } as unknown as Peer);
  expect(requireRoom(24)).not.toThrow();
  expect(requireRoom(25)).toThrow(/nothing of the last 25 versions/);
});

it.each(['worker', 'evaluator'])('a %s that fetches one version without end is sent away', async (role) => {
  say({ ...opened.handshake[0]!, role });
  say(opened.handshake[1]!);
  const vector = 'generator';
  for (let i = 0; i < 100; i++) say({ kind: 'fetch', term: 1, vector, version: 0 });
  expect(heardOf('refused')).toMatchObject([{ message: expect.stringMatching(/requests for generator@0/) }]);
  expect(heardOf('weights').length).toBeLessThan(20);
  expect(isThere()).toBe(false);
});

it('half an answer to a task that was given to another meanwhile goes when its sender answers the next one, or goes itself', async () => {
  const settings = {
    model: { name: 'mlp', generator: { hidden: [4] }, discriminator: { hidden: [1100, 1000] } },
  };
  const run = await openFuzzedServer(
    join(folder, 'blocks'),
    (peer, message) => {
      if (peer === PEER) heard.push(message);
    },
    { settings },
  );
  const tell = (header: object, payload?: Uint8Array) =>
    run.transport.deliver(PEER, encode(header, payload ? [payload] : []));
  const receive = () => {
    for (const weights of heardOf('weights')) tell(receiptOf(weights));
  };
  /** Says some blocks of its answer to the last task. */
  const answer = (...blocks: number[]) => {
    const said = inBlocks(run.answerTo(task()));
    for (const block of blocks) tell(said[block]!.header, said[block]!.payload);
  };
  const joinAgain = () => {
    tell({ ...run.handshake[0]!, pool: 'discriminator' });
    tell(run.handshake[1]!);
    receive();
  };
  joinAgain();
  const empty = run.engine.heldBytes;
  answer(0);
  run.transport.lose(PEER);
  expect(run.engine.heldBytes).toBe(empty);
  joinAgain();
  const before = run.engine.heldBytes;
  answer(0);
  const payloadBytes = run.engine.heldBytes - before;
  expect(payloadBytes).toBeGreaterThan(4 * 2 ** 20);
  run.join(GOOD);
  const { issue } = task();
  const nextAfter = async (issue: number, ms: number) => {
    for (let i = 0; i < 100_000 && task().issue === issue; i++) {
      await run.pass(ms);
      for (const { sentMs } of heardOf('ping').slice(-1)) tell({ kind: 'pong', sentMs });
    }
  };
  await nextAfter(issue, 250);
  receive();
  answer(1, 0);
  expect(heardOf('refused')).toEqual([]);
  expect(run.metrics.latest()['gan_answers_discarded_total{reason="stale"}'] ?? 0).toBe(0);
  run.transport.lose(PEER);
  // at the least busy moment of some step: amid a round D's weights and what Adam keeps are there as the round before left them, too
  const wholeRound = 3 * payloadBytes;
  const isQuiet = () =>
    [0, wholeRound].some((kept) => Math.abs(run.engine.heldBytes - before - kept) < payloadBytes / 2);
  for (let i = 0; i < 20_000 && !isQuiet(); i++) await run.pass(1);
  expect(isQuiet()).toBe(true);
  await run.close();
}, 60_000);

it('a crowd of which each keeps another version from being used again is given up', async () => {
  const settings = {
    model: { name: 'mlp', generator: { hidden: [4] }, discriminator: { hidden: [1100, 1000] } },
  };
  const run = await openFuzzedServer(join(folder, 'crowd'), () => {}, { settings });
  const there = () => run.server.view.status().workers.map(({ id }) => id);
  run.join(GOOD);
  for (let i = 0; i < 100_000 && run.server.steps.generator < 1; i++) await run.pass(1);
  const before = run.engine.heldBytes;
  for (let number = 1; number <= 20; number++) {
    const session = number.toString(16).padStart(16, '0');
    const tell = (header: object) => run.transport.deliver(session, encode(header, []));
    tell({ ...run.handshake[0]!, role: 'evaluator', name: `e-${number}` });
    tell(run.handshake[1]!);
    const version = run.server.steps.discriminator;
    tell({ kind: 'fetch', term: 1, vector: 'discriminator', version });
    for (let i = 0; i < 100_000 && run.server.steps.discriminator === version; i++) await run.pass(1);
  }
  await run.pass(250);
  const versionBytes = 4 * (1100 * 1000 + 10_000);
  expect(run.engine.heldBytes - before).toBeLessThan(20 * versionBytes);
  expect(there()).not.toContain('e-2');
  expect(there()).toContain('worker');
  await run.close();
}, 60_000);

it('an answer whose numbers are looked at one by one takes the memory of one, however often it is sent meanwhile', async () => {
  opened.join(PEER);
  const { header, payload } = opened.answerTo(task());
  for (const weights of heardOf('weights')) say(receiptOf(weights));
  const bytes = new Uint8Array(new Float32Array(payload.length / 4).fill(Number.NaN).buffer);
  say(header, bytes);
  const { issue } = task();
  for (let i = 0; i < 100 && task().issue === issue; i++) await opened.pass(10); // it is computed once more, carefully
  const again = opened.answerTo(task());
  const before = opened.engine.heldBytes;
  for (let i = 0; i < 100; i++) say(again.header, again.payload);
  expect(opened.engine.heldBytes - before).toBe(again.payload.length);
  expect(discarded()).toBe(99);
  await opened.pass(10);
  expect(opened.server.steps.discriminator).toBe(1);
});

it('of a thousand peers that say hello from this host 256 are offered memory, which is files of the server', () => {
  const local = new LocalPeers({
    host: 'h',
    isEnabled: true,
    bytes: { sent: 0, received: 0 },
    log: () => {},
  });
  const offers = Array.from({ length: 1000 }, (_, i) => local.offer(String(i), 'h'));
  expect(offers.filter((offer) => offer)).toHaveLength(256);
  local.drop('7');
  expect(local.offer('another', 'h')).toBeDefined();
  local.close();
});

it('of those who keep versions that no step reads, the one with the oldest goes first, until 16 of the longest are kept', async () => {
  const engine = await VectorEngine.create();
  const versions = new PublishedVersions(engine, { term: 1, branch: 0 });
  const length = 5 * 2 ** 20;
  for (let version = 0; version <= 20; version++) {
    versions.publish('discriminator', version, engine.allocate(length, 'anything'));
    versions.get('discriminator', version)!.holders.add(`peer ${version}`);
    versions.forgetBefore('discriminator', version);
  }
  const gone: string[] = [];
  for (let slow = versions.laggards(); slow.length > 0; slow = versions.laggards()) {
    gone.push(...slow);
    for (const peer of slow)
      versions.letGo({ term: 1, vector: 'discriminator', version: Number(peer.split(' ')[1]) }, peer);
  }
  expect(gone).toEqual(['peer 0', 'peer 1', 'peer 2', 'peer 3']);
  expect(engine.heldBytes).toBe(4 * length * 17);
  await engine.close();
});
