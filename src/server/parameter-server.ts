// The server's shell: joins what receives, decides, computes and reports, from the first step to the last. All waiting is here and in
// the parts that it makes; no rule of training is.
// Longer than other files: here all parts of a server are made and joined.

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { nameOf } from '../checkpoints/checkpoint-store.js';
import { FileStorage } from '../checkpoints/file-storage.js';
import type { RunConfig } from '../config/run-config.js';
import { messageOf } from '../errors.js';
import { pointsOf } from '../evaluation/measures/collapse-rule.js';
import type { RunState } from '../metrics/catalogue.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Net } from '../parameters/manifest.js';
import { Coordinator } from '../protocol/coordinator.js';
import type { Effect } from '../protocol/events.js';
import type { Line } from '../protocol/line.js';
import { type ServerMessage, serverMessage } from '../protocol/messages.js';
import { isEvery, type Versions } from '../protocol/schedule.js';
import { DEADLINES, TICK_MS } from '../protocol/timing.js';
import type { Amendment, Totals } from '../run/run-state.js';
import { metricsText } from '../run-folder/metrics-text.js';
import type { RunFolder } from '../run-folder/run-folder.js';
import { scheduleOf } from '../steps/steps.js';
import type { ServerTransport } from '../transport/transport.js';
import { encode } from '../wire/codec.js';
import { type Log, rationed } from './log.js';
import { Pace } from './pace.js';
import { ProcessMetrics } from './pages/process-metrics.js';
import { farewell } from './peers/farewell.js';
import { Liveness, type Loss } from './peers/liveness.js';
import { LocalPeers } from './peers/local-peers.js';
import { type Expected, type Peer, Peers } from './peers/peers.js';
import { Reception, type ReceptionParts } from './peers/reception.js';
import type { Uniformity } from './peers/uniformity.js';
import { WeightsSender } from './peers/weights-sender.js';
import { type Progress, RunReport } from './run-report.js';
import { RunView } from './run-view.js';
import { RunWait } from './run-wait.js';
import { BestCheckpoint } from './training/best-checkpoint.js';
import { Evaluations, isWaitedFor } from './training/evaluations.js';
import { collapsed, Diverged } from './training/failures.js';
import type { ParameterStore } from './training/parameter-store.js';
import { type ResumedFrom, RunCheckpoints, type RunCheckpointsParts } from './training/run-checkpoints.js';
import { RunLedger } from './training/run-ledger.js';
import { Training } from './training/training.js';
import { verifiedShare } from './training/verification.js';
import { Trouble } from './trouble.js';

export interface ServerParts {
  config: RunConfig;
  expected: Expected;
  uniformity: Uniformity;
  /** shape of one item of the data, kept in checkpoints so that sampling needs no data */
  itemShape: readonly number[];
  /** of the data in a conditional run, likewise */
  classes: RunCheckpointsParts['classes'];
  store: ParameterStore;
  transport: ServerTransport;
  admission: Pick<ReceptionParts, 'identify'>;
  folder: RunFolder;
  metrics: Metrics;
  log: Log;
  /** milliseconds of a clock that never goes back */
  now: () => number;
  line: Line;
  /** whether peers of this host may share memory with the server */
  sharesMemory: boolean;
  /** absent where the run begins */
  resumedFrom?: ResumedFrom | undefined;
  amendments: Amendment[];
  /** of the run's starts before this one */
  before: Totals;
  /** an evaluator was started beside this server, and the end waits for its last word */
  hasEvaluator: boolean;
  onProgress(progress: Progress): void;
  /** Told, for a person to read, what is wrong with the disk, once a minute. */
  onNote(note: string): void;
  /** Told a line for a person: what the run waits for, when it has lasted, once a minute again, and when it is over. */
  onWaiting(line: string, isOver: boolean): void;
  /** how long a net may have no worker before the run ends; default: for ever */
  connectTimeoutMs?: number | undefined;
  /** A worker does not answer, and its process may be there still. */
  onSilent(worker: Pick<Peer, 'identity' | 'pid' | 'token' | 'host' | 'name'>, why: Loss): void;
  /** Called before the peers are sent home: their leaving is no loss. */
  onEnding(): void;
}

export interface Outcome {
  status: 'done' | 'stopped';
  steps: Record<Net, number>;
  seconds: number;
  imagesPerSecond: number;
}

/** A stop that cannot finish its round, for want of workers, gives up after this and leaves the last checkpoint. */
const STOP_GRACE_MS = 30_000;

export class ParameterServer {
  private readonly coordinator: Coordinator;
  private readonly peers: Peers;
  private readonly local: LocalPeers;
  private readonly training: Training;
  private readonly reception: Reception;
  private readonly evaluations: Evaluations;
  private readonly report: RunReport;
  private readonly processes: ProcessMetrics;
  private readonly liveness: Liveness;
  private readonly checkpoints: RunCheckpoints;
  private readonly ledger: RunLedger;
  private readonly pace = new Pace();
  private readonly wait: RunWait;
  private readonly log: Log;
  /** what is shown of the run */
  readonly view: RunView;
  private timer: NodeJS.Timeout | undefined;
  private readonly outcome: Promise<Outcome>;
  private resolve!: (outcome: Outcome) => void;
  private reject!: (error: unknown) => void;
  private readonly trouble: Trouble;
  private isFinishing = false;
  /** a stop was asked for; comesBack: by a service manager, which will start this server again */
  private stopping: { comesBack: boolean } | undefined;
  private isOver = false;
  /** processes that the launcher started again */
  restartCount = 0;

  constructor(private readonly parts: ServerParts) {
    const { config, resumedFrom, amendments, store, metrics, folder, line, now } = parts;
    const log = rationed(parts.log, now);
    this.log = log;
    this.trouble = new Trouble({ log, metrics, now, onNote: parts.onNote });
    folder.onUnwritten = (path, cause) => this.trouble.unwritten(path, cause);
    this.coordinator = new Coordinator({
      schedule: { ...scheduleOf(config), ...store.schedule },
      shards: config.minibatch.shards,
      versions: store.wholeVersions,
      generatorSteps: config.stop.generatorSteps,
      deadlines: DEADLINES,
      isVerified: verifiedShare(config),
      ...(isWaitedFor(config) && { judgedEvery: config.evaluation.everySteps }),
      restsAt: (round) =>
        [config.checkpoint, config.evaluation].some(({ everySteps }) =>
          isEvery(config.schedule, everySteps, round),
        ),
    });
    this.peers = new Peers(parts.expected, parts.uniformity);
    this.report = new RunReport(config, metrics, folder, parts.before);
    const { coordinator, peers, report } = this;
    const send = this.send.bind(this);
    const { bytes } = parts.transport;
    this.local = new LocalPeers({ host: hostname(), isEnabled: parts.sharesMemory, bytes, log });
    const weights = new WeightsSender(store, coordinator, this.local, line, send);
    const version = () => coordinator.current.generator;
    /** what several of the server's parts work with */
    const shared = {
      config,
      coordinator,
      store,
      peers,
      local: this.local,
      weights,
      report,
      metrics,
      line,
      log,
      now,
      send,
    };
    const { itemShape, classes, uniformity } = parts;
    this.ledger = new RunLedger({ ...shared, folder, dataDigest: parts.expected.data });
    const best = BestCheckpoint.of(config, metrics, {
      pointsOf: (metric) => pointsOf(metricsText(folder.path), metric),
      hasCheckpoint: (step) => existsSync(join(folder.checkpoints, nameOf(step))),
      round: version(),
    });
    this.checkpoints = new RunCheckpoints({
      ...shared,
      best,
      ledger: this.ledger,
      storage: new FileStorage(folder.checkpoints),
      itemShape,
      classes,
      uniformity,
      dataDigest: parts.expected.data,
      resumedFrom,
      amendments,
      totals: () => report.totals(store.wholeVersions, now()),
      onNoRoom: (why) => this.guard(() => this.pause(why)),
    });
    this.evaluations = new Evaluations(
      { ...shared, version, onHung: (evaluator) => this.reception.silent(evaluator, 'hung') },
      {
        isExpected: parts.hasEvaluator,
        earlier: pointsOf(metricsText(folder.path)),
        best,
        onBest: () => this.guard(() => this.checkpoints.writeBest()),
        onVerdict: (verdict) => this.training.handle(verdict),
      },
    );
    this.training = new Training({
      ...shared,
      checkpoints: this.checkpoints,
      guard: this.guard.bind(this),
      onBoundary: (round) => this.boundary(round),
      onJudge: (round) => this.evaluations.judge(round),
      onSettled: (author, stepKind) => this.reception.settled(author, stepKind),
      onQuarantine: (session, because) => this.reception.quarantine(session, because),
      onFinished: (because) => this.guard(() => this.finish(because)),
    });
    this.liveness = new Liveness({
      ...shared,
      ping: (session) => this.ping(session),
      onSilent: (peer, why) => this.reception.silent(peer, why),
    });
    this.reception = new Reception({
      ...shared,
      configHash: parts.expected.configHash,
      training: this.training,
      evaluations: this.evaluations,
      liveness: this.liveness,
      isStopping: () => this.stopping !== undefined,
      identify: (session, hello) => parts.admission.identify(session, hello),
      onSilent: parts.onSilent,
    });
    this.processes = new ProcessMetrics(metrics, peers);
    const hint = `\`npx nash worker --run-dir ${folder.path}\` starts one`;
    this.wait = new RunWait({ ...parts, log, hint });
    this.view = new RunView({
      ...shared,
      pace: this.pace,
      transport: parts.transport,
      hasEvaluator: parts.hasEvaluator,
    });
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Serves until the run is done or stopped. Rejects with what made training fail. */
  run(): Promise<Outcome> {
    const { transport } = this.parts;
    transport.onMessage(({ peer, frames }) => this.guard(() => this.reception.receive(peer, frames)));
    transport.onGone((peer) => this.guard(() => this.reception.gone(peer)));
    transport.onRefused((reason, why) => this.guard(() => this.reception.countRefusal(reason, { why })));
    transport.onDisconnect(() => this.liveness.probe());
    this.openRecord();
    this.processes.start();
    this.timer = setInterval(() => this.guard(() => this.tick()), TICK_MS);
    this.guard(() => this.tick());
    return this.outcome;
  }

  /** Says from where this start goes on; an amendment is saved at once, for it is no run without it. */
  private openRecord(): void {
    const { resumedFrom, amendments } = this.parts;
    this.report.checkpoint(resumedFrom?.step ?? 0);
    this.guard(() => this.ledger.note());
    if (!resumedFrom) return;
    const { step, isSaved } = resumedFrom;
    const amendment = amendments.at(-1);
    this.report.resumed(step, !isSaved && amendment?.step === step ? amendment.changes : undefined);
    if (!isSaved) this.guard(() => this.checkpoints.write('start'));
  }

  /**
   * Finishes the round if there are workers to do so, saves the last whole round and ends with status 'stopped'.
   * @param comesBack whether this server will be started again, and the workers ought to look for it
   * @param atOnce nobody is left to wait for
   */
  stop({ comesBack = false, atOnce = false } = {}): void {
    this.log('stop requested', { comesBack, atOnce });
    this.stopping = { comesBack };
    this.checkpoints.hurry();
    this.view.noRoom = undefined;
    this.guard(() => this.training.handle({ kind: 'stop-requested' }));
    const finish = () => this.guard(() => this.finish('stopped'));
    if (atOnce) finish();
    else setTimeout(finish, STOP_GRACE_MS).unref();
  }

  /** Ends the run with an error: its own, or one that somebody else saw. What the last whole round ended with is saved where it is sound. */
  fail(error: unknown): void {
    if (this.isOver) return;
    this.log('the run fails', { error: messageOf(error) }, 'fatal');
    this.checkpoints.hurry();
    this.end();
    this.sendToAll({ kind: 'stop', comesBack: false, message: messageOf(error).slice(0, 4000) });
    this.save(error instanceof Diverged).then(() => this.reject(error));
  }

  /** @param diverged the newest weights are not worth keeping */
  private async save(diverged: boolean): Promise<void> {
    const { generator: whole } = this.parts.store.wholeVersions;
    try {
      await (diverged || whole === 0 ? this.checkpoints.idle() : this.checkpoints.write('stop'));
    } catch (error) {
      this.log('not saved', { error: messageOf(error) }, 'error');
    }
    const saved = this.checkpoints.newestStep ?? 0;
    if (saved < whole) this.log('steps lost', { saved, whole, ...this.steps }, 'error');
  }

  /** Somebody knows that no evaluator will come. @param why for a person */
  forgoEvaluator(why: string): void {
    this.guard(() => this.evaluations.forgo(why));
  }

  /** Steps applied since the run began. */
  get steps(): Record<Net, number> {
    return this.coordinator.current;
  }

  /** G's step of the newest checkpoint. */
  get savedStep(): number | undefined {
    return this.checkpoints.newestStep;
  }

  get hasStepped(): boolean {
    return this.steps.discriminator + this.steps.generator > 0;
  }

  /** What the run does now. */
  get state(): Extract<RunState, 'stepping' | 'waiting' | 'stopping' | 'ending'> {
    if (this.stopping) return 'stopping';
    if (this.isFinishing) return 'ending';
    return this.pace.isStepping(this.parts.now()) ? 'stepping' : 'waiting';
  }

  get reissuedCount(): number {
    return this.training.incidents.reissuedCount;
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

  private send(session: string, message: ServerMessage, frames: readonly Uint8Array[] = []): void {
    const checked = serverMessage.parse(message); // ours: a mistake here is a bug, and ends the run
    this.parts.transport.send(session, encode(checked, frames));
  }

  private sendToAll(message: ServerMessage): void {
    for (const peer of this.peers.all()) this.send(peer.session, message);
  }

  private ping(session: string): void {
    const peer = this.peers.get(session);
    if (peer) peer.pingCount += 1;
    this.send(session, { kind: 'ping', sentMs: Math.floor(this.parts.now()) });
  }

  private boundary(round: number): void {
    const { config, onProgress, now } = this.parts;
    const versions = this.coordinator.current;
    this.view.progress = this.report.round(versions, this.parts.store.schedule, now());
    onProgress(this.view.progress);
    const reason = this.isLast(round) ? undefined : this.checkpoints.due(round); // the end of a run takes its own
    if (reason) this.guard(() => this.checkpoints.write(reason));
    else if (this.ledger.isDue(round) && !this.isLast(round)) this.guard(() => this.ledger.note());
    if (isEvery(config.schedule, config.evaluation.everySteps, round)) this.evaluations.ask(round);
  }

  /** Training waits while a checkpoint finds no room. */
  private pause(why: string | undefined): void {
    if (this.stopping) return;
    this.view.noRoom = why;
    this.training.handle({ kind: 'paused', isPaused: why !== undefined });
    if (why !== undefined) this.trouble.noRoom(why);
  }

  private isLast(round: number): boolean {
    return this.stopping !== undefined || round >= this.parts.config.stop.generatorSteps;
  }

  /** A stop that gave up on its round has the end of the one before. */
  private async finish(because: Extract<Effect, { kind: 'finished' }>['because']): Promise<void> {
    if (this.isFinishing) return;
    this.isFinishing = true;
    const { now, store } = this.parts;
    const { seconds, images } = this.report.totals(store.wholeVersions, now());
    let steps: Versions;
    do {
      steps = store.wholeVersions;
      await this.checkpoints.write(because === 'done' ? 'end' : 'stop');
    } while (steps !== store.wholeVersions); // a worker has come after all, and the round is whole
    if (because === 'collapsed') throw collapsed(steps.generator);
    if (because === 'done' && !(await this.evaluations.last(steps.generator)))
      this.log('there was no last evaluation');
    if (this.isOver) return;
    this.end();
    const isDone = because === 'done';
    const comesBack = !isDone && (this.stopping?.comesBack ?? false);
    this.sendToAll({ kind: 'stop', comesBack, message: isDone ? 'the run is done' : 'the run was stopped' });
    const sessions = this.peers.all().map((peer) => peer.session);
    const { transport } = this.parts;
    await farewell(sessions, { transport, now, ping: (session) => this.ping(session) });
    await this.training.idle(); // it may be writing into the memory
    this.local.close();
    this.resolve({ status: because, steps, seconds, imagesPerSecond: images / Math.max(seconds, 1e-3) });
  }

  private end(): void {
    this.isOver = true;
    clearInterval(this.timer);
    this.processes.stop();
    this.parts.onEnding();
  }

  private tick(): void {
    this.training.handle({ kind: 'ticked', nowMs: this.parts.now() });
    this.liveness.check();
    this.reception.welcomeDue();
    this.reception.dropLaggards();
    this.evaluations.check();
    if (this.stopping && this.coordinator.lacksWorkers()) this.guard(() => this.finish('stopped'));
    const nowMs = this.parts.now();
    this.pace.note(this.coordinator.current, nowMs);
    this.view.countPeers();
    this.wait.note(
      {
        waitingFor: this.view.waitingFor(),
        standsMs: this.pace.standsMs(nowMs),
        lacksWorkers: this.coordinator.hasEmptyPool,
        preparingCount: this.view.preparingCount(),
      },
      nowMs,
    );
  }
}
