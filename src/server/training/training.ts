// Performs what the coordinator decides about steps: sends tasks, keeps and sums answers, applies the optimizer, goes back to
// checkpoints. Takes answers once they are whole; knows nothing of handshakes.
import type { RunConfig } from '../../config/run-config.js';
import { assert } from '../../errors.js';
import type { Metrics } from '../../metrics/metrics.js';
import { NETS, type Net } from '../../parameters/manifest.js';
import { vectorHash } from '../../parameters/vector-hash.js';
import type { Coordinator } from '../../protocol/coordinator.js';
import type { Effect, Event } from '../../protocol/events.js';
import { BRANCHES_MAX, type Line } from '../../protocol/line.js';
import { BLOCK_FLOATS, type ServerMessage } from '../../protocol/messages.js';
import type { StepKind } from '../../protocol/step-kinds.js';
import { isSameTask, type Task, type TaskName } from '../../protocol/task.js';
import { statisticsOf } from '../../steps/steps.js';
import type { Log } from '../log.js';
import type { Draft, LocalPeers } from '../peers/local-peers.js';
import type { Peer, Peers } from '../peers/peers.js';
import type { WeightsSender } from '../peers/weights-sender.js';
import type { RunReport } from '../run-report.js';
import { type Answer, AnswerIntake, type Arrived } from './answer-intake.js';
import { diverged, givenUp, notApplied, undecided } from './failures.js';
import { HeldAnswers } from './held-answers.js';
import { Incidents } from './incidents.js';
import type { ParameterStore } from './parameter-store.js';
import type { RunCheckpoints } from './run-checkpoints.js';
import { StepRecord } from './step-record.js';

export interface TrainingParts {
  config: RunConfig;
  coordinator: Coordinator;
  store: ParameterStore;
  peers: Peers;
  local: LocalPeers;
  weights: WeightsSender;
  checkpoints: RunCheckpoints;
  report: RunReport;
  metrics: Metrics;
  line: Line;
  log: Log;
  now(): number;
  send(session: string, message: ServerMessage): void;
  /** runs what may fail: a failure ends the run */
  guard(body: () => unknown): void;
  onBoundary(round: number): void;
  onJudge(round: number): void;
  /** an answer counts, and all that follows from it is done */
  onSettled(author: string, stepKind: StepKind): void;
  onQuarantine(session: string, because: string): void;
  onFinished(because: Extract<Effect, { kind: 'finished' }>['because']): void;
}

export class Training {
  readonly intake: AnswerIntake;
  /** a whole answer that waits for the coordinator's verdict */
  private arrived: Arrived | undefined;
  /** workers whose whole answer is being looked at: another one to the same task is none */
  private readonly scanning = new Set<string>();
  /** the kind of step to which the answer that was handed in counts */
  private settled: StepKind | undefined;
  /** answers that wait for another that agrees */
  private readonly held: HeldAnswers;
  private readonly records = new Map<Net, StepRecord>();
  /** arithmetic under way, in order */
  private readonly work: Record<Net, Promise<unknown>> = {
    discriminator: Promise.resolve(),
    generator: Promise.resolve(),
  };
  private readonly appliedMs: Record<Net, number>;
  readonly incidents: Incidents;

  constructor(private readonly parts: TrainingParts) {
    const { store, config, local, now } = parts;
    this.intake = new AnswerIntake(store, config, local);
    this.held = new HeldAnswers(store);
    this.incidents = new Incidents(parts);
    this.appliedMs = { discriminator: now(), generator: now() };
  }

  /** Lets the coordinator decide, and performs what it decided. */
  handle(event: Event): void {
    for (const effect of this.parts.coordinator.handle(event)) this.perform(effect);
  }

  /** Takes one block of an answer. */
  answer(peer: Peer, message: Answer, frames: readonly Uint8Array[]): void {
    const { coordinator, store, line } = this.parts;
    const isOfLine = message.term === line.term && message.branch === line.branch;
    const task = isOfLine ? this.taskFor(peer.session, message) : undefined;
    if (!task) {
      this.incidents.discarded('stale'); // before any memory is taken for it
      return;
    }
    this.parts.weights.requireReceived(peer, task);
    const arrived = this.intake.take(peer.session, message, frames);
    if (!arrived) return;
    const isSound = message.statistics.every((row) => row.every(Number.isFinite));
    if (!coordinator.isCareful(message.net)) {
      this.handIn(peer.session, arrived, isSound);
      return;
    }
    const { term } = line;
    this.scanning.add(peer.session);
    this.parts.guard(async () => {
      const scanned = await store.isSound(arrived.payload);
      this.scanning.delete(peer.session);
      if (line.term === term) this.handIn(peer.session, arrived, isSound && scanned);
      else store.release(arrived.payload);
    });
  }

  /** The task that an answer is to, if its sender holds it and has not answered it yet. */
  private taskFor(session: string, { issue, ...name }: Answer): Task | undefined {
    const task = this.parts.coordinator.taskOf(session);
    const isHeld = task?.issue === issue && isSameTask(task, name) && !this.scanning.has(session);
    return isHeld ? task : undefined;
  }

  /** Resolves when nothing is being computed. */
  async idle(): Promise<void> {
    await Promise.allSettled(NETS.map((net) => this.work[net]));
  }

  private handIn(worker: string, arrived: Arrived, isSound: boolean): void {
    const { coordinator, store, now } = this.parts;
    const { net, step, level, index, issue } = arrived.message;
    const task: TaskName = { net, step, level, index };
    const digest = coordinator.wantsDigest(worker, task)
      ? vectorHash(store.view(arrived.payload))
      : undefined;
    this.arrived = arrived;
    this.settled = undefined;
    this.handle({
      kind: 'answered',
      worker,
      task,
      issue,
      isSound,
      nowMs: now(),
      ...(digest ? { digest } : {}),
    });
    assert(this.arrived === undefined, 'an answer was neither settled, held nor discarded');
    const { settled } = this;
    if (settled) this.parts.onSettled(worker, settled);
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'assign':
        this.assign(effect.worker, effect.task);
        return;
      case 'remind':
        this.sendTask(effect.worker, effect.task);
        return;
      case 'hold':
        this.held.keep(effect.task, effect.digest, this.takeArrived());
        return;
      case 'release':
        this.held.release(effect.task);
        return;
      case 'settle':
        this.settle(effect.task, effect.held);
        return;
      case 'discard':
        this.parts.store.release(this.takeArrived().payload);
        this.incidents.discarded(effect.reason);
        return;
      case 'reissued':
        this.incidents.reissued(effect);
        return;
      case 'disagreed':
        this.incidents.disagreed(effect.task, effect.workers);
        return;
      case 'quarantine':
        this.parts.onQuarantine(effect.worker, effect.because);
        return;
      case 'set-aside':
        this.incidents.setAside(effect.worker, effect.ms);
        return;
      case 'complete':
        this.records.get(effect.net)!.completed(this.parts.now());
        this.parts.guard(() => this.apply(effect.net, effect.step));
        return;
      case 'boundary':
        this.parts.onBoundary(effect.round);
        return;
      case 'judge':
        this.parts.onJudge(effect.round);
        return;
      case 'restore':
        this.parts.guard(() => this.restore(effect));
        return;
      case 'finished':
        this.parts.onFinished(effect.because);
        return;
      case 'failed':
        throw undecided(this.parts.peers.inWords(effect.because));
    }
  }

  private assign(session: string, task: Task): void {
    const { config, coordinator, report, now, peers, weights } = this.parts;
    weights.sendFor(peers.get(session)!, task);
    report.begin(now(), coordinator.current);
    const { net, stepKind } = task;
    if (!this.records.has(net)) {
      const [declared, { shards }] = [statisticsOf(stepKind, config), config.minibatch];
      this.records.set(net, new StepRecord(stepKind, declared, shards, this.appliedMs[net]));
    }
    this.records.get(net)!.assigned(now());
    this.sendTask(session, task);
  }

  private sendTask(session: string, task: Task): void {
    this.parts.send(session, { kind: 'task', ...this.parts.line, ...task });
  }

  private takeArrived(): Arrived {
    const arrived = this.arrived;
    assert(arrived, 'the coordinator spoke of an answer that never arrived');
    this.arrived = undefined;
    return arrived;
  }

  /** Adds a node's sum to its step; answers held for the same node have served. */
  private settle(task: TaskName, digest: string | undefined): void {
    const { net, level, index } = task;
    this.settled = this.records.get(net)!.stepKind;
    const { payload, message } = digest === undefined ? this.takeArrived() : this.held.take(task, digest);
    this.records.get(net)!.settled({ level, index }, message.statistics, message.computeSeconds);
    this.work[net] = this.work[net].then(() => this.parts.store.settle(net, { level, index }, payload));
    if (digest !== undefined) this.parts.metrics.increment('gan_shards_verified_total', 1, { net });
    this.held.release(task);
  }

  private async apply(net: Net, step: number): Promise<void> {
    const { store, metrics, now, report, coordinator, weights, peers, line, config } = this.parts;
    const { term } = line;
    const record = this.records.get(net)!;
    const statistics = record.statistics();
    const hasDiverged = !(Math.abs(statistics.loss!) <= config.divergence.loss);
    const judged = record.judged(config.minibatch.size);
    const beside = () => ({ draft: this.draftOf(net), judged });
    const apply = () => (hasDiverged ? store.discard(net) : store.apply(net, step, beside()));
    const applying = this.work[net].then(apply);
    this.work[net] = applying;
    const applied = await applying;
    if (line.term !== term || coordinator.current[net] !== step) return; // a restore has begun meanwhile
    if (applied.kind === 'not-finite') {
      const event = notApplied(net, applied.cause, { statistics, bounds: config.divergence });
      metrics.increment('gan_gradients_not_finite_total', 1, { net });
      this.parts.log('step not applied', { ...event, step });
      this.handle(event);
      return;
    }
    const nowMs = now();
    this.records.delete(net);
    this.appliedMs[net] = nowMs;
    const effects = coordinator.handle({ kind: 'applied', net, nowMs, schedule: applied.schedule });
    weights.forget();
    // workers wait for their tasks; nobody waits for files and metrics
    for (const effect of effects) if (effect.kind === 'assign') this.perform(effect);
    for (const peer of peers.workers()) weights.sendAhead(peer, net);
    record.observePhases(metrics, nowMs);
    report.step(record.stepKind, statistics, applied.gradientNorm);
    for (const effect of effects) if (effect.kind !== 'assign') this.perform(effect);
  }

  /** Room in shared memory for a net's next version, where it is long enough for writing and computing to overlap. */
  private draftOf(net: Net): Draft | undefined {
    const floats = this.parts.store.lengthOf(net);
    return floats > BLOCK_FLOATS ? this.parts.local.draft(4 * floats) : undefined;
  }

  /** Goes back to the newest checkpoint of a round or an earlier one, or to the beginning. */
  private async restore({ round, cause, because }: Extract<Effect, { kind: 'restore' }>): Promise<void> {
    const { config, checkpoints, store, line, log, metrics, report, peers, weights, coordinator } =
      this.parts;
    if (cause === 'divergence' && config.onDivergence === 'stop') throw diverged(because);
    const isBranch = cause !== 'corruption';
    if (isBranch && line.branch >= BRANCHES_MAX) throw givenUp(because, BRANCHES_MAX);
    line.term += 1;
    if (isBranch) line.branch += 1;
    await this.idle();
    const { versions, vectors, pace } = await checkpoints.goBack(round);
    this.dropAnswers();
    store.restore(vectors, versions, pace);
    for (const peer of peers.all()) weights.startLine(peer);
    log('went back to a checkpoint', { cause, because, round: versions.generator, ...line });
    metrics.increment('gan_rollbacks_total', 1, { reason: cause });
    report.rollback({ cause, because, from: coordinator.current, to: versions, ...line });
    this.handle({ kind: 'restored', versions, schedule: store.schedule });
  }

  private dropAnswers(): void {
    this.intake.clear();
    this.held.clear();
    this.records.clear();
  }
}
