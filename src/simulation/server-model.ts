// The server of the simulator: the real coordinator in a shell that can crash at any event and go on from its last checkpoint.
// As long as the real shell's parts together: a model that shared them would not find their mistakes.
import { NETS, type Net } from '../parameters/manifest.js';
import { Coordinator } from '../protocol/coordinator.js';
import type { Effect, Event, RestoreCause } from '../protocol/events.js';
import { neglectedOf, violationsOf } from '../protocol/invariants.js';
import { BRANCHES_MAX } from '../protocol/line.js';
import { type Pace, Pacing } from '../protocol/pace.js';
import type { Pool } from '../protocol/roster.js';
import { isEvery, isWhole, readBehind, type Versions } from '../protocol/schedule.js';
import { keyOf, leavesOf, parentOf, rootLevel, siblingOf, type TreeNode } from '../protocol/shard-tree.js';
import type { Task, TaskName } from '../protocol/task.js';
import { DEADLINES, PING_MS, patienceMs, TICK_MS } from '../protocol/timing.js';
import { applied, initial, judgedBy, mix, type Values } from './arithmetic.js';
import type { Answer, JudgedServer, Question } from './evaluator-model.js';
import type { Scenario } from './faults.js';
import { JudgingModel } from './judging-model.js';
import type { FromServer, FromWorker } from './messages.js';
import { OneMeasure, type PlantedBug, Unlearning } from './planted-bugs.js';
import type { World } from './world.js';

/** What survives a crash. */
export interface Disk {
  checkpoints: {
    round: number;
    versions: Versions;
    values: Values;
    branch: number;
    behind?: string | undefined;
    pace?: Pace | undefined;
  }[];
  term: number;
}

export interface ServerSurroundings {
  world: World;
  scenario: Scenario;
  bug: PlantedBug | undefined;
  disk: Disk;
  send(session: string, message: FromServer): void;
  /** a claim did not hold */
  broken(claim: string): void;
  /** a version exists; the same one, again, after a crash or a return */
  published(net: Net, version: number, branch: number, value: string): void;
  /** a worker does not answer: its launcher ends the process, and starts another */
  silent(session: string): void;
  askEvaluator(session: string, question: Question): void;
  /** a worker gets no more work, since it lied */
  quarantined(session: string): void;
  /** the run goes back on with other noise, for this reason, from the step of that round */
  returned(cause: RestoreCause, branch: number, round: number): void;
  ended(because: string, values: Values): void;
}

interface PeerModel {
  pool: Pool;
  identity: string;
  isReady: boolean;
  heardMs: number;
  sent: Set<string>;
}

export class ServerModel implements JudgedServer {
  readonly coordinator: Coordinator;
  private readonly peers = new Map<string, PeerModel>();
  private readonly values = new Map<string, string>();
  private readonly sums: Record<Net, Map<string, string>> = {
    discriminator: new Map(),
    generator: new Map(),
  };
  private readonly settled: Record<Net, number[]> = { discriminator: [], generator: [] };
  private readonly held = new Map<string, string>();
  private arrived: string | undefined;
  private term: number;
  private branch: number;
  private readonly judging: JudgingModel;
  private readonly pacing: Pacing;
  private pingedMs = 0;
  /** arithmetic under way: nothing may be restored before it is done */
  private applying = 0;
  /** checkpoints under way: nor before these */
  private writing = 0;
  isAlive = true;

  constructor(private readonly around: ServerSurroundings) {
    const { disk, scenario, bug } = around;
    const from = disk.checkpoints.at(-1) ?? this.beginning();
    disk.term += bug === 'keeps its term after a crash' ? 0 : 1;
    this.term = Math.max(1, disk.term);
    this.branch = from.branch;
    this.pacing = new Pacing(scenario.schedule);
    this.take(
      bug === 'begins anew with one D step a round after a crash' ? { ...from, pace: undefined } : from,
    );
    this.coordinator = new Coordinator(
      {
        schedule: this.pacing.schedule,
        shards: scenario.shards,
        versions: from.versions,
        generatorSteps: scenario.generatorSteps,
        deadlines: DEADLINES,
        isVerified: (net, step, node) => this.isVerified(net, step, node),
        ...(scenario.judging && { judgedEvery: scenario.judging.every }),
        restsAt: (round) =>
          [scenario.checkpointEvery, scenario.judging?.every ?? Number.POSITIVE_INFINITY].some((every) =>
            isEvery(scenario.schedule, every, round),
          ),
      },
      bug === 'measures all workers as one' ? new OneMeasure(DEADLINES) : undefined,
      bug === 'learns nothing of disputes' ? new Unlearning() : undefined,
    );
    this.judging = new JudgingModel({
      bug,
      ask: (session, question) => around.askEvaluator(session, question),
      now: () => ({ term: this.term, branch: this.branch, round: this.coordinator.current.generator }),
      onVerdict: (round, verdict) => this.handle({ kind: 'judged', round, verdict }),
    });
    this.tick();
  }

  /** What a checkpoint holds is there again. */
  private take({ values, behind, versions, pace }: Disk['checkpoints'][number]): void {
    this.pacing.begin(versions, pace);
    for (const net of NETS) this.values.set(`${net}@${versions[net]}`, values[net]);
    const older = readBehind(this.around.scenario.schedule, versions);
    if (older !== undefined && behind !== undefined) this.values.set(`discriminator@${older}`, behind);
  }

  private beginning(): Disk['checkpoints'][number] {
    const values = { discriminator: initial('discriminator'), generator: initial('generator') };
    return { round: 0, versions: { discriminator: 0, generator: 0 }, values, branch: 0 };
  }

  private isVerified(net: Net, step: number, node: TreeNode): boolean {
    const { world, scenario } = this.around;
    return (
      Number.parseInt(mix(world.seed, 'verify', net, step, keyOf(node)).slice(-3), 36) / 36 ** 3 <
      scenario.verified
    );
  }

  /** Time passes: deadlines, pings, hung loops. */
  private tick(): void {
    this.around.world.after(TICK_MS, () => {
      if (!this.isAlive) return;
      if (this.around.bug !== 'never notices that a worker is late')
        this.handle({ kind: 'ticked', nowMs: this.now });
      this.lookForNeglect();
      if (this.now - this.pingedMs >= PING_MS) this.pingAll();
      if (this.isAlive) this.tick();
    });
  }

  private lookForNeglect(): void {
    const lateAfterMs = (worker: string) => this.coordinator.lateAfterMs(worker);
    for (const claim of neglectedOf(this.coordinator.snapshot(), this.now, lateAfterMs))
      this.around.broken(claim);
  }

  private pingAll(): void {
    this.pingedMs = this.now;
    for (const [session, peer] of [...this.peers]) {
      if (!peer.isReady) continue;
      const patience = patienceMs(this.coordinator.lateAfterMs(session));
      if (this.now - peer.heardMs > patience) {
        this.lose(session);
        this.around.silent(session);
      } else this.around.send(session, { kind: 'ping', sentMs: this.now });
    }
  }

  private get now(): number {
    return this.around.world.nowMs;
  }

  receive(message: FromWorker): void {
    const { session } = message;
    if (message.kind === 'hello') {
      this.lose(session);
      const { pool, identity } = message;
      this.peers.set(session, { pool, identity, isReady: false, heardMs: this.now, sent: new Set() });
      this.around.send(session, { kind: 'welcome', term: this.term });
      return;
    }
    const peer = this.peers.get(session);
    if (!peer) return;
    peer.heardMs = this.now;
    switch (message.kind) {
      case 'prepared':
        if (peer.isReady) return;
        peer.isReady = true;
        this.joined(session, peer);
        return;
      case 'fetch':
        if (message.term === this.term) this.sendVersion(session, message.vector, message.version);
        return;
      case 'answer':
        this.answer(session, message);
        return;
      case 'pong':
        if (this.around.bug !== 'believes that nothing is lost')
          this.handle({ kind: 'ponged', worker: session, pingedMs: message.sentMs, nowMs: this.now });
        return;
    }
  }

  private joined(worker: string, { pool, identity }: PeerModel): void {
    const isHostKnown = this.around.bug !== 'takes every session for another host';
    this.handle({ kind: 'joined', worker, pool, ...(isHostKnown && { identity }) });
  }

  evaluatorJoined(session: string): void {
    if (this.isAlive) this.judging.joined(session);
  }

  evaluatorGone(session: string): void {
    this.judging.gone(session);
  }

  evaluated(session: string, answer: Answer): void {
    if (this.isAlive) this.judging.answered(session, answer);
  }

  gone(session: string): void {
    if (this.around.bug !== 'forgets to release a lost worker') this.lose(session);
    else this.peers.delete(session);
  }

  private lose(session: string): void {
    const peer = this.peers.get(session);
    this.peers.delete(session);
    if (peer?.isReady) this.handle({ kind: 'left', worker: session });
  }

  private answer(
    worker: string,
    { term, branch, task, issue, value, isSound }: Extract<FromWorker, { kind: 'answer' }>,
  ): void {
    if (term !== this.term || branch !== this.branch) return;
    if (!this.peers.get(worker)?.isReady) return;
    const isSeen = this.coordinator.isCareful(task.net) || this.around.world.chance(0.5);
    this.arrived = isSound ? value : 'NaN';
    const digest = this.coordinator.wantsDigest(worker, task) ? { digest: this.arrived } : {};
    const seen = isSound || !isSeen;
    const current = this.coordinator.taskOf(worker)?.issue ?? issue;
    const counted = this.around.bug === 'takes one answer that came twice for two' ? current : issue;
    this.handle({
      kind: 'answered',
      worker,
      task,
      issue: counted,
      isSound: seen,
      nowMs: this.now,
      ...digest,
    });
    if (this.arrived !== undefined && this.isAlive)
      this.around.broken('an answer was neither settled, held nor discarded');
  }

  private handle(event: Event): void {
    if (!this.isAlive) return;
    for (const effect of this.coordinator.handle(event)) if (this.isAlive) this.perform(effect);
    if (!this.isAlive) return;
    for (const claim of violationsOf(this.coordinator.snapshot())) this.around.broken(claim);
    for (const { worker } of this.coordinator.snapshot().members)
      if (!this.peers.get(worker)?.isReady)
        this.around.broken(`${worker} may be given work and is not connected`);
  }

  private perform(effect: Effect): void {
    const { world, bug, scenario } = this.around;
    world.say(() => `  server: ${JSON.stringify(effect)}`);
    switch (effect.kind) {
      case 'assign':
        for (const net of NETS) this.sendOnce(effect.worker, net, effect.task.reads[net]);
        this.sendTask(effect.worker, effect.task);
        return;
      case 'remind':
        this.sendTask(effect.worker, effect.task);
        return;
      case 'hold':
        this.held.set(heldKey(effect.task, effect.digest), this.takeArrived());
        return;
      case 'release':
        for (const key of this.held.keys())
          if (key.startsWith(heldKey(effect.task, ''))) this.held.delete(key);
        return;
      case 'settle':
        this.settle(effect.task, effect.held);
        return;
      case 'discard':
        if (bug === 'sums a discarded answer too' && effect.reason === 'duplicate')
          this.spoil(this.takeArrived());
        else this.takeArrived();
        return;
      case 'quarantine':
        this.around.send(effect.worker, { kind: 'refused' });
        this.around.quarantined(effect.worker);
        this.peers.delete(effect.worker);
        return;
      case 'complete':
        this.complete(effect.net, effect.step);
        return;
      case 'boundary':
        this.checkpoint(effect.round);
        if (scenario.judging && isEvery(scenario.schedule, scenario.judging.every, effect.round))
          this.judging.ask(effect.round);
        return;
      case 'judge':
        this.judging.judge(effect.round);
        return;
      case 'restore':
        this.restore(effect);
        return;
      case 'finished':
        this.end(effect.because);
        return;
      case 'failed':
        this.end(`failed: ${effect.because}`);
        return;
      case 'reissued':
      case 'disagreed':
      case 'set-aside':
        return;
    }
  }

  private takeArrived(): string {
    const { arrived } = this;
    if (arrived === undefined) this.around.broken('the coordinator spoke of an answer that never arrived');
    this.arrived = undefined;
    return arrived ?? '';
  }

  private settle(task: TaskName, digest: string | undefined): void {
    const value = digest === undefined ? this.takeArrived() : this.held.get(heldKey(task, digest))!;
    for (const key of this.held.keys()) if (key.startsWith(heldKey(task, ''))) this.held.delete(key);
    const { from, to } = leavesOf(task, this.around.scenario.shards);
    for (let shard = from; shard < to; shard++) {
      if (this.settled[task.net].includes(shard))
        this.around.broken(`shard ${shard} of ${task.net} ${task.step} was settled twice`);
      this.settled[task.net].push(shard);
    }
    this.sums[task.net].set(keyOf(task), value);
    if (this.around.bug !== 'sums as answers arrive') this.sumSiblings(task.net, task);
  }

  private sumSiblings(net: Net, node: TreeNode): void {
    const sums = this.sums[net];
    const sibling = siblingOf(node, this.around.scenario.shards);
    if (node.level === rootLevel(this.around.scenario.shards)) return;
    const [mine, other] = [sums.get(keyOf(node))!, sibling && sums.get(keyOf(sibling))];
    if (sibling && other === undefined) return;
    sums.delete(keyOf(node));
    if (sibling) sums.delete(keyOf(sibling));
    const [left, right] = node.index % 2 ? [other, mine] : [mine, other];
    sums.set(keyOf(parentOf(node)), right === undefined ? left! : add(left!, right));
    this.sumSiblings(net, parentOf(node));
  }

  /** A planted bug: something is added that does not belong. */
  private spoil(value: string): void {
    for (const net of NETS) for (const [key, sum] of this.sums[net]) this.sums[net].set(key, add(sum, value));
  }

  private complete(net: Net, step: number): void {
    const { world } = this.around;
    const { term } = this;
    this.applying += 1;
    world.after(world.between(1, 20), () => this.apply(net, step, term));
  }

  private apply(net: Net, step: number, term: number): void {
    this.applying -= 1;
    if (!this.isAlive || term !== this.term) return;
    const [...sums] = this.sums[net].values();
    const sum = this.around.bug === 'sums as answers arrive' ? sums.reduce(add) : sums[0]!;
    const shards = this.settled[net].length;
    if (this.coordinator.snapshot().steps.every((open) => open.net !== net)) return; // it was restored meanwhile
    if (shards !== this.around.scenario.shards)
      this.around.broken(`${shards} shards of ${net} ${step} were settled`);
    this.sums[net].clear();
    this.settled[net] = [];
    if (sum.includes('NaN')) {
      this.handle({ kind: 'not-applied', net, cause: 'gradient' });
      return;
    }
    const value = applied(this.values.get(`${net}@${step}`)!, sum);
    this.values.set(`${net}@${step + 1}`, value);
    this.around.published(net, step + 1, this.branch, value);
    if (net === 'discriminator') this.pacing.note(judgedBy(value));
    const versions = { ...this.coordinator.current, [net]: step + 1 };
    if (isWhole(this.pacing.schedule, versions)) this.pacing.endRound(versions);
    this.handle({ kind: 'applied', net, nowMs: this.now, schedule: this.pacing.schedule });
    this.forget();
  }

  private forget(): void {
    const phases = NETS.map((net) => this.coordinator.next(net));
    for (const key of this.values.keys()) {
      const [net, version] = key.split('@') as [Net, string];
      const least = Math.min(...phases.map((phase) => phase.reads[net]));
      if (Number(version) < Math.min(least, this.coordinator.current[net])) this.values.delete(key);
    }
  }

  private checkpoint(round: number): void {
    const { world, disk, scenario, bug } = this.around;
    if (!isEvery(scenario.schedule, scenario.checkpointEvery, round)) return;
    const { discriminator, generator } = this.coordinator.current;
    const late = bug === 'takes a checkpoint of another moment' ? 1 : 0;
    const values = this.valuesAt({ discriminator: discriminator - late, generator });
    const { branch, pacing } = this;
    const { pace } = pacing;
    const behind = this.values.get(
      `discriminator@${readBehind(scenario.schedule, { discriminator, generator })}`,
    );
    this.writing += 1;
    world.after(world.between(5, 100), () => {
      this.writing -= 1;
      if (this.isAlive)
        disk.checkpoints.push({
          round,
          versions: { discriminator, generator },
          values,
          branch,
          behind,
          pace,
        });
    });
  }

  private valuesAt(versions: Versions): Values {
    const at = (net: Net) => this.values.get(`${net}@${versions[net]}`) ?? 'a version that is gone';
    return { discriminator: at('discriminator'), generator: at('generator') };
  }

  private restore({ round, cause }: Extract<Effect, { kind: 'restore' }>): void {
    const { disk, world, bug } = this.around;
    if (cause !== 'corruption' && this.branch >= BRANCHES_MAX) {
      this.end('failed: given up');
      return;
    }
    this.around.returned(cause, this.branch, round);
    this.judging.abandon();
    disk.term += 1;
    this.term = disk.term;
    if (cause !== 'corruption' && bug !== 'comes back the same way after a divergence') this.branch += 1;
    const wait = () => {
      if (!this.isAlive) return;
      if (this.applying > 0 || this.writing > 0) {
        world.after(5, wait);
        return;
      }
      disk.checkpoints = disk.checkpoints.filter((checkpoint) => checkpoint.round <= round);
      const from = disk.checkpoints.at(-1) ?? this.beginning();
      this.values.clear();
      this.held.clear();
      for (const net of NETS) {
        this.sums[net].clear();
        this.settled[net] = [];
      }
      this.take(from);
      for (const peer of this.peers.values()) peer.sent.clear();
      this.handle({ kind: 'restored', versions: from.versions, schedule: this.pacing.schedule });
    };
    wait();
  }

  private end(because: string): void {
    this.isAlive = false;
    this.around.ended(because, this.valuesAt(this.coordinator.current));
  }

  private sendTask(session: string, task: Task): void {
    this.around.send(session, { kind: 'task', task: { ...task, term: this.term, branch: this.branch } });
  }

  private sendOnce(session: string, net: Net, version: number): void {
    const sent = this.peers.get(session)?.sent;
    if (sent?.has(`${net}@${version}`)) return;
    sent?.add(`${net}@${version}`);
    this.sendVersion(session, net, version);
  }

  private sendVersion(session: string, vector: Net, version: number): void {
    const value = this.values.get(`${vector}@${version}`);
    if (value !== undefined)
      this.around.send(session, { kind: 'weights', term: this.term, vector, version, value });
  }
}

const add = (left: string, right: string): string =>
  left.includes('NaN') || right.includes('NaN') ? 'NaN' : mix('+', left, right);

const heldKey = ({ net, step, level, index }: TaskName, digest: string): string =>
  `${net} ${step} ${level}.${index} ${digest}`;
