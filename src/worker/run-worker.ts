// A worker process: pulls tasks, computes gradients, answers. It holds no state that matters: kill it at any time.
import * as tf from '@tensorflow/tfjs-core';
import { loadTensorFlow } from '../compiler/tensorflow.js';
import { configHash } from '../config/decisive.js';
import type { RunConfig } from '../config/run-config.js';
import { createSampler } from '../data/sampler.js';
import { markByTheClock, noteGarbage } from '../numerics/young-garbage.js';
import type { Layout } from '../parameters/layout.js';
import type { Net } from '../parameters/manifest.js';
import type { Fingerprint, MessageOf, ServerMessage } from '../protocol/messages.js';
import { type Pool, serves } from '../protocol/roster.js';
import { stepKindsOf } from '../protocol/schedule.js';
import { netOf, type StepKind } from '../protocol/step-kinds.js';
import { type LineTask, WorkerTasks } from '../protocol/worker-tasks.js';
import { openRun } from '../run/open-run.js';
import { loadModules } from '../run/own-modules.js';
import { seesReal } from '../steps/step.js';
import { STEPS, scheduleOf, stepContextOf } from '../steps/steps.js';
import { AnswerSender } from './answer-sender.js';
import { DelayedGradient, useNoBackend } from './delayed-gradient.js';
import { fingerprintOf } from './fingerprint.js';
import { type Serving, serveRun } from './serve-run.js';
import type { ServerMemory, Session, SessionRole } from './session.js';
import { type Computer, GradientComputer } from './shard-gradient.js';
import { WeightsCache } from './weights-cache.js';

export interface WorkerOptions extends Serving {
  pool: Pool;
  name: string;
  /** this worker was given a GPU and computes on nothing else, whatever the config allows */
  requiresGpu?: boolean;
  /** where to leave the compiled graphs for a person to look at */
  dumpFolder?: string;
  /** sleep this long a shard and answer with noise, without TensorFlow: for benches of server and wire */
  delayMs?: number | undefined;
}

/**
 * Serves a run until its server says that it is over; a server that went away is looked for anew.
 * @throws NashError when refused, or when data or device are not as the config wants them
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  markByTheClock();
  const worker = new Worker(options);
  try {
    await serveRun(worker, options);
  } finally {
    worker.dispose();
  }
}

/** What was compiled for a config; it outlives the session, so that a server that comes back finds the worker ready. */
interface Compiled {
  key: string;
  layout: Layout;
  manifests: Record<Net, string>;
  computer: Computer;
  /** digest of the data, or null where this worker reads none */
  data: string | null;
  /** what people are told that it computes with */
  device: string;
  fingerprint: Fingerprint;
  canaries: Partial<Record<StepKind, string>>;
}

class Worker implements SessionRole {
  readonly role = 'worker';
  readonly pool: Pool;
  readonly name: string;
  private compiled: Compiled | undefined;
  private cache: WeightsCache | undefined;
  private answers = new AnswerSender(undefined);
  private session: Session | undefined;
  private tasks = this.newTasks();

  constructor(private readonly options: WorkerOptions) {
    this.pool = options.pool;
    this.name = options.name;
  }

  private newTasks(): WorkerTasks {
    return new WorkerTasks({
      has: (net, version) => this.cache?.get(net, version) !== undefined,
      fetch: (name) => this.session?.send({ kind: 'fetch', ...name }),
      compute: (task) => this.compute(task),
      forgetVersions: () => this.cache?.clear(),
    });
  }

  async prepare(config: RunConfig, memory: ServerMemory | undefined, session: Session) {
    const compiled = await this.compile(config);
    this.session = session;
    this.tasks = this.newTasks();
    this.cache?.dispose();
    this.cache = new WeightsCache(compiled.layout, memory?.weights);
    this.answers = new AnswerSender(memory?.answers);
    const { manifests, data, device, fingerprint, canaries } = compiled;
    return { manifests, data, device, fingerprint, canaries };
  }

  /** Does nothing where the same was compiled before. */
  private async compile(config: RunConfig): Promise<Compiled> {
    const key = `${configHash(config)} ${JSON.stringify(config.data)}`;
    if (this.compiled?.key === key) return this.compiled;
    const { dumpFolder, delayMs, pool } = this.options;
    const device = deviceFor(this.options, config);
    this.compiled?.computer.dispose();
    loadModules(config, this.options.modules ?? {});
    const { source, architecture, classes, layout, manifests } = await openRun(config);
    const stepKinds = stepKindsOf(scheduleOf(config)).filter((stepKind) => serves(pool, netOf(stepKind)));
    const context = stepContextOf(config, architecture, classes);
    const readsData = stepKinds.some((stepKind) => seesReal(STEPS[stepKind].define(context)));
    const { size, shards } = config.minibatch;
    const samplerOf = (branch: number) =>
      createSampler({ source, seed: config.seed, minibatchSize: size, shards, branch });
    const computer =
      delayMs === undefined
        ? new GradientComputer(config, context, readsData ? samplerOf : undefined, dumpFolder)
        : new DelayedGradient(delayMs, config, architecture);
    const canaries: Compiled['canaries'] = {};
    for (const stepKind of stepKinds) canaries[stepKind] = computer.prepare(stepKind);
    const data = readsData || classes ? source.digest : null; // labels of fake items follow from the data too
    this.compiled = { key, layout, manifests, computer, ...device, canaries, data };
    return this.compiled;
  }

  receive(message: ServerMessage, payload: Uint8Array[]): void {
    if (message.kind === 'weights') this.takeWeights(message, payload);
    else if (message.kind === 'task') this.tasks.take(message);
  }

  private takeWeights(message: MessageOf<ServerMessage, 'weights'>, payload: Uint8Array[]): void {
    if (!this.tasks.follows(message.term)) return;
    const { term, vector, version } = message;
    const arrival = this.cache?.add(vector, version, message, payload);
    if (arrival === 'torn') this.session?.send({ kind: 'fetch', term, vector, version });
    if (arrival !== 'whole') return;
    this.session?.send({ kind: 'received', term, vector, version });
    this.tasks.attempt();
  }

  private compute(task: LineTask): void {
    const { computer } = this.compiled!;
    const started = performance.now();
    const before = tf.memory().numTensors;
    const weights = {
      discriminator: this.cache!.get('discriminator', task.reads.discriminator)!,
      generator: this.cache!.get('generator', task.reads.generator)!,
    };
    const { payload, statistics } = computer.compute(task, weights);
    requireFlat(before);
    const computeSeconds = (performance.now() - started) / 1000;
    const { term, branch, net, step, level, index, issue } = task;
    const name = { term, branch, net, step, level, index, issue };
    this.answers.send(this.session!, { kind: 'answer', ...name, computeSeconds, statistics }, payload);
    const { session } = this;
    setImmediate(() => session?.guard(() => computer.readAhead(task))); // once the answer is on its way
    noteGarbage(payload.byteLength);
  }

  dispose(): void {
    this.compiled?.computer.dispose();
    this.cache?.dispose();
  }
}

/** Loads what a worker computes with. */
function deviceFor(
  { requiresGpu, delayMs }: WorkerOptions,
  { device }: RunConfig,
): Pick<Compiled, 'device' | 'fingerprint'> {
  if (delayMs !== undefined) {
    useNoBackend();
    const fingerprint = fingerprintOf(undefined, device.threads);
    return { device: `none: noise after ${delayMs} ms a shard`, fingerprint };
  }
  const backend = loadTensorFlow(requiresGpu ? { ...device, kind: 'gpu' } : device);
  const fingerprint = fingerprintOf(backend, device.threads);
  return { device: backend.isUsingGpuDevice ? 'gpu' : 'cpu', fingerprint };
}

/** A step leaves as many tensors as it found; a leak would end the worker hours later, so it ends it now. */
function requireFlat(before: number): void {
  const after = tf.memory().numTensors;
  if (after !== before) throw new Error(`broken invariant: a task left ${after - before} tensors behind`);
}
