// Frames of nonsense to a worker's session, over the real codec, task keeper and weights cache. Unlike a server, a worker has one peer: it ends,
// with one clear error, when that one talks nonsense. So each frame that ends a session is answered by a new session.
import { describe, expect, it, vi } from 'vitest';
import { runConfig } from '../../src/config/run-config.js';
import { NashError } from '../../src/errors.js';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { blocksOf } from '../../src/wire/blocks.js';
import { encode, MalformedMessage } from '../../src/wire/codec.js';
import { FrameSource } from './frames.js';
import { HASH, LENGTH, openWorker, settle, withoutBackend } from './fuzzed-worker.js';

withoutBackend();

const SEED = Number(process.env.NASH_FUZZ_SEED ?? 1);
const FRAMES = Number(process.env.NASH_FUZZ_FRAMES ?? 50_000) / 10; // a tenth: sessions that end cost more than frames
const MESSAGES = [
  {
    kind: 'welcome',
    term: 1,
    branch: 0,
    config: runConfig.parse({ data: { source: 'ring' }, model: { name: 'mlp' } }),
    configHash: HASH,
  },
  { kind: 'refused', reason: 'config', message: 'no' },
  { kind: 'stop', comesBack: true, message: 'later' },
  { kind: 'ping', sentMs: 1 },
  { kind: 'evaluate', term: 1, version: 0 },
  {
    kind: 'task',
    term: 1,
    branch: 0,
    net: 'generator',
    stepKind: 'generator',
    step: 0,
    reads: { discriminator: 0, generator: 0 },
    level: 0,
    index: 0,
    issue: 0,
  },
];
const WEIGHTS = (['discriminator', 'generator'] as const).map((vector) =>
  encode({ kind: 'weights', term: 1, vector, version: 0, ...blocksOf(LENGTH)[0] }, [
    new Uint8Array(4 * LENGTH),
  ]),
);

describe('a worker that is told nonsense', () => {
  it('ends with an error that says so, and with no other; what is no nonsense is taken', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const random = new RandomStream(seedOf('fuzz', 'worker', SEED));
    const source = new FrameSource(random);
    for (const frames of WEIGHTS) source.keep(frames);
    for (const message of MESSAGES) source.keep(encode(message));
    const ends = new Map<string, number>();
    let computed = 0;
    for (let i = 0; i < FRAMES; ) {
      const worker = openWorker();
      // half of them have begun well: what comes later reaches deeper
      if (random.below(2))
        for (const frames of [encode(MESSAGES[0]!), ...WEIGHTS]) worker.transport.deliver(frames);
      await settle();
      while (worker.session.isOpen && i < FRAMES) {
        i += 1;
        worker.transport.deliver(source.next(MESSAGES));
        await settle();
      }
      if (!worker.session.isOpen) {
        const end = await worker.end;
        expect(
          typeof end === 'string' || end instanceof NashError || end instanceof MalformedMessage,
          `seed ${SEED}, frame ${i}: ${end instanceof Error ? end.stack : end}`,
        ).toBe(true);
        const name = end instanceof Error ? end.name : String(end);
        ends.set(name, (ends.get(name) ?? 0) + 1);
      }
      computed += worker.computed();
      worker.dispose();
    }
    vi.useRealTimers();
    for (const name of ['MalformedMessage', 'NashError', 'server-away'])
      expect(ends.get(name), name).toBeGreaterThan(0);
    expect(computed).toBeGreaterThan(FRAMES / 1000); // one task in so many frames is whole and comes when it can be computed
  }, 600_000);
});
