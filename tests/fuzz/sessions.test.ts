// Whole conversations of somebody who speaks the protocol well, up to some point and then not, as worker and as evaluator, several at a
// time, beside a worker that behaves: the run ends with the weights of an undisturbed one, nobody but liars is refused, and nothing is
// held of them when they are gone. Replay, or a million of them: NASH_FUZZ_SEED=7 NASH_FUZZ_SESSIONS=1000000 vitest run tests/fuzz/sessions
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { runConfig } from '../../src/config/run-config.js';
import { NashError } from '../../src/errors.js';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import type { ServerMessage } from '../../src/protocol/messages.js';
import { blocksOf } from '../../src/wire/blocks.js';
import { encode, MalformedMessage } from '../../src/wire/codec.js';
import { GOOD, openFuzzedServer } from './fuzzed-server.js';
import { HASH, LENGTH, openWorker, settle, withoutBackend } from './fuzzed-worker.js';
import { Liar, type Said, type Told } from './lies.js';

withoutBackend();

const SEED = Number(process.env.NASH_FUZZ_SEED ?? 1);
/** A tenth as many as frames where only those are said. */
const SESSIONS = Number(
  process.env.NASH_FUZZ_SESSIONS ?? Number(process.env.NASH_FUZZ_FRAMES ?? 50_000) / 10,
);
/** Of one run, and what is left of it when the liars leave. */
const STEPS = 1500;
const LAST_STEPS = 20;
const AT_ONCE = 24;
const PASS_MS = 40;
/** Passes that a liar stays. */
const STAY_MAX = 40;
/** What may differ between two moments of a run without liars: the last 256 names that went, times of the last tasks, open tasks. */
const SLACK = { objects: 800, bytes: 2 ** 15 };

const CONFIG = runConfig.parse({ data: { source: 'ring' }, model: { name: 'mlp' } });
const folder = mkdtempSync(join(tmpdir(), 'nash-sessions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

type Server = Awaited<ReturnType<typeof openFuzzedServer>>;

/** One conversation, of a worker or an evaluator. */
class Conversation {
  private saidCount = 0;
  private stays: number;
  private readonly lieAt: number;
  private readonly late: { frames: Uint8Array[]; after: number }[] = [];

  constructor(
    private readonly server: Server,
    private readonly liar: Liar,
    readonly session: string,
  ) {
    this.stays = 1 + liar.below(STAY_MAX);
    this.lieAt = liar.below(liar.pick([3, 12]));
    const [hello] = server.handshake;
    const role = liar.below(4) ? 'worker' : 'evaluator';
    const pool = liar.pick(['any', 'discriminator', 'generator']);
    const name = liar.below(2) ? 'worker' : `w-${liar.below(50)}`;
    this.say({ header: { ...hello!, role, pool, name, host: liar.pick(['somewhere', 'elsewhere']) } });
  }

  /** Answers as it ought to. */
  hear(message: ServerMessage): void {
    for (const said of this.server.replyTo(message)) this.say(said as Said);
    if (message.kind !== 'evaluate') return;
    const { term, version } = message;
    this.say({
      header: { kind: 'evaluated', term, version, seconds: 1, metrics: { gan_modes_captured: 8 } },
    });
  }

  /** Says something that nobody asked for, now and then. @returns whether it stays */
  pass(): boolean {
    const { liar } = this;
    const version = liar.below(4);
    if (liar.below(8) === 0)
      this.say({
        header: liar.pick<Record<string, unknown>>([
          { kind: 'fetch', term: 1, vector: liar.pick(['generator', 'discriminator', 'average']), version },
          { kind: 'received', term: 1, vector: 'generator', version },
          { kind: 'report', residentBytes: 5 },
          { kind: 'pong', sentMs: 0 },
          { kind: 'failed', exitCode: 1, message: 'no' },
          { kind: 'leaving' },
          this.server.handshake[liar.below(2)]!,
        ]),
      });
    this.stays -= 1;
    return this.stays > 0;
  }

  private say(said: Said): void {
    const isLie =
      this.saidCount++ === this.lieAt || (this.saidCount > this.lieAt && this.liar.below(6) === 0);
    const told = isLie ? this.liar.lie(said) : [{ frames: encodeSaid(said), after: 0 }];
    this.liar.hear(said);
    for (const each of told) this.late.push(each);
    for (const each of this.late.splice(0)) {
      if (each.after > 0) this.late.push({ ...each, after: each.after - 1 });
      else this.server.transport.deliver(this.session, each.frames);
    }
  }
}

const encodeSaid = ({ header, payload }: Said): Uint8Array[] => encode(header, payload ? [payload] : []);

/** Hashes of a run with nobody but the worker that behaves. */
async function undisturbed(): Promise<object> {
  const server = await open('undisturbed');
  server.join(GOOD);
  return finish(server);
}

const open = (name: string, onSent?: Parameters<typeof openFuzzedServer>[1]) =>
  openFuzzedServer(join(folder, name), onSent, {
    settings: { stop: { generatorSteps: STEPS }, evaluation: { everySteps: 20 } },
  });

/** Lets a run go on by itself to its end. @returns its weights */
async function finish(server: Server): Promise<object> {
  for (let i = 0; i < 200_000 && !server.outcome() && !server.failure(); i++) await server.pass(PASS_MS);
  expect(server.failure()).toBeUndefined();
  expect(server.outcome()).toMatchObject({ status: 'done', steps: { generator: STEPS } });
  const hashes = server.weightHashes();
  await server.close();
  return hashes;
}

it(`a server in ${SESSIONS} conversations with liars ends each run with the weights of an undisturbed one, refuses nobody else, and keeps nothing of them`, async () => {
  const expected = await undisturbed();
  const others = [GOOD, 'worker', 'somewhere', '1', 'a'.repeat(64)];
  const liar = new Liar(new RandomStream(seedOf('fuzz', 'sessions', SEED)), others);
  let sessionCount = 0;
  let refusedCount = 0;
  for (let runCount = 1; sessionCount < SESSIONS; runCount++) {
    const inbox: [string, ServerMessage][] = [];
    const server = await open(String(runCount), (session, message) => {
      if (session !== GOOD) inbox.push([session, message]);
    });
    server.join(GOOD);
    // until his work is accepted anybody's may be: what is usual is to be his
    for (let i = 0; i < 100 && server.server.steps.generator < 5; i++) await server.pass(PASS_MS);
    const before = server.held();
    const talking = new Map<string, Conversation>();
    const where = () => `seed ${SEED}, session ${sessionCount}, run ${runCount}`;
    while (
      server.server.steps.generator < STEPS - LAST_STEPS &&
      (sessionCount < SESSIONS || talking.size > 0)
    ) {
      while (talking.size < AT_ONCE && sessionCount < SESSIONS) {
        const session = (++sessionCount).toString(16).padStart(16, '0');
        talking.set(session, new Conversation(server, liar, session));
      }
      await server.pass(PASS_MS);
      for (const [session, message] of inbox.splice(0)) {
        if (message.kind === 'refused') refusedCount += 1;
        talking.get(session)?.hear(message);
      }
      for (const [session, conversation] of talking) {
        if (conversation.pass()) continue;
        talking.delete(session);
        server.transport.lose(session);
      }
      expect(server.failure(), where()).toBeUndefined();
      expect(server.sent.refusedGood, where()).toBe(0);
    }
    for (const session of talking.keys()) server.transport.lose(session);
    for (let i = 0; i < 3; i++) await server.pass(PASS_MS);
    const after = server.held();
    expect(after.objects - before.objects, where()).toBeLessThan(SLACK.objects);
    expect(after.bytes - before.bytes, where()).toBeLessThan(SLACK.bytes);
    expect(await finish(server), where()).toEqual(expected);
  }
  expect(refusedCount).toBeGreaterThan(SESSIONS / 10);
}, 7_200_000);

/** What a server says to a worker from its welcome to its farewell. */
function wordsOfServer(liar: Liar, role: 'worker' | 'evaluator'): Said[] {
  const welcome = { kind: 'welcome', term: 1, branch: 0, config: CONFIG, configHash: HASH };
  const weights = (vector: string, version: number): Said => ({
    header: { kind: 'weights', term: 1, vector, version, ...blocksOf(LENGTH)[0] },
    payload: new Uint8Array(4 * LENGTH),
  });
  const round = (step: number): Said[] => {
    const reads = { discriminator: step, generator: step };
    const name = { net: liar.pick(['generator', 'discriminator']), stepKind: 'generator', step, reads };
    const ping = { header: { kind: 'ping', sentMs: step } };
    if (role === 'evaluator')
      return [weights('average', step), { header: { kind: 'evaluate', term: 1, version: step } }, ping];
    const task = { kind: 'task', term: 1, branch: 0, ...name, level: 0, index: 0, issue: step };
    return [weights('discriminator', step), weights('generator', step), { header: task }, ping];
  };
  return [
    { header: welcome },
    ...[0, 1, 2, 3].flatMap(round),
    { header: { kind: 'stop', comesBack: liar.below(2) === 0, message: 'later' } },
  ];
}

it(`${SESSIONS} workers and evaluators of a server that lies end with one error that says so, or as they ought to`, async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const liar = new Liar(new RandomStream(seedOf('fuzz', 'server sessions', SEED)), [HASH, 'generator']);
  const ends = new Map<string, number>();
  for (let count = 0; count < SESSIONS; count++) {
    const role = liar.below(3) ? 'worker' : 'evaluator';
    const worker = openWorker(role);
    const words = wordsOfServer(liar, role);
    const lieAt = liar.below(words.length + 2); // now and then none
    const late: Told[] = [];
    for (const [i, said] of words.entries()) {
      const told = i === lieAt ? liar.lie(said) : [{ frames: encodeSaid(said), after: 0 }];
      liar.hear(said);
      for (const { frames, after } of [...told, ...late.splice(0)]) {
        if (after > 0) late.push({ frames, after: after - 1 });
        else worker.transport.deliver(frames);
        await settle();
        if (!worker.session.isOpen) break;
      }
    }
    if (worker.session.isOpen) worker.transport.disconnected();
    vi.advanceTimersByTime(1000);
    await settle();
    const end = await worker.end;
    const where = `seed ${SEED}, session ${count}: ${end instanceof Error ? end.stack : end}`;
    const isKnown = typeof end === 'string' || end instanceof NashError || end instanceof MalformedMessage;
    expect(isKnown, where).toBe(true);
    const name = end instanceof Error ? end.name : String(end);
    ends.set(name, (ends.get(name) ?? 0) + 1);
    worker.dispose();
  }
  vi.useRealTimers();
  for (const name of ['MalformedMessage', 'NashError', 'over', 'server-away'])
    expect(ends.get(name), name).toBeGreaterThan(SESSIONS / 100);
}, 7_200_000);
