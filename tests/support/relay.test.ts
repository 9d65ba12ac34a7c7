// The relay itself: a test that blames the wire must be able to trust it.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { CALM_MS, DELAY_MS_MAX, openRelay, STALL_MS, Weather } from './relay.mjs';

const SEEDS = Array.from({ length: 50 }, (_, i) => i + 1);

/** When chunks go on that come every 20 ms for a minute, if the source waits for each. */
function minute(seed: number, connection = 0, direction: 'there' | 'back' = 'there') {
  const weather = new Weather(seed, connection, direction);
  const held: { ms: number; isStalled: boolean }[] = [];
  for (let nowMs = 0; nowMs < 60_000; ) {
    const { dueMs, isStalled } = weather.next(nowMs);
    held.push({ ms: dueMs - nowMs, isStalled });
    nowMs = Math.max(dueMs, nowMs + 20);
  }
  return held;
}

it('one seed decides the weather; another seed, connection or direction has another', () => {
  expect(minute(7)).toEqual(minute(7));
  for (const other of [minute(8), minute(7, 1), minute(7, 0, 'back')]) expect(other).not.toEqual(minute(7));
});

it('chunks are held up to 60 ms, and now and then by a stall of 0.3 to 3 s', () => {
  for (const seed of SEEDS) {
    const held = minute(seed);
    const stalls = held.filter(({ isStalled }) => isStalled);
    const calm = held.filter(({ isStalled }) => !isStalled);
    expect(calm.every(({ ms }) => ms >= 0 && ms <= DELAY_MS_MAX)).toBe(true);
    expect(stalls.every(({ ms }) => ms > 0 && ms <= STALL_MS.most + DELAY_MS_MAX)).toBe(true);
    expect(stalls.length).toBeGreaterThanOrEqual(Math.floor(60_000 / (CALM_MS.most + STALL_MS.most)));
    expect(stalls.length).toBeLessThanOrEqual(Math.ceil(60_000 / (CALM_MS.least + STALL_MS.least)));
  }
  const longest = SEEDS.flatMap((seed) => minute(seed).map(({ ms }) => ms)).reduce((a, b) => Math.max(a, b));
  expect(longest).toBeGreaterThan(2000);
});

it('bytes arrive whole and in order in both directions, and the end behind them', async () => {
  const BYTES = 300_000;
  const sent = Buffer.from(Uint8Array.from({ length: BYTES }, (_, i) => i % 251));
  const received = async (socket: Socket) => Buffer.concat(await socket.toArray());
  const far = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(far, 'listening');
  const { port } = far.address() as AddressInfo;
  const relay = await openRelay({ port: 0, to: { host: '127.0.0.1', port }, seed: 1, onStall: () => {} });
  const near = connect({
    port: (relay.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  near.end(sent);
  expect((await received(near)).equals(sent)).toBe(true);
  relay.close();
  far.close();
});
