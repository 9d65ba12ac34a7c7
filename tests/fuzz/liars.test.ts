// Whoever speaks the protocol well, but for one field, at every state of the handshake and of a task: each number at its bounds and
// beyond, each text at its longest and longer, each field missing, of another type, or with a key too many. No random choice: all of them.
// The run must go on, and nobody but the liar be refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { MessageOf, ServerMessage } from '../../src/protocol/messages.js';
import { encode } from '../../src/wire/codec.js';
import { GOOD, openFuzzedServer, receiptOf } from './fuzzed-server.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-liars-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

const NUMBERS = [
  -1,
  0,
  0.5,
  1,
  2 ** 31,
  2 ** 32,
  2 ** 46,
  2 ** 53 - 1,
  2 ** 53,
  3e38,
  1e300,
  1e308,
  Number.NaN,
  Infinity,
];
const TEXTS = [
  '',
  'x',
  'x'.repeat(128),
  'x'.repeat(4096),
  'x'.repeat(5000),
  '\u001b[2J',
  'a'.repeat(64),
  '__proto__',
];
const VALUES: readonly unknown[] = [...NUMBERS, ...TEXTS, null, true, [], {}, [[]], [[1e308]]];

/** The message with something else at each of its fields, in turn, nested ones too. */
function* spoiled(message: Record<string, unknown>): Generator<Record<string, unknown>> {
  for (const [key, value] of Object.entries(message)) {
    if (key === 'kind') continue;
    for (const other of VALUES) yield { ...message, [key]: other };
    const { [key]: _, ...without } = message;
    yield without;
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      for (const inner of spoiled(value as Record<string, unknown>)) yield { ...message, [key]: inner };
  }
  yield { ...message, ['k'.repeat(5000)]: 1 };
  yield { ...message, extra: 'y'.repeat(5000) };
}

it('a field that is wrong in any way, at any state, ends the peer that sent it and nothing else', async () => {
  const tasks = new Map<string, MessageOf<ServerMessage, 'task'>>();
  const refused = new Map<string, string>();
  const receipts = new Map<string, object[]>();
  const fuzzed = await openFuzzedServer(join(folder, 'run'), (peer, message) => {
    if (message.kind === 'task') tasks.set(peer, message);
    if (message.kind === 'weights') receipts.set(peer, [...(receipts.get(peer) ?? []), receiptOf(message)]);
    if (message.kind === 'refused') refused.set(peer, message.reason);
  });
  fuzzed.join(GOOD);
  await fuzzed.pass(10);
  const [hello, prepared] = fuzzed.handshake as unknown as Record<string, unknown>[] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  let count = 0;
  const liar = () => (++count).toString(16).padStart(16, '0');
  const say = (peer: string, header: object, payload?: Uint8Array) =>
    fuzzed.transport.deliver(peer, encode(header, payload ? [payload] : []));
  const settle = async (peer: string, what: object) => {
    expect(fuzzed.failure(), `${JSON.stringify(what).slice(0, 300)}`).toBeUndefined();
    fuzzed.transport.lose(peer);
    tasks.delete(peer);
    receipts.delete(peer);
    if (count % 16 === 0) await fuzzed.pass(10);
  };

  /** Lets time pass until the liar is given something to compute. */
  const taskOf = async (peer: string) => {
    for (let i = 0; i < 1000 && !tasks.has(peer); i++) await fuzzed.pass(10);
    for (const receipt of receipts.get(peer) ?? []) say(peer, receipt);
    return tasks.get(peer)!;
  };
  const answerOf = async () => {
    const peer = liar();
    say(peer, hello);
    say(peer, prepared);
    const { header } = fuzzed.answerTo(await taskOf(peer));
    fuzzed.transport.lose(peer);
    return header;
  };

  for (const words of spoiled(hello)) {
    const peer = liar();
    say(peer, words);
    await settle(peer, words);
  }
  for (const words of spoiled(prepared)) {
    const peer = liar();
    say(peer, hello);
    say(peer, words);
    await settle(peer, words);
  }

  const others = [
    { kind: 'fetch', term: 1, vector: 'generator', version: 0 },
    { kind: 'received', term: 1, vector: 'generator', version: 0 },
    { kind: 'evaluated', term: 1, version: 0, seconds: 1, metrics: { gan_modes_captured: 8 } },
    { kind: 'failed', exitCode: 1, message: 'no' },
    { kind: 'leaving' },
    { kind: 'pong', sentMs: 0 },
    { kind: 'report', residentBytes: 5 },
  ];
  const states = { stranger: [], greeted: [hello], ready: [hello, prepared] };
  for (const [state, greetings] of Object.entries(states)) {
    for (const words of others.flatMap((each) => [...spoiled(each)])) {
      const peer = liar();
      for (const greeting of greetings) say(peer, greeting);
      say(peer, words, new Uint8Array(12));
      await settle(peer, { state, ...words });
    }
  }

  // answers to a task that the liar was really given, right but for one field
  for (const [at, choice] of [...spoiled(await answerOf())].entries()) {
    const peer = liar();
    say(peer, hello);
    say(peer, prepared);
    const task = await taskOf(peer);
    const { header, payload } = fuzzed.answerTo(task);
    const lie = [...spoiled(header)][at]!;
    say(peer, lie, payload);
    await settle(peer, { choice, ...lie });
  }

  expect([...refused.keys()]).not.toContain(GOOD);
  expect(refused.size).toBeGreaterThan(count / 4);
  expect(fuzzed.sent.refusedGood).toBe(0);
  const before = fuzzed.server.steps.generator;
  for (let i = 0; i < 20_000 && fuzzed.server.steps.generator < before + 20; i++) await fuzzed.pass(10);
  expect(fuzzed.server.steps.generator).toBeGreaterThanOrEqual(before + 20);
  await fuzzed.close();
}, 120_000);
