// The plain Node server: every push is added in JavaScript and answered with a copy of the sum.
import { Dealer, Router } from 'zeromq';
import { FLOATS } from './push_size.mjs';

const UNBOUNDED = { sendHighWaterMark: 0, receiveHighWaterMark: 0 };

/** @param {string} endpoint */
export async function serve(endpoint) {
  const router = new Router(UNBOUNDED);
  await router.bind(endpoint);
  const sum = new Float32Array(FLOATS);
  void (async () => {
    for await (const [id, push] of router) {
      if (!id || !push) continue;
      const values = new Float32Array(push.buffer, push.byteOffset, FLOATS);
      for (let i = 0; i < FLOATS; i++)
        sum[i] = /** @type {number} */ (sum[i]) + /** @type {number} */ (values[i]);
      await router.send([id, Buffer.from(sum.slice().buffer)]);
    }
  })();
  return () => {};
}

/** @param {string} endpoint */
export async function connect(endpoint) {
  const dealer = new Dealer(UNBOUNDED);
  dealer.connect(endpoint);
  const gradient = Buffer.from(new Float32Array(FLOATS).fill(1).buffer);
  return async () => {
    await dealer.send(gradient);
    await dealer.receive();
  };
}
