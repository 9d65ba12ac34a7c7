// Goal: whoever computed wrongly comes back under no other session, name or number, and honest workers of its host lose a little time only.
// Method: by hand, then on a real server over a network in memory, where three workers compute each task and one of them wrongly.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MessageOf, ServerMessage } from '../../../../src/protocol/messages.js';
import { Quarantines } from '../../../../src/server/peers/quarantines.js';
import { encode } from '../../../../src/wire/codec.js';
import { openFuzzedServer, receiptOf } from '../../../fuzz/fuzzed-server.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-quarantines-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('after a quarantine', () => {
  const peer = (wishedName: string, identity = 'h') => ({ identity, wishedName });
  const own = new Quarantines((identity) => identity === 'h');

  it('the same name of the same identity is refused, and no other', () => {
    const quarantines = new Quarantines(() => false);
    quarantines.note(peer('w'));
    expect(quarantines.refusalOf('h', 'w')).toMatchObject({
      reason: 'corrupt',
      message: expect.stringMatching(/'w' of 'h' computed wrongly/),
    });
    expect(quarantines.refusalOf('h', 'v')).toBeUndefined();
    expect(quarantines.refusalOf('i', 'w')).toBeUndefined();
  });

  it('and two more, an identity that is not the own is refused whatever its name', () => {
    const quarantines = new Quarantines(() => false);
    for (const name of ['u', 'v']) quarantines.note(peer(name));
    expect(quarantines.refusalOf('h', 'w')).toBeUndefined();
    quarantines.note(peer('x'));
    expect(quarantines.refusalOf('h', 'w')).toMatchObject({ reason: 'corrupt' });
    expect(quarantines.refusalOf('i', 'w')).toBeUndefined();
  });

  it('and more, welcomes of the own identity are delayed twice as long each time, from a second to a minute', () => {
    const delays = Array.from({ length: 10 }, (_, i) => {
      own.note(peer(`w${i}`));
      return own.delayMs('h') / 1000;
    });
    expect(delays).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(own.refusalOf('h', 'another')).toBeUndefined();
    expect(own.delayMs('i')).toBe(0);
  });

  it('what is remembered is bounded', () => {
    const quarantines = new Quarantines(() => true);
    for (let i = 0; i < 5000; i++) quarantines.note(peer('w', `h${i}`));
    const kept = Array.from({ length: 5000 }, (_, i) => i).filter((i) => quarantines.refusalOf(`h${i}`, 'w'));
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([1024, 5000 - 1024, 4999]);
    for (let i = 0; i < 100_000; i++) quarantines.note(peer(`w${i}`));
    const names = Array.from({ length: 100_000 }, (_, i) => quarantines.refusalOf('h', `w${i}`));
    expect(names.filter((refusal) => refusal).length).toBe(256);
  });
});

/** A server whose every task is computed twice, with workers that say what is expected of them at once. */
async function verifiedServer(name: string) {
  const heard = new Map<string, ServerMessage[]>();
  const opened = await openFuzzedServer(
    join(folder, name),
    (session, message) => {
      heard.set(session, [...(heard.get(session) ?? []), message]);
    },
    { settings: { verify: { fraction: 1 } } },
  );
  const say = (session: string, header: object, payload?: Uint8Array) =>
    opened.transport.deliver(session, encode(header, payload ? [payload] : []));
  const liars = new Set<string>();
  return {
    opened,
    liars,
    hello: (session: string, changes: object) => say(session, { ...opened.handshake[0]!, ...changes }),
    refusalOf: (session: string) =>
      (heard.get(session) ?? []).find(
        (message): message is MessageOf<ServerMessage, 'refused'> => message.kind === 'refused',
      ),
    heard,
    /** Lets time pass, and everybody do what he was told. */
    async pass(ms: number) {
      await opened.pass(ms);
      for (const [session, messages] of heard) {
        for (const message of messages.splice(0)) {
          if (message.kind === 'welcome') say(session, opened.handshake[1]!);
          if (message.kind === 'ping') say(session, { kind: 'pong', sentMs: message.sentMs });
          if (message.kind === 'weights') say(session, receiptOf(message));
          if (message.kind === 'refused') messages.push(message);
          if (message.kind === 'task') {
            const { header, payload } = opened.answerTo(message);
            say(session, header, liars.has(session) ? payload.fill(1) : payload);
          }
        }
      }
    },
  };
}

it('a liar that comes back under fresh sessions and numbers is refused each time, under fresh names three times in all', async () => {
  const run = await verifiedServer('liar');
  for (const name of ['a', 'b', 'c']) run.hello(`${name.repeat(15)}0`, { name, host: `honest-${name}` });
  await run.pass(10);
  let session = 0;
  /** @returns why a liar is sent away, and after how long */
  const lie = async (name: string) => {
    const liar = (++session).toString(16).padStart(16, '0');
    run.liars.add(liar);
    run.hello(liar, { name, host: 'wrong' });
    for (let i = 0; i < 10_000; i++) {
      if (run.refusalOf(liar)) return { ...run.refusalOf(liar)!, ms: i * 10 };
      await run.pass(10);
    }
    throw new Error(`nobody noticed ${name}`);
  };
  expect(await lie('w')).toMatchObject({ reason: 'corrupt', message: expect.stringMatching(/differs/) });
  for (let i = 0; i < 20; i++)
    expect(await lie('w')).toMatchObject({
      ms: 0,
      message: expect.stringMatching(/'w' of 'wrong' computed/),
    });
  expect((await lie('v')).message).toMatch(/differs/);
  const third = await lie('u');
  expect(third.message).toMatch(/differs/);
  expect(third.ms).toBeGreaterThanOrEqual(1000);
  for (const name of ['t', 'w', 'w.2', 's'])
    expect(await lie(name)).toMatchObject({ ms: 0, reason: 'corrupt' });
  const before = run.opened.server.steps.generator;
  for (let i = 0; i < 1000 && run.opened.server.steps.generator < before + 10; i++) await run.pass(10);
  expect(run.opened.server.steps.generator).toBeGreaterThanOrEqual(before + 10);
  for (const name of ['a', 'b', 'c']) expect(run.refusalOf(`${name.repeat(15)}0`)).toBeUndefined();
  await run.opened.close();
}, 60_000);
