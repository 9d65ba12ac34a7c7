// Frames of nonsense, beside a worker that goes on training. Replay, or a million of them: NASH_FUZZ_SEED=7 NASH_FUZZ_FRAMES=1000000 vitest run tests/fuzz
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { FrameSource } from './frames.js';
import { GOOD, openFuzzedServer } from './fuzzed-server.js';

const SEED = Number(process.env.NASH_FUZZ_SEED ?? 1);
const FRAMES = Number(process.env.NASH_FUZZ_FRAMES ?? 50_000);
/** Frames between two turns of the event loop: what a busy socket brings at once. */
const BURST = 64;
const folder = mkdtempSync(join(tmpdir(), 'nash-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Of the heap and its buffers, once what is under way is done; freed buffers take a second collection. */
async function heapBytes(): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}

const MESSAGES = [
  { kind: 'fetch', term: 1, vector: 'generator', version: 0 },
  { kind: 'received', term: 1, vector: 'generator', version: 0 },
  { kind: 'evaluated', term: 1, version: 0, seconds: 1, metrics: { gan_modes_captured: 8 } },
  { kind: 'evaluated', term: 1, version: 0, seconds: 1, metrics: { nonsense: 8 } },
  { kind: 'failed', exitCode: 1, message: 'no' },
  { kind: 'leaving' },
  { kind: 'pong', sentMs: 0 },
  { kind: 'report', residentBytes: 5 },
];

it(`a server that is told ${FRAMES} frames of nonsense neither ends nor grows, counts what it refuses, and trains on`, async () => {
  const random = new RandomStream(seedOf('fuzz', 'server', SEED));
  const source = new FrameSource(random);
  const fuzzed = await openFuzzedServer(join(folder, 'run'));
  const messages = [...MESSAGES, ...fuzzed.handshake];
  const peers = Array.from({ length: 16 }, (_, i) => i.toString(16).padStart(16, '0'));
  let settledBytes = 0;
  let settledMemory = 0;
  /** of the server's vectors, which are used again */
  const memoryBytes = () => fuzzed.engine.memory.buffer.byteLength;
  fuzzed.join(GOOD);

  for (let i = 0; i < FRAMES; i++) {
    const peer = random.below(100) ? source.pick(peers) : random.below(2 ** 31).toString(16);
    const act = random.below(200);
    if (act === 0) fuzzed.transport.lose(peer);
    else if (act === 1) fuzzed.join(peer);
    else fuzzed.transport.deliver(peer, source.next(messages));
    if (i % BURST === 0) {
      await fuzzed.pass(BURST);
      for (const frames of fuzzed.said.splice(0)) source.keep(frames);
      expect(fuzzed.failure(), `seed ${SEED}, frame ${i}`).toBeUndefined();
    }
    if (i === Math.floor(FRAMES / 4)) [settledBytes, settledMemory] = [await heapBytes(), memoryBytes()];
  }
  expect((await heapBytes()) - settledBytes, `seed ${SEED}`).toBeLessThan(8 * 2 ** 20);
  expect(memoryBytes() - settledMemory, `seed ${SEED}`).toBeLessThan(2 ** 18);

  const counted = Object.entries(fuzzed.metrics.latest()).filter(([name]) =>
    name.startsWith('gan_refusals_total'),
  );
  expect(counted.reduce((sum, [, count]) => sum + count, 0)).toBe(fuzzed.sent.refused);
  expect(fuzzed.sent.refused).toBeGreaterThan(FRAMES / 4);
  expect(fuzzed.sent.refusedGood).toBe(0);

  const before = fuzzed.server.steps.generator;
  expect(before).toBeGreaterThan(0);
  for (let i = 0; i < 100_000 && fuzzed.server.steps.generator < before + 20; i++) await fuzzed.pass(10);
  expect(fuzzed.server.steps.generator).toBeGreaterThanOrEqual(before + 20);
  await fuzzed.close();
}, 600_000);
