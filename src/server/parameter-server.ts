// The server's shell: takes messages off the wire, lets the coordinator decide, and performs what it decided.
// All waiting, sending, summing and writing is here; no rule of training is.
import { hostname } from 'node:os';
import { type Checkpoint, CheckpointStore } from '../checkpoints/checkpoint-store.js';
import { configHash, type RunConfig } from '../config/run-config.js';
import { assert, messageOf, NashError } from '../errors.js';
import type { Metrics } from '../metrics/metrics.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { Coordinator, type Effect, type Task } from '../protocol/coordinator.js';
import {
  anyHello,
  type MessageOf,
  type ServerMessage,
  serverMessage,
  type WorkerMessage,
  workerMessage,
} from '../protocol/messages.js';
import { versionsAfter } from '../protocol/schedule.js';
import type { ServerTransport } from '../transport/transport.js';
import { decode, encode, MalformedMessage } from '../wire/codec.js';
import { type Answer, AnswerIntake, type Arrived } from './answer-intake.js';
import { Evaluations } from './evaluations.js';
import { LocalPeers } from './local-peers.js';
import type { ParameterStore } from './parameter-store.js';
import { type Expected, type Peer, Peers, type Refusal, refusalOfProtocol } from './peers.js';
import { ProcessMetrics } from './process-metrics.js';
import type { RunFolder } from './run-folder.js';
import { type Progress, RunReport } from './run-report.js';
import { StepRecord } from './step-record.js';
import { WeightsSender } from './weights-sender.js';

/** `worker`, `run` and `version` of a line are the writing process's own: another process is a `peer`. */
export type Log = (
  event: string,
  fields?: { [name: string]: unknown; worker?: never; run?: never; version?: never },
) => void;

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
  /** whether peers of this host may share memory with the server */
  sharesMemory: boolean;
  /** whole rounds done before this start */
  round: number;
  /** an evaluator was started beside this server, and the end waits for its last word */
  hasEvaluator: boolean;
  onProgress(progress: Progress): void;
  /** Called before the peers are sent home: their leaving is no loss. */
  onEnding(): void;
}

export interface Outcome {
  status: 'done' | 'stopped';
  steps: Record<Net, number>;
  seconds: number;
  imagesPerSecond: number;
}

/** A late node is given to a second worker after this many times the median, but not before the floor. */
const LATE = { lateFactor: 5, lateFloorMs: 2000 };
const TICK_MS = 250;
/** A peer's pipe dies a moment after the event that says so: pinged at once, and again at these times. */
const PROBE_AT_MS = [0, 5, 25, 100, 400];
/** How long the end waits for the peers to take their leave. */
const FAREWELL_MS = 2000;
/** A stop that cannot finish its round, for want of workers, gives up after this and leaves the last checkpoint. */
const STOP_GRACE_MS = 30_000;

export class ParameterServer {
  private readonly coordinator: Coordinator;
  private readonly peers: Peers;
  private readonly local: LocalPeers;
  private readonly intake: AnswerIntake;
  private readonly weights: WeightsSender;
  private readonly evaluations: Evaluations;
  private readonly report: RunReport;
  private readonly processes: ProcessMetrics;
  private readonly checkpoints: CheckpointStore;
  /** a whole answer that waits for the coordinator's verdict */
  private arrived: Arrived | undefined;
  private readonly records = new Map<Net, StepRecord>();
  /** sums under way, in order */
  private readonly sums: Record<Net, Promise<void>>;
  private readonly appliedMs: Record<Net, number>;
  private checkpointing: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly outcome: Promise<Outcome>;
  private resolve!: (outcome: Outcome) => void;
  private reject!: (error: unknown) => void;
  private isFinishing = false;
  /** a stop was asked for; comesBack: by a service manager, which will start this server again */
  private stopping: { comesBack: boolean } | undefined;
  private isOver = false;
  reissuedCount = 0;
  /** processes that the launcher started again */
  restartCount = 0;

  constructor(private readonly parts: ServerParts) {
    const { config, round, store, metrics, folder, term, now } = parts;
    this.coordinator = new Coordinator({
      schedule: config.schedule,
      shards: config.minibatch.shards,
      versions: versionsAfter(config.schedule, round),
      generatorSteps: config.stop.generatorSteps,
      ...LATE,
    });
    this.appliedMs = { discriminator: now(), generator: now() };
    this.sums = { discriminator: Promise.resolve(), generator: Promise.resolve() };
    this.peers = new Peers(parts.expected);
    const { bytes } = parts.transport;
    this.local = new LocalPeers({ host: hostname(), isEnabled: parts.sharesMemory, bytes, log: parts.log });
    this.intake = new AnswerIntake(store, config.minibatch.shards, this.local);
    const send = this.send.bind(this);
    this.weights = new WeightsSender(store, this.coordinator, this.local, term, send);
    this.evaluations = new Evaluations(
      { peers: this.peers, store, weights: this.weights, send, now },
      parts.hasEvaluator,
    );
    this.processes = new ProcessMetrics(metrics, this.peers);
    this.report = new RunReport(config, metrics, folder);
    this.checkpoints = new CheckpointStore(folder.checkpoints, { keep: config.checkpoint.keep });
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
    this.report.checkpoint(this.parts.round);
    this.processes.start();
    this.timer = setInterval(() => this.guard(() => this.tick()), TICK_MS);
    this.guard(() => this.tick());
    return this.outcome;
  }

  /**
   * Finishes the round, takes a checkpoint and ends with status 'stopped'.
   * @param comesBack whether this server will be started again, and the workers ought to look for it
   */
  stop({ comesBack = false } = {}): void {
    this.parts.log('stop requested', { comesBack });
    this.stopping = { comesBack };
    this.guard(() => this.perform(this.coordinator.handle({ kind: 'stop-requested' })));
    setTimeout(() => this.guard(() => this.finish('stopped', false)), STOP_GRACE_MS).unref();
  }

  /** Ends the run with an error: its own, or one that somebody else saw. */
  fail(error: unknown): void {
    if (this.isOver) return;
    this.end();
    this.sendToAll({ kind: 'stop', comesBack: false, message: messageOf(error).slice(0, 4000) });
    this.reject(error);
  }

  /** Somebody knows that no evaluator will come. */
  forgoEvaluator(): void {
    this.evaluations.forgo();
  }

  /** Steps applied since the run began. */
  get steps(): Record<Net, number> {
    return this.coordinator.current;
  }

  get hasStepped(): boolean {
    return this.steps.discriminator + this.steps.generator > 0;
  }

  /** Brings the gauges up to date: for a scrape, and for the last word of a run. */
  updateGauges(): void {
    this.report.gauges(this.coordinator.current, this.coordinator.poolStates(), this.parts.transport.bytes);
  }

  /** What `nash status` shows, as far as the server knows it. */
  status(): { step: Record<Net, number>; waitingFor: string | null; workers: object[] } {
    return {
      step: this.coordinator.current,
      waitingFor: this.waitingFor(),
      workers: this.peers.all().map((peer) => this.describe(peer)),
    };
  }

  /** What the run waits for, with the names that people gave to workers; null when for nothing. */
  waitingFor(): string | null {
    const text = this.coordinator.waitingFor(this.parts.now());
    return text?.replace(/\b[0-9a-f]{16}\b/g, (session) => this.peers.get(session)?.name ?? session) ?? null;
  }

  private describe({ session, name, role, pool, state, pid, host, device }: Peer): object {
    const task = this.coordinator.taskOf(session);
    return {
      id: name,
      pool: role === 'evaluator' ? role : pool,
      state: state === 'greeted' ? 'preparing' : task ? 'busy' : 'idle',
      pid,
      host,
      device,
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
    if (this.refusesProtocol(session, frames)) return;
    try {
      const { message, payload } = decode(workerMessage, frames);
      if (message.kind === 'hello') this.greet(session, message);
      else this.take(session, message, payload);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.refuse(session, { reason: 'malformed', message: `the server received ${error.message}` });
    }
  }

  /** A hello of another version may look otherwise in all but its version: that is said by name. */
  private refusesProtocol(session: string, frames: Uint8Array[]): boolean {
    if (this.peers.get(session)) return false;
    try {
      const refusal = refusalOfProtocol(decode(anyHello, frames).message.protocol);
      if (refusal) this.refuse(session, refusal);
      return refusal !== undefined;
    } catch {
      return false; // no hello at all: the caller says what it is
    }
  }

  private take(session: string, message: WorkerMessage, payload: Uint8Array[]): void {
    const peer = this.peers.get(session);
    if (!peer) return; // its connection was given up; it will say hello again
    switch (message.kind) {
      case 'prepared':
        this.prepare(peer, message);
        return;
      case 'fetch':
        this.weights.sendAgain(peer, message.vector, message.version);
        return;
      case 'received':
        this.weights.received(peer, message.vector, message.version);
        return;
      case 'answer':
        this.answer(peer, message, payload);
        return;
      case 'evaluated':
        this.evaluations.answered(message);
        this.report.evaluation(message.version, message.seconds, message.metrics);
        return;
      case 'failed':
        this.parts.log('worker failed', { peer: peer.name, message: message.message });
        return;
      case 'leaving':
        if (this.stopping) return; // it helps to finish the round, and is sent home with the others
        this.lose(session, 'it left');
        this.send(session, { kind: 'stop', comesBack: false, message: 'farewell' });
        return;
      case 'report':
        peer.residentBytes = message.residentBytes;
        return;
      case 'hello':
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
    const { config, term, expected } = this.parts;
    const plain = structuredClone(config) as unknown as Record<string, unknown>;
    const memory = this.local.offer(session, hello.host);
    const welcome = { term, branch: 0, config: plain, configHash: expected.configHash };
    this.send(session, { kind: 'welcome', ...welcome, ...(memory ? { memory } : {}) });
  }

  private prepare(peer: Peer, prepared: MessageOf<WorkerMessage, 'prepared'>): void {
    const refusal = this.peers.prepare(peer, prepared);
    if (refusal) {
      this.refuse(peer.session, refusal);
      this.lose(peer.session, 'it was refused');
      return;
    }
    const { session, name, role, pool, pid, host } = peer;
    const { sharesMemory } = prepared;
    if (!sharesMemory) this.local.drop(session);
    this.parts.log('worker ready', { peer: name, role, pool, peerPid: pid, host, sharesMemory });
    if (role === 'evaluator') {
      this.evaluations.ask(this.coordinator.current.generator);
      return;
    }
    for (const net of NETS) this.weights.sendAhead(peer, net);
    this.perform(this.coordinator.handle({ kind: 'joined', worker: session, pool }));
  }

  private refuse(session: string, refusal: Refusal): void {
    this.parts.log('refused', { session, ...refusal });
    this.parts.metrics.increment('gan_refusals_total', 1, { reason: refusal.reason });
    this.send(session, { kind: 'refused', ...refusal });
  }

  /** A peer is gone: its half-received answer is dropped, its task waits for another. */
  private lose(session: string, why: string): void {
    const peer = this.peers.remove(session);
    this.intake.drop(session);
    this.local.drop(session);
    if (!peer) return;
    this.weights.drop(peer);
    this.parts.log('worker gone', { peer: peer.name, why });
    if (peer.role === 'worker' && peer.state === 'ready') {
      if (!this.stopping) this.parts.metrics.increment('gan_workers_lost_total', 1, { pool: peer.pool });
      this.perform(this.coordinator.handle({ kind: 'left', worker: session }));
    }
  }

  private probe(): void {
    for (const peer of this.peers.all()) this.send(peer.session, { kind: 'ping' });
  }

  private answer(peer: Peer, message: Answer, payload: Uint8Array[]): void {
    if (message.term !== this.parts.term) {
      this.parts.metrics.increment('gan_answers_discarded_total', 1, { reason: 'stale' });
      return;
    }
    this.arrived = this.intake.take(peer.session, message, payload);
    if (!this.arrived) return;
    const nowMs = this.parts.now();
    this.perform(this.coordinator.handle({ kind: 'answered', worker: peer.session, task: message, nowMs }));
    assert(this.arrived === undefined, 'an answer was neither settled nor discarded');
  }

  private send(session: string, message: ServerMessage, frames: readonly Uint8Array[] = []): void {
    const checked = serverMessage.parse(message); // ours: a mistake here is a bug, and ends the run
    this.parts.transport.send(session, encode(checked, frames));
  }

  private sendToAll(message: ServerMessage): void {
    for (const peer of this.peers.all()) this.send(peer.session, message);
  }

  // ---- effects --------------------------------------------------------------------------------------------------

  private perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.performOne(effect);
  }

  private performOne(effect: Effect): void {
    switch (effect.kind) {
      case 'assign':
        this.assign(effect.worker, effect.task);
        return;
      case 'settle':
        this.settle(effect.task);
        return;
      case 'discard':
        this.parts.store.release(this.takeArrived().payload);
        this.parts.metrics.increment('gan_answers_discarded_total', 1, { reason: effect.reason });
        return;
      case 'reissued':
        this.reissuedCount += 1;
        this.parts.metrics.increment('gan_shards_reissued_total', 1, {
          pool: effect.net,
          reason: effect.reason,
        });
        this.parts.log('task reissued', { net: effect.net, reason: effect.reason });
        return;
      case 'complete':
        this.records.get(effect.net)!.completed(this.parts.now());
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
    this.weights.sendFor(this.peers.get(session)!, task);
    const { net } = task;
    this.report.begin(this.parts.now(), this.coordinator.current);
    const { shards } = this.parts.config.minibatch;
    if (!this.records.has(net)) this.records.set(net, new StepRecord(net, shards, this.appliedMs[net]));
    this.records.get(net)!.assigned(this.parts.now());
    this.send(session, { kind: 'task', term: this.parts.term, branch: 0, ...task });
  }

  private takeArrived(): Arrived {
    const arrived = this.arrived;
    assert(arrived, 'the coordinator spoke of an answer that never arrived');
    this.arrived = undefined;
    return arrived;
  }

  private settle({ net, level, index }: Task): void {
    const { payload, message } = this.takeArrived();
    this.records.get(net)!.settled({ level, index }, message.statistics, message.computeSeconds);
    this.sums[net] = this.sums[net].then(() => this.parts.store.settle(net, { level, index }, payload));
  }

  private async apply(net: Net, step: number): Promise<void> {
    const { store, metrics, now } = this.parts;
    await this.sums[net];
    const applied = await store.apply(net, step);
    if (this.isOver) return;
    if (!applied.isFinite) {
      metrics.increment('gan_gradients_not_finite_total', 1, { net });
      throw notFinite(net, step);
    }
    const nowMs = now();
    const record = this.records.get(net)!;
    this.records.delete(net);
    record.observePhases(metrics, nowMs);
    this.appliedMs[net] = nowMs;
    this.report.step(net, record.statistics(), applied.gradientNorm);
    const effects = this.coordinator.handle({ kind: 'applied', net, nowMs });
    this.weights.forget();
    this.perform(effects);
    for (const peer of this.peers.all()) {
      if (peer.role === 'worker' && peer.state === 'ready') this.weights.sendAhead(peer, net);
    }
  }

  private boundary(round: number): void {
    const { config, onProgress, now } = this.parts;
    onProgress(this.report.round(this.coordinator.current, now()));
    if (round % config.checkpoint.everySteps === 0) void this.checkpoint();
    if (round % config.evaluation.everySteps === 0) this.evaluations.ask(round);
  }

  /** Copies the state, which nothing changes at a boundary, and writes the copy while training goes on. */
  private checkpoint(): Promise<unknown> {
    const { store, term, config, itemShape } = this.parts;
    const versions = this.coordinator.current;
    const checkpoint: Checkpoint = {
      step: versions.generator,
      vectors: store.export(),
      metadata: {
        configHash: configHash(config),
        config: JSON.stringify(config),
        versions: JSON.stringify(versions),
        itemShape: JSON.stringify(itemShape),
        term: String(term),
        branch: '0',
      },
    };
    this.checkpointing = this.checkpointing.then(async () => {
      const path = await this.checkpoints.write(checkpoint);
      this.parts.log('checkpoint written', { path, step: versions.generator });
      this.report.checkpoint(versions.generator);
    });
    this.checkpointing.catch((error) => this.fail(error));
    return this.checkpointing;
  }

  /** @param isBoundary false when a stop gave up on its round: what is there is the last checkpoint */
  private async finish(because: 'done' | 'stopped', isBoundary: boolean): Promise<void> {
    if (this.isFinishing) return;
    this.isFinishing = true;
    const { config, now, round, log } = this.parts;
    const seconds = this.report.seconds(now());
    const steps = this.coordinator.current;
    if (isBoundary) await this.checkpoint();
    else await this.checkpointing;
    if (because === 'done' && !(await this.evaluations.last(steps.generator)))
      log('there was no last evaluation');
    if (this.isOver) return;
    this.end();
    const isDone = because === 'done';
    const comesBack = !isDone && (this.stopping?.comesBack ?? false);
    this.sendToAll({ kind: 'stop', comesBack, message: isDone ? 'the run is done' : 'the run was stopped' });
    await this.parts.transport.flush(FAREWELL_MS);
    this.local.close();
    const steppedNow = steps.discriminator - versionsAfter(config.schedule, round).discriminator;
    const images = steppedNow * config.minibatch.size;
    this.resolve({ status: because, steps, seconds, imagesPerSecond: images / Math.max(seconds, 1e-3) });
  }

  private end(): void {
    this.isOver = true;
    clearInterval(this.timer);
    this.processes.stop();
    this.parts.onEnding();
  }

  private tick(): void {
    this.perform(this.coordinator.handle({ kind: 'ticked', nowMs: this.parts.now() }));
  }
}

const notFinite = (net: Net, step: number): NashError =>
  new NashError(
    'failed',
    `the ${net}'s gradient of step ${step} is not finite, and was not applied. Lower the learning rate, ` +
      'or resume from the last checkpoint with another seed or loss.',
  );
