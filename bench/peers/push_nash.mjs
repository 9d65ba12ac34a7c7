// Nash's parts in the same contest: its transport, codec, blocks, vector engine and parameter store. Each round is a whole step of one
// net: the pushes are summed along the shard tree, the optimizer (SGD) is applied, and the new version goes to every worker.
import { nash } from '../nash.mjs';
import { FLOATS } from './push_size.mjs';

const blocks = await nash.blocks();
const codec = await nash.codec();
const { serverMessage, workerMessage } = await nash.messages();

/** @typedef {import('../../src/transport/transport.js').ServerTransport} ServerTransport */

/** @param {string} endpoint */
export async function serve(endpoint) {
  const transport = await (await nash.transport()).bindServer(endpoint);
  /** @type {Awaited<ReturnType<typeof openRounds>> | undefined} */
  let rounds;
  transport.onMessage(({ peer, frames }) => rounds?.receive(peer, frames));
  return async (/** @type {number} */ workers) => {
    rounds = await openRounds(transport, workers);
  };
}

/** A parameter store with one net of 11 MB and as many shards as workers. @param {number} shards */
async function openStore(shards) {
  const { runConfig } = await nash.config();
  const optimizer = { discriminator: { name: 'sgd' } };
  const config = runConfig.parse({
    data: { source: 'ring' },
    model: { name: 'mlp' },
    optimizer,
    minibatch: { size: 64, shards },
  });
  const manifest = { entries: [], size: FLOATS, slots: [], slotSize: 0 };
  const net = { inputShape: [], outputShape: [], layers: [], manifest };
  const architecture = {
    discriminator: { ...net, net: /** @type {const} */ ('discriminator') },
    generator: { ...net, net: /** @type {const} */ ('generator'), manifest: { ...manifest, size: 1 } },
  };
  const store = new (await nash.store()).ParameterStore(
    config,
    architecture,
    await (await nash.vectors()).VectorEngine.create(),
  );
  store.initialize();
  return store;
}

/** @param {ServerTransport} transport @param {number} workers */
async function openRounds(transport, workers) {
  const store = await openStore(workers);
  /** @type {Map<string, { payload: ReturnType<typeof store.allocatePayload>, missing: number }>} */
  const incoming = new Map();
  /** @type {Promise<void>} */
  let sums = Promise.resolve();
  let [arrived, step] = [0, 0];
  const publish = async (/** @type {string[]} */ peers) => {
    await sums;
    await store.apply('discriminator', step++);
    store.forgetBefore('discriminator', step);
    for (const { header, bytes } of store.published('discriminator', step)?.blocks ?? []) {
      const message = serverMessage.parse({
        kind: 'weights',
        term: 1,
        vector: 'discriminator',
        version: step,
        ...header,
      });
      for (const peer of peers) transport.send(peer, codec.encode(message, [bytes]));
    }
  };
  const receive = (/** @type {string} */ peer, /** @type {Uint8Array[]} */ frames) => {
    const { message, payload } = codec.decode(workerMessage, frames);
    if (message.kind !== 'answer') return;
    const entry = incoming.get(peer) ?? {
      payload: store.allocatePayload('discriminator'),
      missing: message.blockCount,
    };
    incoming.set(peer, entry);
    store.writeBlock(entry.payload, message, blocks.floatsOf(message, payload, FLOATS));
    if (--entry.missing > 0) return;
    const index = arrived++;
    sums = sums.then(() => store.settle('discriminator', { level: 0, index }, entry.payload));
    if (arrived < workers) return;
    const peers = [...incoming.keys()];
    incoming.clear();
    arrived = 0;
    void publish(peers);
  };
  return { receive };
}

/** @param {string} endpoint */
export async function connect(endpoint) {
  const transport = (await nash.transport()).connectWorker(endpoint);
  const gradient = new Float32Array(FLOATS).fill(1);
  const node = { kind: 'answer', term: 1, branch: 0, net: 'discriminator', step: 0, level: 0, index: 0 };
  /** @type {(() => void) | undefined} */
  let whole;
  let assembly = new blocks.BlockAssembly(FLOATS);
  transport.onMessage((frames) => {
    const { message, payload } = codec.decode(serverMessage, frames);
    if (message.kind !== 'weights' || !assembly.add(message, payload)) return;
    assembly = new blocks.BlockAssembly(FLOATS);
    whole?.();
  });
  return () =>
    new Promise((resolve) => {
      whole = () => resolve(undefined);
      for (const header of blocks.blocksOf(FLOATS)) {
        const message = workerMessage.parse({
          ...node,
          computeSeconds: 0,
          statistics: [[0, 0, 0, 0]],
          ...header,
        });
        transport.send(codec.encode(message, [blocks.bytesOf(gradient, header)]));
      }
    });
}
