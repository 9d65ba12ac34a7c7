// Decides who computes what: events in, effects out. Owns the open steps, their tree nodes and the pools of workers.
// It never sees a tensor, a socket or a clock: times come in with events. The server's shell performs the effects.
//
// The life of a step: opened when the versions it reads exist → its nodes are assigned to workers of its pool → each
// node is settled by the first answer → complete → applied by the shell → the next version exists.
import { assert } from '../errors.js';
import { NETS, type Net } from '../parameters/manifest.js';
import {
  isReady,
  type Phase,
  phaseOf,
  type ScheduleOptions,
  type Versions,
  versionsAfter,
} from './schedule.js';
import { keyOf, levelFor, nodeCount, type TreeNode } from './shard-tree.js';

/** Which steps a worker may compute. */
export type Pool = Net | 'any';

export interface CoordinatorOptions {
  schedule: ScheduleOptions;
  shards: number;
  /** versions to start from: a round's boundary */
  versions: Versions;
  /** training ends after this many generator steps */
  generatorSteps: number;
  /** a node is late after this many times the median node time … */
  lateFactor: number;
  /** … and not before this, milliseconds */
  lateFloorMs: number;
}

/** What a worker is asked for: the summed gradient of one tree node of one step. */
export interface Task extends TreeNode {
  net: Net;
  step: number;
  reads: Versions;
}

export type Event =
  | { kind: 'joined'; worker: string; pool: Pool }
  | { kind: 'left'; worker: string }
  | { kind: 'answered'; worker: string; task: Pick<Task, 'net' | 'step' | 'level' | 'index'>; nowMs: number }
  | { kind: 'applied'; net: Net; nowMs: number }
  | { kind: 'stop-requested' }
  | { kind: 'ticked'; nowMs: number };

export type DiscardReason = 'duplicate' | 'stale';
export type ReissueReason = 'lost' | 'late';

export type Effect =
  | { kind: 'assign'; worker: string; task: Task }
  /** keep the payload: it is the node's sum */
  | { kind: 'settle'; task: Task; seconds: number }
  | { kind: 'discard'; worker: string; reason: DiscardReason }
  /** a task was given to another worker */
  | { kind: 'reissued'; net: Net; reason: ReissueReason; worker: string }
  /** every node of the step is settled: sum, apply, then say `applied` */
  | { kind: 'complete'; net: Net; step: number }
  /** a round is whole: a checkpoint may be taken; nothing is in flight */
  | { kind: 'boundary'; round: number }
  /** nothing more will be assigned */
  | { kind: 'finished'; because: 'done' | 'stopped' };

interface Holder {
  worker: string;
  sinceMs: number;
}

interface NodeState {
  node: TreeNode;
  /** workers computing it now: one, or two when the first is late */
  holders: Holder[];
  isSettled: boolean;
  /** why it waits for a worker again */
  reissue?: ReissueReason;
  lostBy?: string;
}

interface OpenStep {
  phase: Phase;
  nodes: Map<string, NodeState>;
}

interface WorkerState {
  pool: Pool;
  task?: Task;
}

/** Node times kept for the median, per net. */
const TIMES_MAX = 64;

export class Coordinator {
  private readonly workers = new Map<string, WorkerState>();
  private readonly open = new Map<Net, OpenStep>();
  private readonly versions: Record<Net, number>;
  private readonly leafTimesMs: Record<Net, number[]> = { discriminator: [], generator: [] };
  private isStopping = false;
  private hasFinished = false;
  private boundaryRound: number;
  private nowMs = 0;

  constructor(private readonly options: CoordinatorOptions) {
    this.versions = { ...options.versions };
    this.boundaryRound = options.versions.generator;
    const boundary = versionsAfter(options.schedule, options.versions.generator);
    assert(
      boundary.discriminator === options.versions.discriminator,
      () => `a run starts on a round's boundary, got ${JSON.stringify(options.versions)}`,
    );
  }

  /** Takes one event; the effects are to be performed in order. */
  handle(event: Event): Effect[] {
    if ('nowMs' in event) this.nowMs = Math.max(this.nowMs, event.nowMs);
    return [...this.take(event), ...this.advance()];
  }

  private take(event: Event): Effect[] {
    switch (event.kind) {
      case 'joined':
        assert(!this.workers.has(event.worker), () => `worker ${event.worker} joined twice`);
        this.workers.set(event.worker, { pool: event.pool });
        return [];
      case 'left':
        this.release(event.worker);
        return [];
      case 'answered':
        return this.answer(event.worker, event.task);
      case 'applied':
        return this.apply(event.net);
      case 'stop-requested':
        this.isStopping = true;
        return [];
      case 'ticked':
        this.markLate();
        return [];
    }
  }

  /** A worker is gone: what it held waits for another, unless a second holder still computes it. */
  private release(worker: string): void {
    const task = this.workers.get(worker)?.task;
    this.workers.delete(worker);
    const node = task && this.open.get(task.net)?.nodes.get(keyOf(task));
    if (!node || node.isSettled) return;
    node.holders = node.holders.filter((holder) => holder.worker !== worker);
    if (node.holders.length > 0) return;
    node.reissue = 'lost';
    node.lostBy = worker;
  }

  private answer(worker: string, answered: Pick<Task, 'net' | 'step' | 'level' | 'index'>): Effect[] {
    const state = this.workers.get(worker);
    const task = state?.task;
    if (state && task && sameTask(task, answered)) delete state.task;
    const step = this.open.get(answered.net);
    const node = step?.phase.step === answered.step ? step.nodes.get(keyOf(answered)) : undefined;
    if (!step || !node) return [{ kind: 'discard', worker, reason: 'stale' }];
    if (node.isSettled) return [{ kind: 'discard', worker, reason: 'duplicate' }];
    const holder = node.holders.find((h) => h.worker === worker);
    const seconds = holder ? (this.nowMs - holder.sinceMs) / 1000 : 0;
    if (holder) this.noteTime(answered.net, node.node, seconds * 1000);
    node.isSettled = true;
    node.holders = [];
    const effects: Effect[] = [{ kind: 'settle', task: { ...step.phase, ...node.node }, seconds }];
    if ([...step.nodes.values()].every((n) => n.isSettled)) {
      effects.push({ kind: 'complete', net: answered.net, step: answered.step });
    }
    return effects;
  }

  private apply(net: Net): Effect[] {
    const step = this.open.get(net);
    assert(
      step && [...step.nodes.values()].every((n) => n.isSettled),
      () => `${net} applied before it was complete`,
    );
    this.open.delete(net);
    this.versions[net] += 1;
    return [];
  }

  /** What follows from the state: a boundary, new steps, assignments, the end. */
  private advance(): Effect[] {
    if (this.hasFinished) return [];
    const effects = this.boundary();
    if (this.hasFinished) return effects;
    for (const net of NETS) this.openNext(net);
    for (const net of NETS) effects.push(...this.assign(net));
    return effects;
  }

  private boundary(): Effect[] {
    const round = this.versions.generator;
    const whole = versionsAfter(this.options.schedule, round);
    if (this.open.size > 0 || whole.discriminator !== this.versions.discriminator) return [];
    const effects: Effect[] = round > this.boundaryRound ? [{ kind: 'boundary', round }] : [];
    this.boundaryRound = round;
    const isDone = round >= this.options.generatorSteps;
    if (isDone || this.isStopping) {
      this.hasFinished = true;
      effects.push({ kind: 'finished', because: isDone ? 'done' : 'stopped' });
    }
    return effects;
  }

  /** Opens a net's next step when what it reads exists, it belongs to the run, and some worker could compute it. */
  private openNext(net: Net): void {
    if (this.open.has(net)) return;
    const { schedule, shards, generatorSteps } = this.options;
    const phase = phaseOf(schedule, net, this.versions[net]);
    const rounds = this.isStopping ? this.roundLimit() : generatorSteps;
    if (phase.step >= versionsAfter(schedule, rounds)[net] || !isReady(phase, this.versions)) return;
    const workers = [...this.workers.values()].filter((worker) => serves(worker.pool, net)).length;
    if (workers === 0) return;
    const level = levelFor(shards, workers);
    const nodes = Array.from({ length: nodeCount(shards, level) }, (_, index): [string, NodeState] => [
      keyOf({ level, index }),
      { node: { level, index }, holders: [], isSettled: false },
    ]);
    this.open.set(net, { phase, nodes: new Map(nodes) });
  }

  /** A stop finishes the round that has begun, and begins no other. Rounds never overlap: see `phaseOf`. */
  private roundLimit(): number {
    const whole = versionsAfter(this.options.schedule, this.boundaryRound);
    const hasBegun = this.open.size > 0 || NETS.some((net) => this.versions[net] > whole[net]);
    return this.boundaryRound + (hasBegun ? 1 : 0);
  }

  private assign(net: Net): Effect[] {
    const step = this.open.get(net);
    if (!step) return [];
    const effects: Effect[] = [];
    for (const node of step.nodes.values()) {
      if (node.isSettled || (node.holders.length > 0 && node.reissue === undefined)) continue;
      const worker = this.idleWorker(net, node);
      if (!worker) continue;
      if (node.reissue) {
        effects.push({ kind: 'reissued', net, reason: node.reissue, worker: node.lostBy ?? '' });
        delete node.reissue;
      }
      node.holders.push({ worker, sinceMs: this.nowMs });
      const task = { ...step.phase, ...node.node };
      this.workers.get(worker)!.task = task;
      effects.push({ kind: 'assign', worker, task });
    }
    return effects;
  }

  /** An idle worker of the pool, one that serves this net alone before one that serves both. */
  private idleWorker(net: Net, node: NodeState): string | undefined {
    let found: string | undefined;
    for (const [id, worker] of this.workers) {
      if (worker.task || !serves(worker.pool, net) || node.holders.some((h) => h.worker === id)) continue;
      if (worker.pool === net) return id;
      found ??= id;
    }
    return found;
  }

  private markLate(): void {
    for (const [net, step] of this.open) {
      for (const node of step.nodes.values()) {
        const holder = node.holders[0];
        if (
          node.isSettled ||
          node.holders.length !== 1 ||
          this.nowMs - holder!.sinceMs < this.lateAfterMs(net, node)
        )
          continue;
        node.reissue = 'late';
        node.lostBy = holder!.worker;
      }
    }
  }

  private lateAfterMs(net: Net, { node }: NodeState): number {
    const { lateFactor, lateFloorMs } = this.options;
    const times = [...this.leafTimesMs[net]].sort((a, b) => a - b);
    const median = times[times.length >> 1];
    return median === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(lateFloorMs, lateFactor * median * 2 ** node.level);
  }

  private noteTime(net: Net, node: TreeNode, ms: number): void {
    const times = this.leafTimesMs[net];
    times.push(ms / 2 ** node.level);
    if (times.length > TIMES_MAX) times.shift();
  }

  /** Versions that exist. */
  get current(): Versions {
    return { ...this.versions };
  }

  /** The next step of a net that is not applied yet; what it reads is worth sending ahead. */
  next(net: Net): Phase {
    return phaseOf(this.options.schedule, net, this.versions[net]);
  }

  /** What the run waits for, in words; undefined when nothing is outstanding. */
  waitingFor(nowMs: number): string | undefined {
    if (this.hasFinished) return undefined;
    for (const [net, { phase, nodes }] of this.open) {
      const outstanding = [...nodes.values()].filter((node) => !node.isSettled);
      if (outstanding.length === 0) continue;
      const held = outstanding.map(({ node, holders }) => {
        const holder = holders[0];
        const shards = node.level === 0 ? `shard ${node.index}` : `node ${keyOf(node)}`;
        return holder
          ? `${shards} with ${holder.worker} for ${((nowMs - holder.sinceMs) / 1000).toFixed(1)} s`
          : `${shards} with nobody`;
      });
      return `step ${phase.step} of the ${net}: ${held.join(', ')}`;
    }
    const empty = NETS.filter(
      (net) => ![...this.workers.values()].some((worker) => serves(worker.pool, net)),
    );
    return empty.length > 0 ? `workers for the ${empty.join(' and the ')}` : undefined;
  }

  /** Number of workers that hold a task, and that hold none. */
  poolStates(): Record<Pool, { busy: number; idle: number }> {
    const states: Record<Pool, { busy: number; idle: number }> = {
      discriminator: { busy: 0, idle: 0 },
      generator: { busy: 0, idle: 0 },
      any: { busy: 0, idle: 0 },
    };
    for (const { pool, task } of this.workers.values()) states[pool][task ? 'busy' : 'idle'] += 1;
    return states;
  }

  /** The task that a worker holds. */
  taskOf(worker: string): Task | undefined {
    return this.workers.get(worker)?.task;
  }
}

/** Whether a pool's workers may compute a net's steps. */
export const serves = (pool: Pool, net: Net): boolean => pool === 'any' || pool === net;

const sameTask = (a: Task, b: Pick<Task, 'net' | 'step' | 'level' | 'index'>): boolean =>
  a.net === b.net && a.step === b.step && a.level === b.level && a.index === b.index;
