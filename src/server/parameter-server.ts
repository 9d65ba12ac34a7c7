// The server's shell: takes messages off the wire, lets the coordinator decide, and performs what it decided.
// All waiting, sending, summing and writing is here; no rule of training is.
import { type Checkpoint, CheckpointStore } from '../checkpoints/checkpoint-store.js';
import { configHash, type RunConfig } from '../config/run-config.js';
import { assert, messageOf, NashError } from '../errors.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Vector } from '../numerics/vector-engine.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { Coordinator, type Effect, serves, type Task } from '../protocol/coordinator.js';
import {
  type MessageOf,
  type ServerMessage,
  serverMessage,
  type VectorName,
  type WorkerMessage,
  workerMessage,
} from '../protocol/messages.js';
import { versionsAfter } from '../protocol/schedule.js';
import { keyOf, nodeCount, rootLevel, type TreeNode } from '../protocol/shard-tree.js';
import type { ServerTransport } from '../transport/transport.js';
import { type BlockHeader, floatsOf } from '../wire/blocks.js';
import { decode, encode, MalformedMessage } from '../wire/codec.js';
import type { ParameterStore } from './parameter-store.js';
import { type Expected, type Peer, Peers, type Refusal } from './peers.js';
import type { RunFolder } from './run-folder.js';
import { StepRecord } from './step-record.js';

export type Log = (event: string, fields?: Record<string, unknown>) => void;

export interface ServerParts {
  config: RunConfig;
  expected: Expected;
  /** shape of one item of the data, kept in checkpoints so that sampling needs no data */
  itemShape: readonly number[];
  store: ParameterStore;
  transport: ServerTransport;
  folder: RunFolder;
  metrics: Metrics;
  log: Log;
  /** milliseconds of a clock that never goes back */
  now: () => number;
  /** rises with every start of the server; answers of another term are not taken */
  term: number;
  /** whole rounds done before this start */
  round: number;
  /** an evaluator was started beside this server, and the end waits for its last word */
  hasEvaluator: boolean;
  onProgress(progress: Progress): void;
  /** Called before the peers are sent home: their leaving is no loss. */
  onEnding(): void;
}

/** What a person watching wants to know, said after every round. */
export interface Progress {
  steps: Record<Net, number>;
  generatorSteps: number;
  imagesPerSecond: number;
  secondsLeft: number;
  accuracyReal: number;
  accuracyFake: number;
  lossDiscriminator: number;
  lossGenerator: number;
}

export interface Outcome {
  status: 'done' | 'stopped';
  steps: Record<Net, number>;
  seconds: number;
  imagesPerSecond: number;
}

/** A node's payload on its way in, block by block, from one worker. */
interface Incoming {
  task: Pick<Task, 'net' | 'step' | 'level' | 'index'>;
  payload: Vector;
  blocksMissing: Set<number>;
}

/** A late node is given to a second worker after this many times the median, but not before the floor. */
const LATE = { lateFactor: 5, lateFloorMs: 2000 };
const TICK_MS = 250;
/** A peer's pipe dies a moment after the event that says so: pinged at once, and again at these times. */
const PROBE_AT_MS = [0, 5, 25, 100, 400];
/** How long the end waits for the last evaluation, and for the peers to take their leave. */
const FINAL_EVALUATION_MS = 180_000;
const FAREWELL_MS = 2000;
/** A stop that cannot finish its round, for want of workers, gives up after this and leaves the last checkpoint. */
const STOP_GRACE_MS = 30_000;

export class ParameterServer {
  private readonly coordinator: Coordinator;
  private readonly peers: Peers;
  private readonly checkpoints: CheckpointStore;
  private readonly incoming = new Map<string, Incoming>();
  /** payloads that are whole and wait for the coordinator's verdict */
  private arrived: { payload: Vector; message: MessageOf<WorkerMessage, 'answer'> } | undefined;
  private readonly records = new Map<Net, StepRecord>();
  private readonly sums: Record<Net, Promise<void>>;
  private readonly appliedMs: Record<Net, number>;
  private readonly lastStatistics: Record<Net, Record<string, number>> = { discriminator: {}, generator: {} };
  private checkpointing: Promise<unknown> = Promise.resolve();
  private readonly startedMs: number;
  private evaluatedVersion = -1;
  private evaluatingVersion = -1;
  private timer: NodeJS.Timeout | undefined;
  private resolve!: (outcome: Outcome) => void;
  private reject!: (error: unknown) => void;
  private readonly outcome: Promise<Outcome>;
  private isOver = false;
  private rates: { ms: number; images: number }[] = [];
  reissuedCount = 0;
  /** processes that the launcher started again */
  restartCount = 0;

  constructor(private readonly parts: ServerParts) {
    const { config, round } = parts;
    this.coordinator = new Coordinator({
      schedule: config.schedule,
      shards: config.minibatch.shards,
      versions: versionsAfter(config.schedule, round),
      generatorSteps: config.stop.generatorSteps,
      ...LATE,
    });
    this.peers = new Peers(parts.expected);
    this.checkpoints = new CheckpointStore(parts.folder.checkpoints, { keep: config.checkpoint.keep });
    this.sums = { discriminator: Promise.resolve(), generator: Promise.resolve() };
    this.startedMs = parts.now();
    this.appliedMs = { discriminator: this.startedMs, generator: this.startedMs };
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Serves until the run is done or stopped. Rejects with what made training fail. */
  run(): Promise<Outcome> {
    const { transport } = this.parts;
    transport.onMessage(({ peer, frames }) => this.guard(() => this.receive(peer, frames)));
    transport.onGone((peer) => this.guard(() => this.lose(peer, 'the connection is gone')));
    transport.onDisconnect(() => {
      for (const ms of PROBE_AT_MS) setTimeout(() => this.probe(), ms);
    });
    this.timer = setInterval(() => this.guard(() => this.tick()), TICK_MS);
    this.guard(() => this.perform(this.coordinator.handle({ kind: 'ticked', nowMs: this.parts.now() })));
    return this.outcome;
  }

  /** Finishes the round, takes a checkpoint and ends with status 'stopped'. */
  stop(): void {
    this.parts.log('stop requested');
    this.guard(() => this.perform(this.coordinator.handle({ kind: 'stop-requested' })));
    setTimeout(() => this.guard(() => this.finish('stopped', false)), STOP_GRACE_MS).unref();
  }

  /** Ends the run with an error: somebody else saw what makes it fail. */
  fail(error: unknown): void {
    this.isOver = true;
    clearInterval(this.timer);
    this.parts.onEnding();
    this.sendToAll({ kind: 'stop', message: messageOf(error).slice(0, 4000) });
    this.reject(error);
  }

  /** Whether any step was applied since this start. */
  get hasStepped(): boolean {
    const { discriminator, generator } = this.coordinator.current;
    return discriminator + generator > 0;
  }

  status(): Record<string, unknown> {
    return {
      step: this.coordinator.current,
      waitingFor: this.waitingFor(),
      workers: this.peers.all().map((peer) => this.describe(peer)),
    };
  }

  /** What the run waits for, with the names that people gave to workers. */
  waitingFor(): string | null {
    const text = this.coordinator.waitingFor(this.parts.now());
    return text?.replace(/\b[0-9a-f]{16}\b/g, (session) => this.peers.get(session)?.name ?? session) ?? null;
  }

  private describe(peer: Peer): Record<string, unknown> {
    const task = this.coordinator.taskOf(peer.session);
    return {
      id: peer.name,
      pool: peer.role === 'evaluator' ? 'evaluator' : peer.pool,
      state: peer.state === 'greeted' ? 'preparing' : task ? 'busy' : 'idle',
      pid: peer.pid,
      host: peer.host,
      device: peer.device,
      step: task?.step ?? null,
    };
  }

  /** Everything that a listener or timer does: a bug or a full disk ends the run, a peer's mistake does not. */
  private guard(body: () => unknown): void {
    if (this.isOver) return;
    try {
      const result = body();
      if (result instanceof Promise) result.catch((error) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  // ---- messages -------------------------------------------------------------------------------------------------

  private receive(session: string, frames: Uint8Array[]): void {
    try {
      const { message, payload } = decode(workerMessage, frames);
      this.take(session, message, payload);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.refuse(session, { reason: 'malformed', message: `the server received ${error.message}` });
    }
  }

  private take(session: string, message: WorkerMessage, payload: Uint8Array[]): void {
    if (message.kind === 'hello') {
      this.greet(session, message);
      return;
    }
    const peer = this.peers.get(session);
    if (!peer) return; // its connection was given up; it will say hello again
    switch (message.kind) {
      case 'prepared':
        this.prepare(peer, message);
        return;
      case 'fetch':
        this.sendVector(peer, message.vector, message.version, true);
        return;
      case 'answer':
        this.answer(peer, message, payload);
        return;
      case 'evaluated':
        this.evaluated(message);
        return;
      case 'failed':
        this.parts.log('worker failed', { worker: peer.name, message: message.message });
        return;
      case 'leaving':
        this.lose(session, 'it left');
        return;
      case 'pong':
        return;
    }
  }

  private greet(session: string, hello: MessageOf<WorkerMessage, 'hello'>): void {
    if (this.peers.get(session)) this.lose(session, 'it connected again');
    const refusal = this.peers.greet(session, hello);
    if (refusal) {
      this.refuse(session, refusal);
      return;
    }
    const { config, term } = this.parts;
    this.send(session, {
      kind: 'welcome',
      term,
      branch: 0,
      config: structuredClone(config) as unknown as Record<string, unknown>,
      configHash: configHash(config),
    });
  }

  private prepare(peer: Peer, prepared: MessageOf<WorkerMessage, 'prepared'>): void {
    const refusal = this.peers.prepare(peer, prepared);
    if (refusal) {
      this.refuse(peer.session, refusal);
      this.peers.remove(peer.session);
      return;
    }
    this.parts.log('worker ready', {
      worker: peer.name,
      role: peer.role,
      pool: peer.pool,
      pid: peer.pid,
      host: peer.host,
    });
    if (peer.role === 'evaluator') {
      this.evaluate(peer, false);
      return;
    }
    for (const net of NETS) this.sendAhead(peer, net);
    this.perform(this.coordinator.handle({ kind: 'joined', worker: peer.session, pool: peer.pool }));
  }

  private refuse(session: string, refusal: Refusal): void {
    this.parts.log('refused', { session, ...refusal });
    this.parts.metrics.increment('gan_refusals_total', 1, { reason: refusal.reason });
    this.send(session, { kind: 'refused', ...refusal });
  }

  /** A peer is gone: its half-received answer is dropped, its task waits for another. */
  private lose(session: string, why: string): void {
    const peer = this.peers.remove(session);
    const incoming = this.incoming.get(session);
    if (incoming) this.parts.store.release(incoming.payload);
    this.incoming.delete(session);
    if (!peer) return;
    this.parts.log('worker gone', { worker: peer.name, why });
    if (peer.role === 'worker' && peer.state === 'ready') {
      this.perform(this.coordinator.handle({ kind: 'left', worker: session }));
    }
  }

  private probe(): void {
    for (const peer of this.peers.all()) this.send(peer.session, { kind: 'ping' });
  }

  // ---- answers --------------------------------------------------------------------------------------------------

  private answer(peer: Peer, message: MessageOf<WorkerMessage, 'answer'>, payload: Uint8Array[]): void {
    const { store, term } = this.parts;
    if (message.term !== term) {
      this.parts.metrics.increment('gan_answers_discarded_total', 1, { reason: 'stale' });
      return;
    }
    const floats = floatsOf(message, payload, store.lengthOf(message.net));
    const incoming = this.incomingOf(peer, message);
    if (!incoming.blocksMissing.delete(message.block))
      throw new MalformedMessage(`block ${message.block} twice`);
    store.writeBlock(incoming.payload, message as BlockHeader, floats);
    if (incoming.blocksMissing.size > 0) return;
    this.incoming.delete(peer.session);
    this.arrived = { payload: incoming.payload, message };
    const effects = this.coordinator.handle({
      kind: 'answered',
      worker: peer.session,
      task: message,
      nowMs: this.parts.now(),
    });
    this.perform(effects);
    assert(this.arrived === undefined, 'an answer was neither settled nor discarded');
  }

  private incomingOf(peer: Peer, message: MessageOf<WorkerMessage, 'answer'>): Incoming {
    const { net, step, level, index, blockCount } = message;
    this.requireNode(message);
    const known = this.incoming.get(peer.session);
    if (known) {
      if (JSON.stringify(known.task) === JSON.stringify({ net, step, level, index })) return known;
      throw new MalformedMessage(`an answer to step ${step} amid one to step ${known.task.step}`);
    }
    const incoming = {
      task: { net, step, level, index },
      payload: this.parts.store.allocatePayload(net),
      blocksMissing: new Set(Array.from({ length: blockCount }, (_, i) => i)),
    };
    this.incoming.set(peer.session, incoming);
    return incoming;
  }

  /** @throws MalformedMessage when there is no such node, or its statistics do not fit it */
  private requireNode({ net, level, index, statistics }: MessageOf<WorkerMessage, 'answer'>): void {
    const { shards } = this.parts.config.minibatch;
    const exists = level <= rootLevel(shards) && index < nodeCount(shards, level);
    if (exists && new StepRecord(net, shards, 0).fits({ level, index }, statistics)) return;
    throw new MalformedMessage(
      `node ${keyOf({ level, index })} of ${shards} shards with ${statistics.length} rows of statistics`,
    );
  }

  // ---- effects --------------------------------------------------------------------------------------------------

  private perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.performOne(effect);
    this.updateGauges();
  }

  private performOne(effect: Effect): void {
    const { metrics, now } = this.parts;
    switch (effect.kind) {
      case 'assign':
        this.assign(effect.worker, effect.task);
        return;
      case 'settle':
        this.settle(effect.task);
        return;
      case 'discard':
        this.parts.store.release(this.takeArrived().payload);
        metrics.increment('gan_answers_discarded_total', 1, { reason: effect.reason });
        return;
      case 'reissued':
        this.reissuedCount += 1;
        metrics.increment('gan_shards_reissued_total', 1, { pool: effect.net, reason: effect.reason });
        this.parts.log('task reissued', { net: effect.net, reason: effect.reason });
        return;
      case 'complete':
        this.records.get(effect.net)!.completed(now());
        this.guard(() => this.apply(effect.net, effect.step));
        return;
      case 'boundary':
        this.boundary(effect.round);
        return;
      case 'finished':
        this.guard(() => this.finish(effect.because, true));
        return;
    }
  }

  private assign(session: string, task: Task): void {
    const peer = this.peers.get(session)!;
    for (const net of NETS) this.sendVector(peer, net, task.reads[net]);
    if (!this.records.has(task.net)) {
      this.records.set(
        task.net,
        new StepRecord(task.net, this.parts.config.minibatch.shards, this.appliedMs[task.net]),
      );
    }
    this.records.get(task.net)!.assigned(this.parts.now());
    this.send(session, { kind: 'task', term: this.parts.term, branch: 0, ...task });
  }

  private takeArrived(): { payload: Vector; message: MessageOf<WorkerMessage, 'answer'> } {
    const arrived = this.arrived;
    assert(arrived, 'the coordinator spoke of an answer that never arrived');
    this.arrived = undefined;
    return arrived;
  }

  private settle(task: Task): void {
    const { payload, message } = this.takeArrived();
    const node: TreeNode = { level: task.level, index: task.index };
    this.records.get(task.net)!.settled(node, message.statistics, message.computeSeconds);
    this.sums[task.net] = this.sums[task.net].then(() => this.parts.store.settle(task.net, node, payload));
  }

  private async apply(net: Net, step: number): Promise<void> {
    const { store, metrics, now } = this.parts;
    await this.sums[net];
    const applied = await store.apply(net, step);
    if (this.isOver) return;
    if (!applied.isFinite) {
      throw new NashError(
        'failed',
        `the ${net}'s gradient of step ${step} is not finite, and was not applied. Lower the learning rate, ` +
          'or resume from the last checkpoint with another seed or loss.',
      );
    }
    const nowMs = now();
    const record = this.records.get(net)!;
    this.records.delete(net);
    record.observePhases(metrics, nowMs);
    this.appliedMs[net] = nowMs;
    this.noteStep(net, record.statistics(), applied.gradientNorm);
    const effects = this.coordinator.handle({ kind: 'applied', net, nowMs });
    this.forget();
    this.perform(effects);
    for (const peer of this.peers.all())
      if (peer.role === 'worker' && peer.state === 'ready') this.sendAhead(peer, net);
  }

  private noteStep(net: Net, statistics: Record<string, number>, gradientNorm: number): void {
    const { metrics, config } = this.parts;
    this.lastStatistics[net] = statistics;
    metrics.increment('gan_steps_total', 1, { net });
    metrics.set('gan_loss', statistics.loss!, { net });
    metrics.set('gan_gradient_norm', gradientNorm, { net });
    metrics.set('gan_last_step_timestamp_seconds', Date.now() / 1000, { net });
    if (net === 'generator') return;
    metrics.increment('gan_images_total', config.minibatch.size);
    metrics.set('gan_discriminator_accuracy_ratio', statistics.accuracyReal!, { source: 'real' });
    metrics.set('gan_discriminator_accuracy_ratio', statistics.accuracyFake!, { source: 'fake' });
    metrics.set('gan_value_function_nats', statistics.valueFunction!);
  }

  /** Versions that no open or coming step reads are dropped. */
  private forget(): void {
    const phases = NETS.map((net) => this.coordinator.next(net));
    for (const net of NETS)
      this.parts.store.forgetBefore(net, Math.min(...phases.map((phase) => phase.reads[net])));
  }

  // ---- weights --------------------------------------------------------------------------------------------------

  /** Sends what the worker's next step will read of a net, if it exists already: it travels while the other pool computes. */
  private sendAhead(peer: Peer, changed: Net): void {
    for (const net of NETS) {
      if (!serves(peer.pool, net)) continue;
      const version = this.coordinator.next(net).reads[changed];
      if (this.parts.store.published(changed, version)) this.sendVector(peer, changed, version);
    }
  }

  private sendVector(peer: Peer, vector: VectorName, version: number, again = false): void {
    const key = `${vector}@${version}`;
    if (peer.sent.has(key) && !again) return;
    const published = this.parts.store.published(vector, version);
    if (!published) {
      assert(again, () => `version ${key} is needed and was dropped`);
      return; // a fetch of something that is no longer needed
    }
    peer.sent.add(key);
    if (peer.sent.size > 64) for (const old of [...peer.sent].slice(0, 32)) peer.sent.delete(old);
    for (const { header, bytes } of published.blocks) {
      this.send(peer.session, { kind: 'weights', term: this.parts.term, vector, version, ...header }, [
        bytes,
      ]);
    }
  }

  private send(session: string, message: ServerMessage, frames: readonly Uint8Array[] = []): void {
    const checked = serverMessage.parse(message); // ours: a mistake here is a bug, and ends the run
    this.parts.transport.send(session, encode(checked, frames));
  }

  private sendToAll(message: ServerMessage): void {
    for (const peer of this.peers.all()) this.send(peer.session, message);
  }

  // ---- boundaries, evaluation, end ------------------------------------------------------------------------------

  private boundary(round: number): void {
    const { config } = this.parts;
    this.report(round);
    if (round % config.checkpoint.everySteps === 0) this.checkpoint();
    const evaluator = this.peers.all().find((peer) => peer.role === 'evaluator' && peer.state === 'ready');
    if (evaluator && round % config.evaluation.everySteps === 0) this.evaluate(evaluator, false);
  }

  /** Copies the state, which nothing changes at a boundary, and writes the copy while training goes on. */
  private checkpoint(): Promise<unknown> {
    const { store, term, config } = this.parts;
    const { discriminator, generator } = this.coordinator.current;
    const checkpoint: Checkpoint = {
      step: generator,
      vectors: store.export(),
      metadata: {
        configHash: configHash(config),
        config: JSON.stringify(config),
        versions: JSON.stringify({ discriminator, generator }),
        itemShape: JSON.stringify(this.parts.itemShape),
        term: String(term),
        branch: '0',
      },
    };
    this.checkpointing = this.checkpointing.then(async () => {
      const path = await this.checkpoints.write(checkpoint);
      this.parts.log('checkpoint written', { path, step: generator });
    });
    this.checkpointing.catch((error) => this.fail(error));
    return this.checkpointing;
  }

  /** The evaluator works at its own pace: while it is busy, the boundaries in between are passed over. */
  private evaluate(evaluator: Peer, isFinal: boolean): void {
    if (this.evaluatingVersion >= 0 && !isFinal) return;
    const version = this.coordinator.current.generator;
    this.parts.store.publishAverage(version);
    this.evaluatingVersion = version;
    this.sendVector(evaluator, 'average', version, true);
    this.send(evaluator.session, { kind: 'evaluate', version, isFinal });
  }

  private evaluated({ version, seconds, metrics: values }: MessageOf<WorkerMessage, 'evaluated'>): void {
    const { metrics, folder } = this.parts;
    this.evaluatingVersion = -1;
    this.evaluatedVersion = version;
    metrics.set('gan_evaluation_seconds', seconds);
    metrics.set('gan_evaluated_version', version);
    for (const [name, value] of Object.entries(values)) metrics.set(name as never, value);
    folder.appendMetrics({ kind: 'evaluation', step: version, seconds, ...values });
  }

  private report(round: number): void {
    const { config, folder, onProgress, now } = this.parts;
    const rate = this.imagesPerSecond();
    const { discriminator: d, generator: g } = this.lastStatistics;
    const progress: Progress = {
      steps: this.coordinator.current,
      generatorSteps: config.stop.generatorSteps,
      imagesPerSecond: rate,
      secondsLeft:
        ((config.stop.generatorSteps - round) * config.schedule.discriminatorSteps * config.minibatch.size) /
        Math.max(rate, 1e-9),
      accuracyReal: d.accuracyReal!,
      accuracyFake: d.accuracyFake!,
      lossDiscriminator: d.loss!,
      lossGenerator: g.loss!,
    };
    onProgress(progress);
    const every = Math.max(1, Math.round(config.evaluation.everySteps / 10));
    if (round % every === 0 || round === config.stop.generatorSteps) {
      const { generatorSteps: _, secondsLeft: __, ...line } = progress;
      folder.appendMetrics({ kind: 'step', seconds: (now() - this.startedMs) / 1000, ...line });
    }
  }

  /** Over the last 20 rounds. */
  private imagesPerSecond(): number {
    const images = this.coordinator.current.discriminator * this.parts.config.minibatch.size;
    this.rates.push({ ms: this.parts.now(), images });
    if (this.rates.length > 21) this.rates.shift();
    const first = this.rates[0]!;
    const last = this.rates.at(-1)!;
    const sinceStart = first === last ? { ms: this.startedMs, images: 0 } : first;
    return ((last.images - sinceStart.images) * 1000) / Math.max(last.ms - sinceStart.ms, 1e-3);
  }

  private async finish(because: 'done' | 'stopped', isBoundary: boolean): Promise<void> {
    if (this.isOver || this.isFinishing) return;
    this.isFinishing = true;
    const seconds = (this.parts.now() - this.startedMs) / 1000;
    if (isBoundary) await this.checkpoint();
    else await this.checkpointing;
    if (because === 'done' || isBoundary) await this.lastEvaluation();
    this.isOver = true;
    clearInterval(this.timer);
    this.parts.onEnding();
    const steps = this.coordinator.current;
    const images =
      (steps.discriminator - versionsAfter(this.parts.config.schedule, this.parts.round).discriminator) *
      this.parts.config.minibatch.size;
    this.sendToAll({ kind: 'stop', message: because === 'done' ? 'the run is done' : 'the run was stopped' });
    await this.parts.transport.flush(FAREWELL_MS);
    this.resolve({ status: because, steps, seconds, imagesPerSecond: images / Math.max(seconds, 1e-3) });
  }

  private isFinishing = false;

  /** Waits for the evaluator's word on the last version: bounded, and only where an evaluator was promised. */
  private async lastEvaluation(): Promise<void> {
    if (!this.parts.hasEvaluator) return;
    const deadline = this.parts.now() + FINAL_EVALUATION_MS;
    const version = this.coordinator.current.generator;
    let asked = false;
    while (this.evaluatedVersion !== version && this.parts.now() < deadline && this.parts.hasEvaluator) {
      const evaluator = this.peers.all().find((peer) => peer.role === 'evaluator' && peer.state === 'ready');
      if (evaluator && !asked && this.evaluatingVersion < 0) {
        this.evaluate(evaluator, true);
        asked = true;
      }
      if (asked && !evaluator) asked = false; // it died; a new one may come
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (this.evaluatedVersion !== version)
      this.parts.log('the last evaluation did not come in time', { version });
  }

  /** Somebody knows that no evaluator will come: the end need not wait for one. */
  forgoEvaluator(): void {
    this.parts.hasEvaluator = false;
  }

  private tick(): void {
    this.perform(this.coordinator.handle({ kind: 'ticked', nowMs: this.parts.now() }));
  }

  private sentBytes = { sent: 0, received: 0 };

  private updateGauges(): void {
    const { metrics, transport } = this.parts;
    for (const net of NETS) metrics.set('gan_parameters_version', this.coordinator.current[net], { net });
    for (const [pool, states] of Object.entries(this.coordinator.poolStates())) {
      for (const [state, workers] of Object.entries(states))
        metrics.set('gan_pool_workers', workers, { pool, state });
    }
    for (const direction of ['sent', 'received'] as const) {
      metrics.increment('gan_wire_bytes_total', transport.bytes[direction] - this.sentBytes[direction], {
        direction,
      });
      this.sentBytes[direction] = transport.bytes[direction];
    }
  }
}
