// A real server over a network in memory, with one worker that behaves and trains, beside whatever else is said to it.
import { vi } from 'vitest';
import { runConfig } from '../../src/config/run-config.js';
import { prometheusMetrics } from '../../src/metrics/prometheus.js';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { VectorEngine } from '../../src/numerics/vector-engine.js';
import {
  type MessageOf,
  PROTOCOL_VERSION,
  type ServerMessage,
  serverMessage,
} from '../../src/protocol/messages.js';
import { leavesOf } from '../../src/protocol/shard-tree.js';
import type { TaskName } from '../../src/protocol/task.js';
import { networksOf } from '../../src/run/open-run.js';
import { RunFolder } from '../../src/run-folder/run-folder.js';
import { type Outcome, ParameterServer } from '../../src/server/parameter-server.js';
import { Uniformity } from '../../src/server/peers/uniformity.js';
import { ParameterStore } from '../../src/server/training/parameter-store.js';
import { statisticsOf } from '../../src/steps/steps.js';
import { OWN } from '../../src/transport/admission.js';
import { blocksOf, rangeOf, wholeOf } from '../../src/wire/blocks.js';
import { decode, encode } from '../../src/wire/codec.js';
import { MemoryServerTransport } from './memory-transport.js';
import { type Held, reachable } from './reachable.js';

const HASH = 'a'.repeat(64);
export const GOOD = 'feedfacefeedface';

const SHARDS = 2;
const LOGGED_MAX = 100_000;
const CONFIG = {
  data: { source: 'ring' },
  model: { name: 'mlp', generator: { hidden: [4] }, discriminator: { hidden: [4] } },
  minibatch: { size: 8, shards: SHARDS },
  checkpoint: { everySteps: 1_000_000 },
  evaluation: { everySteps: 1_000_000 },
  stop: { generatorSteps: 1_000_000_000 },
};
const { loss, model } = runConfig.parse(CONFIG);

/**
 * @param onSent sees all that the server says
 * @param options settings other than the usual ones; whether an evaluator was started beside it
 */
export async function openFuzzedServer(
  folder: string,
  onSent: (peer: string, message: ServerMessage) => void = () => {},
  { settings = {}, hasEvaluator = false }: { settings?: object; hasEvaluator?: boolean } = {},
) {
  const config = runConfig.parse({ ...CONFIG, ...settings });
  const { layout, manifests } = await networksOf(config, [2]);
  const engine = await VectorEngine.create(); // its threads live in real time, and it looks after them
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const line = { term: 1, branch: 0 };
  const store = new ParameterStore(config, layout, engine, line);
  store.initialize();
  const metrics = prometheusMetrics();
  const sent = { refused: 0, refusedGood: 0 };
  const said: Uint8Array[][] = [];
  const inbox: ServerMessage[] = [];
  const logged: string[] = [];
  const transport = new MemoryServerTransport((peer, frames) => {
    const { message } = decode(serverMessage, frames); // whatever a peer sends, the server says only what is right
    if (message.kind === 'refused') sent.refused += 1;
    onSent(peer, message);
    if (peer === GOOD) inbox.push(message);
  });
  let nowMs = 0;
  const runFolder = RunFolder.open(folder, 'fresh');
  runFolder.writeConfig(config);
  const server = new ParameterServer({
    config,
    expected: { configHash: HASH, manifests, data: HASH },
    uniformity: new Uniformity(),
    itemShape: [2],
    classes: undefined,
    store,
    transport,
    admission: { identify: (_, { role, host }) => (role === 'evaluator' ? OWN : host) }, // a host is a user here
    folder: runFolder,
    metrics,
    log: (event) => logged.length < LOGGED_MAX && logged.push(event),
    now: () => nowMs,
    line,
    sharesMemory: false,
    amendments: [],
    onWaiting: () => {},
    onNote: () => {},
    before: { seconds: 0, images: 0, began: '2026-01-01T00:00:00.000Z' },
    hasEvaluator,
    onProgress: () => {},
    onSilent: () => {},
    onEnding: () => {},
  });
  let failure: unknown;
  let outcome: Outcome | undefined;
  server.run().then(
    (end) => {
      outcome = end;
    },
    (error) => {
      failure = error;
    },
  );

  /** What the worker that behaves has to say to a message. */
  const replyTo = (message: ServerMessage): { header: object; payload?: Uint8Array }[] => {
    if (message.kind === 'welcome') return [{ header: handshake(manifests)[1]! }];
    if (message.kind === 'ping') return [{ header: { kind: 'pong', sentMs: message.sentMs } }];
    if (message.kind === 'weights') return [{ header: receiptOf(message) }];
    return message.kind === 'task' ? inBlocks(answerTo(message)) : [];
  };

  /** What an honest worker answers to a task. */
  const answerTo = (
    task: MessageOf<ServerMessage, 'task'>,
  ): { header: Record<string, unknown>; payload: Uint8Array } => {
    const { term, branch, net, step, level, index, issue } = task;
    const { from, to } = leavesOf({ level, index }, SHARDS);
    const length = layout.length(net, step);
    const header = {
      kind: 'answer',
      ...{ term, branch, net, step, level, index, issue, ...wholeOf(length) },
      computeSeconds: 0.001,
      statistics: Array.from({ length: to - from }, () =>
        statisticsOf(net, { loss, model, augmentation: { name: 'none' } }).map(() => 0),
      ),
    };
    const floats = gradientOf({ net, step, level, index }, length);
    return { header, payload: new Uint8Array(floats.buffer) };
  };

  const say = (peer: string, header: object, payload?: Uint8Array) => {
    const frames = encode(header, payload ? [payload] : []);
    if (peer === GOOD) said.push(frames);
    transport.deliver(peer, frames);
  };

  return {
    server,
    transport,
    sent,
    /** events, as they were written into the log */
    logged,
    /** frames of the worker that behaves, since they were last taken */
    said,
    handshake: handshake(manifests),
    answerTo,
    engine,
    metrics,
    replyTo,
    failure: () => failure,
    outcome: () => outcome,
    weightHashes: () => store.weightHashes(),
    /** What the server holds, metrics and files apart. */
    held(): Held {
      const { objects, bytes } = reachable(server, [metrics, runFolder, transport, engine, config]);
      return { objects, bytes: bytes + engine.heldBytes };
    },
    join: (peer: string) => {
      const [hello, prepared] = handshake(manifests);
      say(peer, hello!);
      if (peer !== GOOD) say(peer, prepared!); // he waits for his welcome
    },
    /** Lets time pass, and the worker that behaves answer. */
    async pass(ms: number) {
      nowMs += ms;
      vi.advanceTimersByTime(ms);
      await new Promise((resolve) => setImmediate(resolve));
      for (const message of inbox.splice(0)) {
        if (message.kind === 'refused') sent.refusedGood += 1;
        if (message.kind === 'stop') transport.lose(GOOD); // he leaves
        for (const { header, payload } of replyTo(message)) say(GOOD, header, payload);
      }
    },
    async close() {
      server.fail(new Error('over'));
      vi.useRealTimers();
      await engine.close();
    },
  };
}

/** What a worker says of a version that it has whole. */
export const receiptOf = ({ term, vector, version }: MessageOf<ServerMessage, 'weights'>) => ({
  kind: 'received',
  ...{ term, vector, version },
});

/** A long answer is said in several messages. */
export const inBlocks = ({ header, payload }: { header: Record<string, unknown>; payload: Uint8Array }) =>
  blocksOf(payload.length / 4).map((block) => {
    const { from, to } = rangeOf(block);
    return { header: { ...header, ...block }, payload: payload.subarray(4 * from, 4 * to) };
  });

/** A gradient that everybody computes alike: noise of its own for each shard, added up as the tree says. */
function gradientOf({ net, step, level, index }: TaskName, length: number): Float32Array {
  if (level > 0) {
    const [left, right] = [0, 1].map((side) =>
      gradientOf({ net, step, level: level - 1, index: 2 * index + side }, length),
    );
    return left!.map((value, i) => value + right![i]!);
  }
  const random = new RandomStream(seedOf('gradient', net, step, index));
  return Float32Array.from({ length }, () => random.uniform() - 0.5);
}

/** A hello and a prepared that this server takes. */
const handshake = (manifests: object) => [
  {
    kind: 'hello',
    protocol: PROTOCOL_VERSION,
    role: 'worker',
    pool: 'any',
    name: 'worker',
    pid: 1,
    host: 'somewhere',
  },
  {
    kind: 'prepared',
    configHash: HASH,
    manifests,
    data: HASH,
    device: 'cpu',
    fingerprint: { device: '', tensorflow: '', threads: '1', flags: '' },
    canaries: { discriminator: HASH, generator: HASH },
    sharesMemory: false,
  },
];
