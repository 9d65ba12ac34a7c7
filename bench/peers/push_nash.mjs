// Nash's parts in the same contest, on the road that a real run takes: session, shared memory or blocks, intake, parameter store, weights
// sender. Each round is a whole step of one net: the pushes are summed along the shard tree, the optimizer (SGD) is applied, and the
// new version goes to every worker. Left out: what a gradient costs, and the coordinator.
import { hostname } from 'node:os';
import { nash } from '../nash.mjs';
import { FLOATS } from './push_size.mjs';

const NET = /** @type {const} */ ('discriminator');
const TERM = 1;

/** @typedef {import('../../src/server/peers/peers.js').Peer} Peer */

/** @param {number} shards */
const configOf = async (shards) =>
  (await nash.config()).runConfig.parse({
    data: { source: 'ring' },
    model: { name: 'mlp' },
    optimizer: { discriminator: { name: 'sgd' } },
    minibatch: { size: 64, shards },
  });

/** @param {string} endpoint */
export async function serve(endpoint) {
  const transport = await (await nash.router()).bindServer();
  await transport.open((await nash.privateFolder()).PrivateFolder.ofSocket(endpoint));
  const { LocalPeers } = await nash.localPeers();
  const { bytes } = transport;
  const isEnabled = process.env.NASH_SHARED_MEMORY !== '0';
  const local = new LocalPeers({ host: hostname(), isEnabled, bytes, log: console.error });
  const codec = await nash.codec();
  const { serverMessage, workerMessage } = await nash.messages();
  const { configHash } = await nash.decisive();
  /** @type {Map<string, Peer>} */
  const peers = new Map();
  /** @type {Awaited<ReturnType<typeof openRounds>> | undefined} */
  let rounds;

  /** @param {string} session @param {import('../../src/protocol/messages.js').ServerMessage} message @param {readonly Uint8Array[]} [frames] */
  const send = (session, message, frames) =>
    transport.send(session, codec.encode(serverMessage.parse(message), frames));

  transport.onMessage(async ({ peer: session, frames }) => {
    const { message, payload } = codec.decode(workerMessage, frames);
    const peer = peers.get(session);
    if (message.kind === 'hello') {
      const config = await configOf(1);
      const memory = local.offer(session, message.host);
      const head = { term: TERM, branch: 0, config: { ...config }, configHash: configHash(config) };
      send(session, { kind: 'welcome', ...head, ...(memory ? { memory } : {}) });
    } else if (message.kind === 'prepared') {
      if (!message.sharesMemory) local.drop(session);
      const ofPeer = { session, sent: new Map(), onTheirWay: new Map() };
      peers.set(session, /** @type {Peer} */ (/** @type {unknown} */ (ofPeer)));
    } else if (peer && message.kind === 'received') {
      rounds?.weights.received(peer, message);
    } else if (peer && message.kind === 'answer') {
      rounds?.take(peer, message, payload);
    }
  });
  // a session that hears nothing takes itself for forgotten
  setInterval(() => {
    for (const session of peers.keys())
      send(session, { kind: 'ping', sentMs: Math.floor(performance.now()) });
  }, 1000).unref();
  return async (/** @type {number} */ workers) => {
    rounds = await openRounds({ workers, local, send });
  };
}

/** One net of 11 MB, and one that is hardly there. */
async function layoutOf() {
  const { Layout } = await nash.layout();
  const manifestOf = (/** @type {number} */ size) => ({ entries: [], size, slots: [], slotSize: 0 });
  return new Layout({
    discriminator: { manifest: manifestOf(FLOATS) },
    generator: { manifest: manifestOf(1) },
  });
}

/** A parameter store with one net of 11 MB and as many shards as workers. @param {number} shards */
async function openStore(shards) {
  const config = await configOf(shards);
  const layout = await layoutOf();
  const { VectorEngine } = await nash.vectors();
  const { ParameterStore } = await nash.store();
  const store = new ParameterStore(config, layout, await VectorEngine.create());
  store.initialize();
  return store;
}

/**
 * @param {{
 *   workers: number,
 *   local: import('../../src/server/peers/local-peers.js').LocalPeers,
 *   send: ConstructorParameters<typeof import('../../src/server/peers/weights-sender.js').WeightsSender>[4],
 * }} parts
 */
async function openRounds({ workers, local, send }) {
  const store = await openStore(workers);
  const { AnswerIntake } = await nash.answerIntake();
  const { WeightsSender } = await nash.weightsSender();
  const intake = new AnswerIntake(store, await configOf(workers), local);
  const noCoordinator = /** @type {never} */ (undefined); // versions are sent here as soon as they are there
  const weights = new WeightsSender(store, noCoordinator, local, { term: TERM, branch: 0 }, send);
  /** @type {Peer[]} */
  let pushed = [];
  let sums = Promise.resolve();
  let step = 0;
  const publish = async (/** @type {Peer[]} */ peers) => {
    await sums;
    await store.apply(NET, step++, { draft: local.draft(4 * FLOATS) });
    store.versions.forgetBefore(NET, step);
    for (const peer of peers) weights.sendAgain(peer, NET, step);
  };
  return {
    weights,
    /** @param {Peer} peer @param {import('../../src/server/training/answer-intake.js').Answer} message @param {Uint8Array[]} frames */
    take(peer, message, frames) {
      const arrived = intake.take(peer.session, message, frames);
      if (!arrived) return;
      const index = pushed.push(peer) - 1;
      sums = sums.then(() => store.settle(NET, { level: 0, index }, arrived.payload));
      if (pushed.length < workers) return;
      void publish(pushed);
      pushed = [];
    },
  };
}

/** @param {string} endpoint */
export async function connect(endpoint) {
  const { Session } = await nash.session();
  const { AnswerSender } = await nash.answerSender();
  const { WeightsCache } = await nash.weightsCache();
  (await nash.tensorflow()).loadTensorFlow({ kind: 'cpu', threads: 1 });
  const layout = await layoutOf();
  const zeros = '0'.repeat(64);
  const gradient = new Float32Array(FLOATS).fill(1);
  /** @type {InstanceType<typeof WeightsCache> | undefined} */
  let cache;
  /** @type {InstanceType<typeof AnswerSender> | undefined} */
  let answers;
  /** @type {(() => void) | undefined} */
  let whole;
  /** @type {() => void} */
  let ready = () => {};
  const isReady = new Promise((resolve) => {
    ready = () => resolve(undefined);
  });
  const session = new Session((await nash.dealer()).connectWorker({ endpoint, name: endpoint, close() {} }), {
    role: 'worker',
    pool: NET,
    name: 'push',
    async prepare(_, memory) {
      cache = new WeightsCache(layout, memory?.weights);
      answers = new AnswerSender(memory?.answers);
      setImmediate(ready);
      return {
        manifests: { discriminator: zeros, generator: zeros },
        data: null,
        device: 'none',
        fingerprint: { device: '', tensorflow: '', threads: '', flags: '' },
        canaries: {},
      };
    },
    receive(message, payload) {
      if (message.kind !== 'weights') return;
      const { vector, version } = message;
      if (cache?.add(vector, version, message, payload) !== 'whole') return;
      session.send({ kind: 'received', term: TERM, vector, version });
      whole?.();
    },
  });
  void session.run();
  await isReady;
  const head = {
    kind: /** @type {const} */ ('answer'),
    term: TERM,
    branch: 0,
    net: NET,
    step: 0,
    level: 0,
    index: 0,
    issue: 0,
  };
  return () =>
    new Promise((resolve) => {
      whole = () => resolve(undefined);
      answers?.send(session, { ...head, computeSeconds: 0, statistics: [[0, 0, 0, 0]] }, gradient);
    });
}
