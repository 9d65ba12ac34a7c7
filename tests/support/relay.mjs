// A TCP relay that stands between a worker and its server and carries bytes badly: each chunk is held up a little, and now and then a direction
// stalls. The order of bytes is kept, as TCP keeps it; what they say (CURVE, msgpack) is not looked at. One seed decides every delay and the
// time of every stall; how the kernel cuts the bytes into chunks it does not decide.
//
// node relay.mjs PORT TO-HOST TO-PORT SEED: listens at 127.0.0.1:PORT, and says each stall that held something up on a line of its own.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RandomStream, seedOf } from '../../dist/numerics/random.js';

export const DELAY_MS_MAX = 60;
export const STALL_MS = { least: 300, most: 3000 };
/** Between the end of a stall and the beginning of the next. */
export const CALM_MS = { least: 2000, most: 8000 };

/** What one direction of one connection has to expect. Times are milliseconds since the connection was made. */
export class Weather {
  /**
   * @param {number} seed
   * @param {number} connection counted from 0
   * @param {'there' | 'back'} direction
   */
  constructor(seed, connection, direction) {
    this.delays = new RandomStream(seedOf('relay', 'delays', seed, connection, direction));
    this.stalls = new RandomStream(seedOf('relay', 'stalls', seed, connection, direction));
    this.stall = this.stallAfter(0);
  }

  /**
   * When a chunk that came at `nowMs` may go on, at the earliest, and whether it is a stall that holds it. To be asked in the chunks' order.
   * @param {number} nowMs
   */
  next(nowMs) {
    const dueMs = nowMs + this.delays.uniform() * DELAY_MS_MAX;
    while (this.stall.endMs <= dueMs) this.stall = this.stallAfter(this.stall.endMs);
    const isStalled = this.stall.beginMs <= dueMs;
    return { dueMs: isStalled ? this.stall.endMs : dueMs, isStalled };
  }

  /** @param {number} endMs of the one before */
  stallAfter(endMs) {
    const between = (/** @type {{ least: number, most: number }} */ { least, most }) =>
      least + this.stalls.uniform() * (most - least);
    const beginMs = endMs + between(CALM_MS);
    return { beginMs, endMs: beginMs + between(STALL_MS) };
  }
}

/** Bytes that a direction holds before its source has to wait. */
const HELD_BYTES_MAX = 2 ** 20;

/**
 * Carries one direction. What has come is read at once, and carried on whatever becomes of its source meanwhile: as on a long way, an end that
 * was cut off is known only behind the bytes that were sent before. Bytes for a sink that is gone are let go.
 */
function carry(from, to, weather, onStall) {
  const startMs = performance.now();
  const elapsedMs = () => performance.now() - startMs;
  let heldBytes = 0;
  let carried = Promise.resolve();
  from.on('data', (chunk) => {
    const { dueMs, isStalled } = weather.next(elapsedMs());
    if (isStalled) onStall(dueMs - elapsedMs());
    heldBytes += chunk.length;
    if (heldBytes > HELD_BYTES_MAX) from.pause();
    carried = carried
      .then(() => wait(Math.max(0, dueMs - elapsedMs())))
      .then(() => new Promise((written) => to.write(chunk, () => written())))
      .then(() => {
        heldBytes -= chunk.length;
        from.resume();
      });
  });
  for (const end of ['end', 'error']) from.once(end, () => carried.then(() => to.end()));
}

/** @param onStall is told whom a stall holds up, and for how long */
export function openRelay({ port, to, seed, onStall }) {
  let connectionCount = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const connection = connectionCount++;
    const far = connect({ ...to, allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) socket.on('error', () => {}); // again and again; the first ends its direction
    const sayStall = (direction) => (ms) => onStall({ connection, direction, ms });
    carry(near, far, new Weather(seed, connection, 'there'), sayStall('there'));
    carry(far, near, new Weather(seed, connection, 'back'), sayStall('back'));
  });
  return once(server.listen(port, '127.0.0.1'), 'listening').then(() => server);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, host, toPort, seed] = process.argv.slice(2);
  await openRelay({
    port: Number(port),
    to: { host, port: Number(toPort) },
    seed: Number(seed),
    onStall: ({ connection, direction, ms }) =>
      console.log(`stall: connection ${connection} ${direction}, ${Math.round(ms)} ms`),
  });
}
