// What is usual among the workers of a run: who decides it, who is refused for it, and what is kept of it. Then the same of a whole server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MessageOf, ServerMessage } from '../../../../src/protocol/messages.js';
import type { Pool } from '../../../../src/protocol/roster.js';
import { Uniformity } from '../../../../src/server/peers/uniformity.js';
import { encode } from '../../../../src/wire/codec.js';
import { GOOD, openFuzzedServer, receiptOf } from '../../../fuzz/fuzzed-server.js';

const usual = { device: 'x64 avx avx2', tensorflow: '2.21.0', threads: '1', flags: '' };
const [hashA, hashB] = ['a'.repeat(64), 'b'.repeat(64)];
const D = { discriminator: hashA };
const G = { generator: hashB };

/** By its name: `d-0` serves D, `g-0` G, `any-0` both, `evaluator` none. */
const worker = (name: string) => ({
  session: name,
  name,
  role: name === 'evaluator' ? ('evaluator' as const) : ('worker' as const),
  pool: ({ d: 'discriminator', g: 'generator' }[name.split('-')[0]!] ?? 'any') as Pool,
});

/** A run in which d-0 has had an answer accepted. */
function begun() {
  const run = new Uniformity();
  run.join(worker('d-0'), { fingerprint: usual, canaries: D });
  run.settled('d-0', 'discriminator');
  return run;
}

describe('what is usual', () => {
  const bogus = { ...usual, device: 'bogus' };
  const namesOf = (refused: { session: string }[]) => refused.map(({ session }) => session);

  it('is decided by no claim: whoever comes first, claims something else and leaves has no part in the run', () => {
    const run = new Uniformity();
    run.join(worker('d-9'), { fingerprint: bogus, canaries: { discriminator: hashB } });
    run.leave('d-9');
    for (const name of ['d-0', 'd-1'])
      expect(run.join(worker(name), { fingerprint: usual, canaries: D })).toBeUndefined();
    expect(JSON.stringify(run)).toBe('{}');
    expect(run.settled('d-0', 'discriminator')).toEqual([]);
    expect(run.toJSON().discriminator).toMatchObject({ fingerprint: usual, canary: hashA, worker: 'd-0' });
  });

  it('is what the first worker claimed whose answer counts; all that claimed otherwise are named then, and none after that', () => {
    const run = new Uniformity();
    run.join(worker('d-9'), { fingerprint: bogus, canaries: D });
    run.join(worker('d-0'), { fingerprint: usual, canaries: D });
    run.join(worker('any-1'), { fingerprint: usual, canaries: { ...D, ...G } });
    run.join(worker('d-8'), { fingerprint: usual, canaries: { discriminator: hashB } });
    run.join(worker('g-0'), { fingerprint: bogus, canaries: G });
    const refused = run.settled('any-1', 'discriminator');
    expect(refused).toMatchObject([
      { session: 'd-9', difference: { reason: 'fingerprint' } },
      { session: 'd-8', difference: { reason: 'canary', message: expect.stringMatching(/than any-1/) } },
    ]);
    for (const { session } of refused) run.leave(session);
    expect(run.settled('d-0', 'discriminator')).toEqual([]);
    expect(namesOf(run.settled('g-0', 'generator'))).toEqual(['any-1']);
    expect(run.toJSON()).toMatchObject({ discriminator: { worker: 'any-1' }, generator: { worker: 'g-0' } });
  });

  it('is not decided by an evaluator, nor for a kind of step that a worker does not serve', () => {
    const run = new Uniformity();
    run.join(worker('evaluator'), { fingerprint: bogus, canaries: { ...D, ...G } });
    run.join(worker('d-9'), { fingerprint: bogus, canaries: { ...D, ...G } });
    expect(run.settled('evaluator', 'discriminator')).toEqual([]);
    expect(run.settled('d-9', 'generator')).toEqual([]);
    expect(JSON.stringify(run)).toBe('{}');
  });
});

describe('a worker that joins a run', () => {
  it('must be like the others of its pool, whatever the other pool has', () => {
    const run = begun();
    const gpu = { ...usual, device: 'NVIDIA H100; driver 570' };
    expect(run.join(worker('g-0'), { fingerprint: gpu, canaries: G })).toBeUndefined();
    expect(run.settled('g-0', 'generator')).toEqual([]);
    expect(run.join(worker('d-1'), { fingerprint: usual, canaries: D })).toBeUndefined();
  });

  it.each([
    ['device', 'x64 avx avx512f', /another processor than d-0.*it alone has avx512f; it lacks avx2/],
    ['tensorflow', '2.20.0', /another TensorFlow than d-0.*2\.20\.0.*2\.21\.0/],
    ['threads', '2', /another number of threads/],
    ['flags', 'TF_ENABLE_ONEDNN_OPTS=0', /other switches.*TF_ENABLE_ONEDNN_OPTS=0/],
  ])('is told that its %s differs, even where its canary does not', (key, value, message) => {
    const run = begun();
    const difference = run.join(worker('d-1'), { fingerprint: { ...usual, [key]: value }, canaries: D });
    expect(difference).toEqual({ reason: 'fingerprint', message: expect.stringMatching(message) });
  });

  it('is told that it computes other bits, where everything else is equal', () => {
    const run = begun();
    const difference = run.join(worker('d-1'), { fingerprint: usual, canaries: { discriminator: hashB } });
    expect(difference).toEqual({ reason: 'canary', message: expect.stringMatching(/bbbb.*, not aaaa/) });
  });

  it('after the run was resumed must be like those before, unless the run has only begun', () => {
    const first = begun();
    const resumed = new Uniformity(JSON.parse(JSON.stringify(first)));
    const other = { ...usual, device: 'x64 avx' };
    const refused = { reason: 'fingerprint', message: expect.stringMatching(/than d-0.*--other-machines/) };
    expect(resumed.join(worker('d-1'), { fingerprint: other, canaries: D })).toEqual(refused);
    expect(resumed.join(worker('d-2'), { fingerprint: usual, canaries: D })).toBeUndefined();
    expect(resumed.join(worker('g-0'), { fingerprint: other, canaries: G })).toBeUndefined();
    const fresh = new Uniformity(JSON.parse(JSON.stringify(new Uniformity())));
    expect(fresh.join(worker('d-1'), { fingerprint: other, canaries: D })).toBeUndefined();
  });

  it('after an amendment must be of the same machines as before, and computes other bits than then', () => {
    const before = begun();
    before.forgetCanaries();
    const run = new Uniformity(JSON.parse(JSON.stringify(before)));
    const other = { fingerprint: { ...usual, threads: '2' }, canaries: { discriminator: hashB } };
    expect(run.join(worker('d-1'), other)).toMatchObject({ reason: 'fingerprint' });
    const amended = { fingerprint: usual, canaries: { discriminator: hashB } };
    expect(run.join(worker('d-2'), amended)).toBeUndefined();
    run.settled('d-2', 'discriminator');
    expect(run.join(worker('d-3'), { fingerprint: usual, canaries: D })).toMatchObject({ reason: 'canary' });
    expect(run.toJSON().discriminator).toMatchObject({ canary: hashB, worker: 'd-0' });
  });

  it('for both pools must fit both, and sets neither where it fits only one', () => {
    const run = begun();
    expect(
      run.join(worker('any-0'), { fingerprint: usual, canaries: { discriminator: hashB, generator: hashA } }),
    ).toMatchObject({ reason: 'canary' });
    expect(run.join(worker('g-0'), { fingerprint: usual, canaries: G })).toBeUndefined();
  });

  it('that computes nothing, an evaluator, is never in the way', () => {
    const run = begun();
    expect(
      run.join(worker('evaluator'), { fingerprint: { ...usual, device: 'other' }, canaries: {} }),
    ).toBeUndefined();
  });
});

it('a worker that says nothing of a step that it serves is refused', () => {
  const run = new Uniformity();
  expect(run.join(worker('any-0'), { fingerprint: usual, canaries: D })).toMatchObject({
    reason: 'canary',
    message: expect.stringMatching(/no trial gradient of the generator/),
  });
});

const folder = mkdtempSync(join(tmpdir(), 'nash-uniformity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('on a server', () => {
  const OTHER = '0123456789abcdef';
  async function serverWith(name: string) {
    const heard: ServerMessage[] = [];
    const opened = await openFuzzedServer(join(folder, name), (peer, message) => {
      if (peer === OTHER) heard.push(message);
    });
    const say = (header: object, payload?: Uint8Array) =>
      opened.transport.deliver(OTHER, encode(header, payload ? [payload] : []));
    const heardOf = <K extends ServerMessage['kind']>(kind: K) =>
      heard.filter((message): message is MessageOf<ServerMessage, K> => message.kind === kind);
    say(opened.handshake[0]!);
    say({ ...opened.handshake[1]!, canaries: { discriminator: hashB, generator: hashB } });
    const answer = () => {
      for (const weights of heardOf('weights')) say(receiptOf(weights));
      const { header, payload } = opened.answerTo(heardOf('task').at(-1)!);
      say(header, payload);
    };
    return { opened, heardOf, answer };
  }

  it('one that came first with a claim of its own is refused by name when an answer of another counts, and its task is done by others', async () => {
    const { opened, heardOf, answer } = await serverWith('differs');
    expect(heardOf('task')).toHaveLength(1);
    opened.join(GOOD);
    // it holds the whole first step, which is another's once it is late
    for (let i = 0; i < 300 && opened.server.steps.generator < 5; i++) await opened.pass(250);
    expect(heardOf('refused')).toMatchObject([
      { reason: 'canary', message: expect.stringMatching(/than worker/) },
    ]);
    answer();
    expect(opened.server.steps.generator).toBe(5);
    expect(opened.sent.refusedGood).toBe(0);
    await opened.close();
  });

  it('is the usual one where its own answer is the first that counts', async () => {
    const { opened, heardOf, answer } = await serverWith('first');
    opened.join(GOOD); // he hears of it when time passes
    answer();
    await opened.pass(10);
    expect(heardOf('refused')).toEqual([]);
    await opened.pass(10);
    expect(opened.sent.refusedGood).toBe(1);
    await opened.close();
  });
});
