// A worker process: pulls tasks, computes gradients, answers. It holds no state that matters: kill it at any time.
import * as tf from '@tensorflow/tfjs-core';
import { loadTensorFlow } from '../compiler/tensorflow.js';
import type { RunConfig } from '../config/run-config.js';
import { openRunData } from '../data/run-data.js';
import { createSampler } from '../data/sampler.js';
import { buildArchitecture } from '../models/architecture.js';
import { noteGarbage } from '../numerics/young-garbage.js';
import { manifestHashes, NETS } from '../parameters/manifest.js';
import { type Pool, serves } from '../protocol/coordinator.js';
import type { MessageOf, ServerMessage } from '../protocol/messages.js';
import { connectWorker } from '../transport/zeromq.js';
import { AnswerSender } from './answer-sender.js';
import { DelayedGradient, useNoBackend } from './delayed-gradient.js';
import { type Farewell, Session, type SessionRole } from './session.js';
import { type Computer, GradientComputer } from './shard-gradient.js';
import { WeightsCache } from './weights-cache.js';

export interface WorkerOptions {
  endpoint: string;
  pool: Pool;
  name: string;
  /** this worker was given a GPU and computes on nothing else, whatever the config allows */
  requiresGpu?: boolean;
  /** a lost server ends the worker, which is started again and looks for it anew */
  endsWhenLost?: boolean;
  /** where to leave the compiled graphs for a person to look at */
  dumpFolder?: string;
  /** sleep this long a shard and answer with noise, without TensorFlow: for benches of server and wire */
  delayMs?: number | undefined;
  /** Called with the session once there is one; `leave` ends the worker gracefully. */
  onSession(session: Session): void;
}

type TaskMessage = MessageOf<ServerMessage, 'task'>;

/**
 * Serves one server until it says stop.
 * @throws NashError when refused, or when data or device are not as the config wants them
 */
export async function runWorker(options: WorkerOptions): Promise<Farewell> {
  const transport = connectWorker(options.endpoint);
  let computer: Computer | undefined;
  let cache: WeightsCache | undefined;
  let answers: AnswerSender | undefined;
  let pending: TaskMessage | undefined;

  const attempt = (session: Session) => {
    if (!pending || !cache || !computer) return;
    const task = pending;
    const weights = {
      discriminator: cache.get('discriminator', task.reads.discriminator),
      generator: cache.get('generator', task.reads.generator),
    };
    if (!weights.discriminator || !weights.generator) return; // the rest is on its way, or was asked for
    pending = undefined;
    const started = performance.now();
    const before = tf.memory().numTensors;
    const { payload, statistics } = computer.compute(
      task,
      weights as Record<'discriminator' | 'generator', tf.Tensor>,
    );
    requireFlat(before);
    const computeSeconds = (performance.now() - started) / 1000;
    const { term, branch, net, step, level, index } = task;
    const head = {
      kind: 'answer' as const,
      term,
      branch,
      net,
      step,
      level,
      index,
      computeSeconds,
      statistics,
    };
    answers?.send(session, head, payload);
    setImmediate(() => session.guard(() => computer?.readAhead(task))); // once the answer is on its way
    noteGarbage(payload.byteLength);
  };

  const role: SessionRole = {
    role: 'worker',
    pool: options.pool,
    name: options.name,
    async prepare(config, memory) {
      const device = deviceFor(options, config);
      computer?.dispose();
      cache?.dispose();
      pending = undefined;
      const readsData = serves(options.pool, 'discriminator');
      const source = await openRunData(config, () => {});
      const architecture = buildArchitecture(config.model, source.shape);
      const { size, shards } = config.minibatch;
      const sampler = createSampler({ source, seed: config.seed, minibatchSize: size, shards, branch: 0 });
      computer =
        options.delayMs === undefined
          ? new GradientComputer(config, architecture, readsData ? sampler : undefined, options.dumpFolder)
          : new DelayedGradient(options.delayMs, shards, architecture);
      for (const net of NETS) if (serves(options.pool, net)) computer.prepare(net);
      const lengths = NETS.map(
        (net) => architecture[net].manifest.size + architecture[net].manifest.slotSize,
      );
      const ofEach = { discriminator: lengths[0]!, generator: lengths[1]!, average: lengths[1]! };
      cache = new WeightsCache(ofEach, memory?.weights);
      answers = new AnswerSender(memory?.answers);
      return {
        manifests: manifestHashes(architecture),
        data: readsData ? source.digest : null,
        device,
      };
    },
    receive(message, payload, session) {
      if (message.kind === 'weights') {
        const { vector, version } = message;
        const arrival = cache?.add(vector, version, message, payload);
        if (arrival === 'torn') session.send({ kind: 'fetch', vector, version });
        if (arrival !== 'whole') return;
        session.send({ kind: 'received', vector, version });
        attempt(session);
      } else if (message.kind === 'task') {
        pending = message;
        for (const net of NETS) {
          const version = message.reads[net];
          if (!cache?.get(net, version)) session.send({ kind: 'fetch', vector: net, version });
        }
        attempt(session);
      }
    },
  };
  const session = new Session(transport, role, options.endsWhenLost);
  options.onSession(session);
  try {
    return await session.run();
  } finally {
    await transport.close();
    computer?.dispose();
    cache?.dispose();
  }
}

/** Loads what this worker computes with. @returns what people are told that it is */
function deviceFor({ requiresGpu, delayMs }: WorkerOptions, { device }: RunConfig): string {
  if (delayMs === undefined)
    return loadTensorFlow(requiresGpu ? { ...device, kind: 'gpu' } : device).isUsingGpuDevice ? 'gpu' : 'cpu';
  useNoBackend();
  return `none: noise after ${delayMs} ms a shard`;
}

/** A step leaves as many tensors as it found; a leak would end the worker hours later, so it ends it now. */
function requireFlat(before: number): void {
  const after = tf.memory().numTensors;
  if (after !== before) throw new Error(`broken invariant: a task left ${after - before} tensors behind`);
}
