// A worker's side of the wire without a gradient, over a network in memory.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll } from 'vitest';
import { Layout } from '../../src/parameters/layout.js';
import { WorkerTasks } from '../../src/protocol/worker-tasks.js';
import { useNoBackend } from '../../src/worker/delayed-gradient.js';
import { Session, type SessionRole } from '../../src/worker/session.js';
import { WeightsCache } from '../../src/worker/weights-cache.js';
import { MemoryWorkerTransport } from './memory-transport.js';

export const HASH = 'a'.repeat(64);
export const LENGTH = 3;
const manifest = { entries: [], size: LENGTH, slots: [], slotSize: 0 };

/** Lets a file's workers keep weights without TensorFlow; other files of the process compute. */
export function withoutBackend(): void {
  const before = tf.getBackend();
  beforeAll(useNoBackend);
  afterAll(() => {
    if (before) tf.setBackend(before); // else TensorFlow sets itself when it is loaded
  });
}

/** A worker without a gradient, or an evaluator that measures nothing: everything between the socket and the computation is real. */
export function openWorker(as: SessionRole['role'] = 'worker') {
  const transport = new MemoryWorkerTransport();
  const cache = new WeightsCache(new Layout({ discriminator: { manifest }, generator: { manifest } }));
  let computed = 0;
  const tasks = new WorkerTasks({
    has: (net, version) => cache.get(net, version) !== undefined,
    fetch: (name) => session.send({ kind: 'fetch', ...name }),
    compute: () => {
      computed += 1;
    },
    forgetVersions: () => cache.clear(),
  });
  const role: SessionRole = {
    role: as,
    pool: 'any',
    name: 'fuzzed',
    prepare: async () => ({
      manifests: { discriminator: HASH, generator: HASH },
      data: null,
      device: 'cpu',
      fingerprint: { device: '', tensorflow: '', threads: '1', flags: '' },
      canaries: {},
    }),
    receive(message, payload) {
      if (message.kind === 'task') tasks.take(message);
      if (message.kind === 'evaluate') computed += 1;
      if (message.kind !== 'weights' || !tasks.follows(message.term)) return;
      if (cache.add(message.vector, message.version, message, payload) === 'whole') tasks.attempt();
    },
  };
  const session = new Session(transport, role);
  const end = session.run().then(
    (farewell) => farewell,
    (error: unknown) => error,
  );
  transport.connected();
  return { transport, session, end, computed: () => computed, dispose: () => cache.dispose() };
}

/** What a message has set off is done: a welcome is answered by preparing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}
