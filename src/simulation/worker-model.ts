// A worker process of the simulator: the real WorkerTasks in a shell that can crash, hang, be stopped, be slow, and lie.
import type { Net } from '../parameters/manifest.js';
import { FORGOTTEN_MS } from '../protocol/timing.js';
import { type LineTask, WorkerTasks } from '../protocol/worker-tasks.js';
import { mix, nodeGradient } from './arithmetic.js';
import type { Scenario } from './faults.js';
import type { Sight, Slot } from './liars.js';
import type { FromServer, FromWorker } from './messages.js';
import type { PlantedBug } from './planted-bugs.js';
import type { World } from './world.js';

type AnswerModel = Extract<FromWorker, { kind: 'answer' }>;

export interface WorkerSurroundings {
  world: World;
  scenario: Scenario;
  bug: PlantedBug | undefined;
  isCalm(): boolean;
  /** what a liar sees of the server that lives; undefined while there is none */
  sight(worker: WorkerModel): Sight | undefined;
  /** its answer is not finite this time */
  faltered(worker: WorkerModel): void;
  /** connects to the living server; undefined while there is none. `receive` and `lost` belong to this connection. */
  connect(worker: WorkerModel): ((message: FromWorker) => void) | undefined;
  /** the worker leaves its connection */
  disconnect(worker: WorkerModel): void;
  /** the process is gone, and somebody starts another one in its place */
  ended(worker: WorkerModel, how: 'crashed' | 'refused' | 'over'): void;
}

const RECONNECT_MS = 500;
const PREPARE_MS = 300;
const TICK_MS = 1000;
const HUNG_MS = 600_000;
/** How long a liar waits for another to answer first, and how often it looks; longer, and it would be taken for hung. */
const LURKING_MS = 25_000;
const LURK_MS = 200;

export class WorkerModel {
  private readonly tasks: WorkerTasks;
  private readonly versions = new Map<string, string>();
  private readonly inbox: FromServer[] = [];
  private send: ((message: FromWorker) => void) | undefined;
  private heardMs = 0;
  /** its loop does nothing else until then */
  private busyUntilMs = 0;
  private isDraining = false;
  private connections = 0;
  isUp = true;

  constructor(
    readonly name: string,
    readonly slot: Slot,
    private readonly speed: number,
    private readonly surroundings: WorkerSurroundings,
  ) {
    this.tasks = new WorkerTasks({
      has: (net, version) => this.versions.has(`${net}@${version}`),
      fetch: (name) => this.send?.({ kind: 'fetch', session: this.session, ...name }),
      compute: (task) => this.compute(task),
      forgetVersions: () => {
        if (surroundings.bug !== 'keeps versions of an abandoned line') this.versions.clear();
      },
    });
    this.reconnect();
    this.tick();
  }

  /** A connection is a session: what an earlier one was sent counts for nothing. */
  get session(): string {
    return `${this.name}.${this.connections}`;
  }

  /** A message of the server has arrived; it waits while the loop is busy. */
  receive(message: FromServer): void {
    this.inbox.push(message);
    this.drain();
  }

  /** The connection is gone. */
  lost(): void {
    this.send = undefined;
    this.surroundings.world.after(RECONNECT_MS, () => this.reconnect());
  }

  /** The process dies; whoever started it starts another. */
  crash(how: 'crashed' | 'refused' | 'over' = 'crashed'): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.surroundings.ended(this, how);
  }

  private reconnect(): void {
    if (!this.isUp || this.send) return;
    this.connections += 1;
    this.inbox.length = 0;
    this.send = this.surroundings.connect(this);
    if (this.send) this.hello();
    else this.surroundings.world.after(RECONNECT_MS, () => this.reconnect());
  }

  private hello(): void {
    this.heardMs = this.surroundings.world.nowMs;
    const { pool, identity } = this.slot;
    this.send?.({ kind: 'hello', session: this.session, pool, identity });
  }

  /** The server pings nobody of that name: another connection is made. */
  private forgotten(): void {
    this.send = undefined;
    this.surroundings.disconnect(this);
    this.reconnect();
  }

  private tick(): void {
    const { world } = this.surroundings;
    world.after(TICK_MS, () => {
      if (!this.isUp) return;
      if (world.nowMs >= this.busyUntilMs && this.send && world.nowMs - this.heardMs > FORGOTTEN_MS)
        this.forgotten();
      this.tick();
    });
  }

  private drain(): void {
    const { world } = this.surroundings;
    if (this.isDraining) return;
    this.isDraining = true;
    while (this.isUp && this.inbox.length > 0 && world.nowMs >= this.busyUntilMs)
      this.take(this.inbox.shift()!);
    this.isDraining = false;
    if (this.isUp && this.inbox.length > 0) {
      this.isDraining = true;
      world.after(this.busyUntilMs - world.nowMs, () => {
        this.isDraining = false;
        this.drain();
      });
    }
  }

  private take(message: FromServer): void {
    const { world } = this.surroundings;
    this.heardMs = world.nowMs;
    switch (message.kind) {
      case 'welcome':
        this.tasks.reset();
        this.occupy(PREPARE_MS, () => this.send?.({ kind: 'prepared', session: this.session }));
        return;
      case 'weights':
        if (!this.tasks.follows(message.term)) return;
        this.versions.set(`${message.vector}@${message.version}`, message.value);
        this.tasks.attempt();
        return;
      case 'task':
        this.tasks.take(message.task);
        return;
      case 'ping':
        this.send?.({ kind: 'pong', session: this.session, sentMs: message.sentMs });
        return;
      case 'refused':
        this.crash('refused');
        return;
      case 'stop':
        this.crash('over');
        return;
    }
  }

  /** The loop is busy for so long, then does this. */
  private occupy(ms: number, then: () => void): void {
    const { world } = this.surroundings;
    this.busyUntilMs = world.nowMs + ms;
    world.after(ms, () => {
      if (!this.isUp) return;
      then();
      this.drain();
    });
  }

  private compute(task: LineTask): void {
    const { world, scenario } = this.surroundings;
    const answer = this.answerTo(task);
    const leaves = Math.min(2 ** task.level, scenario.shards);
    let ms = leaves * scenario.shardMs * this.speed * world.between(0.9, 1.2);
    if (!this.surroundings.isCalm()) {
      const { crash, hang, stop, slow } = scenario.worker;
      if (world.chance(crash)) world.after(ms * world.random.uniform(), () => this.crash());
      if (world.chance(slow)) ms *= world.between(2, 40);
      if (world.chance(stop)) ms += world.between(1000, 60_000);
      if (world.chance(hang)) ms = HUNG_MS;
    }
    if (this.slot.isLiar) this.lie(task, answer, ms);
    else this.occupy(ms, () => this.send?.(answer));
  }

  /** A liar's way with the true answer, which would take it so long. */
  private lie({ net }: LineTask, answer: AnswerModel, ms: number): void {
    const { world, scenario } = this.surroundings;
    const { identity } = this.slot;
    const say = (lie?: string) =>
      this.send?.(lie === undefined ? answer : { ...answer, value: mix(answer.value, 'wrong', lie) });
    const sight = () => this.surroundings.sight(this);
    const othersCount = () => [...(sight()?.identities(net) ?? [])].filter((one) => one !== identity).length;
    const liar = scenario.liar!;
    switch (liar.kind) {
      case 'wrong': {
        const isWrong = world.chance(liar.share);
        this.occupy(ms, () => say(isWrong ? `${this.name} ${world.nowMs}` : undefined));
        return;
      }
      case 'conspiracy':
        this.occupy(ms, () => say(othersCount() > 1 ? identity : undefined));
        return;
      case 'just in time': {
        const lateAfterMs = (othersCount() > 0 && sight()?.lateAfterMs) || 0; // alone it could do as it likes
        const { maxMs } = scenario.wire; // its answer takes so long, and so did the task
        this.occupy(Math.max(ms, 0.95 * lateAfterMs - 2 * maxMs), say);
        return;
      }
      case 'late':
        this.lurk(say, Math.max(ms, LURKING_MS));
    }
  }

  /** Its loop does nothing else, so that it is taken for slow. */
  private lurk(say: (lie?: string) => void, ms: number): void {
    this.occupy(LURK_MS, () => {
      if (this.surroundings.sight(this)?.isSuperseded) say('late');
      else if (ms < LURK_MS || this.surroundings.isCalm()) say();
      else this.lurk(say, ms - LURK_MS);
    });
  }

  private answerTo({ net, step, level, index, term, branch, reads, issue }: LineTask): AnswerModel {
    const { world, scenario } = this.surroundings;
    const values = {
      discriminator: this.versions.get(`discriminator@${reads.discriminator}`)!,
      generator: this.versions.get(`generator@${reads.generator}`)!,
    };
    const value = nodeGradient({ level, index, net, step, branch }, scenario.shards, values);
    const isDiverging = net === 'generator' && step === scenario.divergesAt && branch === 0;
    const isSound = !isDiverging && (this.surroundings.isCalm() || !world.chance(scenario.notFinite));
    if (!isSound) this.surroundings.faltered(this);
    const task = { net, step, level, index };
    return { kind: 'answer', session: this.session, term, branch, task, issue, value, isSound };
  }
}

/** As a word in the transcript. */
export const describe = (message: FromServer | FromWorker): string => {
  switch (message.kind) {
    case 'task':
      return `task ${nodeText(message.task)} of term ${message.task.term}`;
    case 'answer':
      return `answer ${nodeText(message.task)} of term ${message.term}: ${message.isSound ? message.value : 'NaN'}`;
    case 'weights':
      return `weights ${message.vector}@${message.version}`;
    case 'fetch':
      return `fetch ${message.vector}@${message.version}`;
    default:
      return message.kind;
  }
};

const nodeText = ({
  net,
  step,
  level,
  index,
}: {
  net: Net;
  step: number;
  level: number;
  index: number;
}): string => `${net === 'discriminator' ? 'D' : 'G'} ${step} node ${level}.${index}`;
