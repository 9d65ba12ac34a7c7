// Decides who computes what: events in, effects out. Owns the rounds, the open steps and the roster of workers.
// It never sees a tensor, a socket or a clock: times come in with events. The server's shell performs the effects.
//
// Longer than other files, since one state is decided on by every event: what is a question of its own has left (rounds, roster,
// open-step, deadlines, waiting).
//
// The life of a step: opened when the versions it reads exist → its nodes are assigned to workers of its pool → each
// node is settled, by one answer or by two that agree → complete → applied by the shell → the next version exists.
import { assert } from '../errors.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { type DeadlineOptions, Deadlines } from './deadlines.js';
import type { Effect, Event, RestoreCause } from './events.js';
import type { Snapshot } from './invariants.js';
import {
  type Answer,
  type NodeState,
  OpenStep,
  rankFor,
  VOTES_MAX,
  votersOf,
  wantsWorker,
  weigh,
} from './open-step.js';
import { Roster } from './roster.js';
import { Rounds, type RoundsOptions } from './rounds.js';
import { type Phase, roundOf, type Versions } from './schedule.js';
import { keyOf, leavesOf, levelFor, nodeCount, type TreeNode } from './shard-tree.js';
import { isSameTask, type Task, type TaskName } from './task.js';
import { waitingText } from './waiting.js';

export interface CoordinatorOptions extends RoundsOptions {
  shards: number;
  deadlines: DeadlineOptions;
  /** whether two workers must agree on a node before it counts */
  isVerified(net: Net, step: number, node: TreeNode): boolean;
}

/** Further workers that may compute a node whose holders are late. */
const SPARE_MAX = 3;
/** How long two workers that differ wait for a third to decide. */
const THIRD_MS = 60_000;

export class Coordinator {
  private readonly roster = new Roster();
  private readonly deadlines: Deadlines;
  private readonly open = new Map<Net, OpenStep>();
  private readonly rounds: Rounds;
  /** steps whose answers differed after they were settled: computed twice when they come again */
  private readonly mistrusted = new Set<string>();
  private hasEnded = false;
  /** a restore is under way */
  private isHalted = false;
  private nowMs = 0;
  private issued = 0;

  constructor(private readonly options: CoordinatorOptions) {
    this.rounds = new Rounds(options);
    this.deadlines = new Deadlines(options.deadlines);
  }

  /** Takes one event; the effects are to be performed in order. */
  handle(event: Event): Effect[] {
    if ('nowMs' in event) this.nowMs = Math.max(this.nowMs, event.nowMs);
    const effects = this.take(event);
    return [...effects, ...this.advance()];
  }

  private take(event: Event): Effect[] {
    switch (event.kind) {
      case 'joined':
        assert(!this.roster.get(event.worker), () => `worker ${event.worker} joined twice`);
        this.roster.add(event.worker, event.pool);
        return [];
      case 'left':
        this.release(event.worker);
        return [];
      case 'answered':
        return this.answer(event);
      case 'applied':
        this.apply(event.net);
        return [];
      case 'not-applied':
        return this.notApplied(event.net, event.cause);
      case 'judged':
        return this.judged(event);
      case 'restored':
        this.restored(event.versions);
        return [];
      case 'ponged':
        return this.ponged(event.worker, event.pingedMs);
      case 'stop-requested':
        this.rounds.stop();
        return [];
      case 'ticked':
        this.markLate();
        return this.undecided();
    }
  }

  // ---- workers --------------------------------------------------------------------------------------------------

  /** A worker is gone: what it held waits for another, unless somebody else computes it too. */
  private release(worker: string): void {
    const task = this.roster.remove(worker)?.task;
    const state = task && this.nodeOf(task);
    if (!state || state.settledBy !== undefined) return;
    state.holders = state.holders.filter((holder) => holder.worker !== worker);
    state.spare = Math.max(0, state.spare - 1);
    if (wantsWorker(state)) state.reissue ??= { reason: 'lost', worker };
  }

  /**
   * It has nothing to compute any more, and its answer is not here: the task or the answer was lost on the way, unless the answer is
   * only slower than the pong. So it takes two pongs, the second to a ping that was sent after the first had come.
   */
  private ponged(worker: string, pingedMs: number): Effect[] {
    const member = this.roster.get(worker);
    if (!member?.task || member.sinceMs >= pingedMs) return [];
    member.missedMs ??= this.nowMs;
    if (pingedMs <= member.missedMs) return [];
    const state = this.nodeOf(member.task);
    if (member.superseded || !state || state.settledBy !== undefined) {
      delete member.task;
      return [];
    }
    this.roster.give(worker, member.task, this.nowMs);
    return [{ kind: 'remind', worker, task: member.task }];
  }

  private markLate(): void {
    for (const { phase, outstanding } of this.open.values()) {
      const { stepKind } = phase;
      for (const state of outstanding) {
        const newest = state.holders.at(-1);
        if (!newest || wantsWorker(state) || state.spare >= SPARE_MAX) continue;
        if (this.nowMs - newest.sinceMs < this.deadlines.lateAfterMs(stepKind, this.shardsOf(state.node)))
          continue;
        state.spare += 1;
        state.reissue = { reason: 'late', worker: newest.worker };
      }
    }
  }

  /** Two workers differ, and for a while there has been no third to decide. */
  private undecided(): Effect[] {
    for (const { phase, outstanding } of this.open.values()) {
      for (const state of outstanding) {
        const voters = [...votersOf(state)];
        if (voters.length < 2 || state.holders.length > 0) {
          delete state.disputedMs;
          continue;
        }
        state.disputedMs ??= this.nowMs;
        if (this.nowMs - state.disputedMs < THIRD_MS) continue;
        this.hasEnded = true;
        const who = voters.join(' and ');
        const what = `step ${phase.step} of the ${phase.net}`;
        return [
          {
            kind: 'failed',
            because: `${who} differ on the same shards of ${what}, and there is no third worker to decide`,
          },
        ];
      }
    }
    return [];
  }

  private quarantine(worker: string, because: string): Effect {
    this.release(worker);
    return { kind: 'quarantine', worker, because };
  }

  // ---- answers --------------------------------------------------------------------------------------------------

  private answer({ worker, task, issue, digest, isSound }: Extract<Event, { kind: 'answered' }>): Effect[] {
    const member = this.roster.get(worker);
    const holds = member?.task?.issue === issue && isSameTask(member.task, task);
    const superseded = holds ? member.superseded : undefined;
    if (holds) delete member.task;
    const state = this.nodeOf(task);
    if (!member || this.isHalted) return [{ kind: 'discard', worker, reason: 'stale' }];
    if (superseded?.digest !== undefined && digest !== undefined && superseded.digest !== digest) {
      return this.disagreedLate(task, [superseded.by, worker]);
    }
    if (superseded || state?.settledBy !== undefined)
      return [{ kind: 'discard', worker, reason: 'duplicate' }];
    if (!state) return [{ kind: 'discard', worker, reason: 'stale' }];
    const holder = state.holders.find((h) => h.worker === worker);
    if (!holder || !holds) return [{ kind: 'discard', worker, reason: 'stale' }];
    if (isSound) {
      const { stepKind } = this.open.get(task.net)!.phase;
      this.deadlines.note(stepKind, this.shardsOf(task), this.nowMs - holder.sinceMs);
    }
    return this.settleBy(state, { net: task.net, issue }, { worker, digest, isSound });
  }

  private settleBy(state: NodeState, { net, issue }: Pick<Task, 'net' | 'issue'>, answer: Answer): Effect[] {
    const step = this.open.get(net)!;
    const task: Task = { ...step.phase, ...state.node, issue };
    const { worker, digest } = answer;
    const isHeld = digest !== undefined && state.votes.some((vote) => vote.digest === digest);
    const outcome = weigh(state, answer);
    switch (outcome.kind) {
      case 'not-finite':
        return [{ kind: 'discard', worker, reason: 'not-finite' }];
      case 'diverged': {
        const because = `shards of step ${task.step} of the ${task.net} give something that is not finite, whoever computes them`;
        return [{ kind: 'discard', worker, reason: 'not-finite' }, this.restore(task, 'divergence', because)];
      }
      case 'held': {
        const keep: Effect = isHeld
          ? { kind: 'discard', worker, reason: 'duplicate' }
          : { kind: 'hold', task, digest: digest! };
        const workers = state.votes.map((vote) => vote.worker);
        return outcome.isDisagreement ? [keep, { kind: 'disagreed', task, workers }] : [keep];
      }
      case 'inconsistent':
        return [
          { kind: 'discard', worker, reason: 'duplicate' },
          { kind: 'release', task },
          this.quarantine(worker, `it never computes the same twice: step ${task.step} of the ${net}`),
        ];
      case 'nobody-agrees':
        this.hasEnded = true;
        return [
          { kind: 'discard', worker, reason: 'duplicate' },
          {
            kind: 'failed',
            because:
              `${VOTES_MAX} answers to the same shards of step ${task.step} of the ${task.net} all differ: ` +
              'this build of the library, or these devices, do not compute the same twice',
          },
        ];
      case 'settled':
        this.supersede(state, worker, digest);
        return [
          ...(isHeld
            ? ([
                { kind: 'discard', worker, reason: 'duplicate' },
                { kind: 'settle', task, held: digest },
              ] as const)
            : ([{ kind: 'settle', task }] as const)),
          ...outcome.wrong.map((id) => this.quarantine(id, accusation(task))),
          ...(step.isComplete ? ([{ kind: 'complete', net: task.net, step: task.step }] as const) : []),
        ];
    }
  }

  /** The others that still compute a settled node will be compared with the answer that was taken. */
  private supersede(state: NodeState, by: string, digest: string | undefined): void {
    for (const { worker } of state.holders) {
      const member = this.roster.get(worker);
      if (member) member.superseded = { by, digest };
    }
    state.holders = [];
  }

  /** Which of two was wrong is not known, and the first was believed: its step is done again, by two that agree. */
  private disagreedLate(task: TaskName, workers: string[]): Effect[] {
    this.mistrusted.add(`${task.net} ${task.step}`);
    const because = `two answers to the same shards of step ${task.step} of the ${task.net} differ`;
    return [
      { kind: 'discard', worker: workers[1]!, reason: 'duplicate' },
      { kind: 'disagreed', task, workers },
      this.restore(task, 'corruption', because),
    ];
  }

  /** The hash of a worker's answer to a task will be compared with another's. */
  wantsDigest(worker: string, task: TaskName): boolean {
    const state = this.nodeOf(task);
    const isAmongSeveral = state !== undefined && (state.votesWanted > 1 || state.holders.length > 1);
    return isAmongSeveral || this.roster.get(worker)?.superseded !== undefined;
  }

  /** Every number of an answer to this step must be looked at before it is handed in. */
  isCareful(net: Net): boolean {
    return this.open.get(net)?.isCareful ?? false;
  }

  private shardsOf(node: TreeNode): number {
    const { from, to } = leavesOf(node, this.options.shards);
    return to - from;
  }

  private nodeOf({ net, step, level, index }: TaskName): NodeState | undefined {
    const open = this.open.get(net);
    return open?.phase.step === step ? open.nodes.get(keyOf({ level, index })) : undefined;
  }

  // ---- steps ----------------------------------------------------------------------------------------------------

  private apply(net: Net): void {
    const step = this.open.get(net);
    assert(step?.isComplete, () => `${net} applied before it was complete`);
    this.open.delete(net);
    this.rounds.applied(net);
  }

  /** A gradient that is not finite is computed once more, shard by shard and elsewhere; then it has diverged. */
  private notApplied(net: Net, cause: 'gradient' | 'update'): Effect[] {
    const step = this.open.get(net);
    assert(step?.isComplete, () => `${net} was refused before it was complete`);
    if (cause === 'gradient' && !step.isCareful) {
      step.reopen({ reason: 'not-finite', worker: '' });
      return [];
    }
    const what = cause === 'gradient' ? 'the averaged gradient' : 'a weight after the update';
    return [
      this.restore(
        step.phase,
        'divergence',
        `${what} of step ${step.phase.step} of the ${net} is not finite`,
      ),
    ];
  }

  private restore({ net, step }: Pick<Phase, 'net' | 'step'>, cause: RestoreCause, because: string): Effect {
    this.isHalted = true;
    return { kind: 'restore', round: roundOf(this.options.schedule, net, step), cause, because };
  }

  private restored(versions: Versions): void {
    assert(this.isHalted, 'a restore that nobody asked for');
    this.isHalted = false;
    this.open.clear();
    this.roster.clearTasks();
    this.rounds.restore(versions);
  }

  private judged({ round, verdict }: Extract<Event, { kind: 'judged' }>): Effect[] {
    if (this.hasEnded || !this.rounds.noteVerdict(round) || verdict === 'continue') return [];
    if (verdict === 'rollback') {
      this.isHalted = true;
      const because = `the generator of step ${round} has collapsed`;
      return [{ kind: 'restore', round: round - 1, cause: 'collapse', because }];
    }
    this.hasEnded = true;
    return [{ kind: 'finished', because: 'collapsed' }];
  }

  /** What follows from the state: a boundary, new steps, assignments, the end. */
  private advance(): Effect[] {
    if (this.hasEnded || this.isHalted) return [];
    const effects = this.open.size === 0 ? this.rounds.atBoundary() : [];
    this.hasEnded = effects.some((effect) => effect.kind === 'finished');
    if (this.hasEnded || this.rounds.isHeld) return effects;
    for (const net of NETS) this.openNext(net);
    for (const net of NETS) effects.push(...this.assign(net));
    return effects;
  }

  /** Opens a net's next step when what it reads exists, it belongs to the run, and some worker could compute it. */
  private openNext(net: Net): void {
    const workers = this.roster.countFor(net);
    if (this.open.has(net) || workers === 0 || !this.rounds.mayBegin(net, this.open.size > 0)) return;
    const { shards, isVerified } = this.options;
    const phase = this.rounds.next(net);
    const level = levelFor(shards, workers);
    const nodes = Array.from({ length: nodeCount(shards, level) }, (_, index) => ({ level, index }));
    const isMistrusted = this.mistrusted.has(`${net} ${phase.step}`);
    this.open.set(
      net,
      new OpenStep(phase, nodes, (node) => isMistrusted || isVerified(net, phase.step, node)),
    );
  }

  private assign(net: Net): Effect[] {
    const step = this.open.get(net);
    if (!step) return [];
    const effects: Effect[] = [];
    for (const state of step.outstanding) {
      while (wantsWorker(state)) {
        const worker = this.roster.idleFor(net, rankFor(state));
        if (worker === undefined) break;
        if (state.reissue) effects.push({ kind: 'reissued', net, ...state.reissue });
        delete state.reissue;
        this.issued += 1;
        const task = { ...step.phase, ...state.node, issue: this.issued };
        state.holders.push({ worker, sinceMs: this.nowMs });
        this.roster.give(worker, task, this.nowMs);
        effects.push({ kind: 'assign', worker, task });
      }
    }
    return effects;
  }

  // ---- what others may ask --------------------------------------------------------------------------------------

  /** Versions that exist. */
  get current(): Versions {
    return this.rounds.current;
  }

  /** The next step of a net that is not applied yet; what it reads is worth sending ahead. */
  next(net: Net): Phase {
    return this.rounds.next(net);
  }

  /** The first step of a net that has not begun. */
  coming(net: Net): Phase {
    return this.rounds.next(net, this.open.has(net) ? 1 : 0);
  }

  /** The state as plain data, for those who check it. */
  snapshot(): Snapshot {
    return {
      versions: this.current,
      members: this.roster.all().map(([worker, { pool, task, superseded }]) => ({
        worker,
        pool,
        task,
        isSuperseded: superseded !== undefined,
      })),
      steps: [...this.open.values()].map(({ phase, nodes }) => ({
        ...phase,
        nodes: [...nodes.values()].map(({ node, holders, settledBy, votes, notFinite }) => ({
          task: { net: phase.net, step: phase.step, ...node },
          settledBy,
          holders: holders.map((holder) => ({ ...holder })),
          heard: [...votes.map((vote) => vote.worker), ...notFinite],
        })),
      })),
    };
  }

  /** What the run waits for, in words; undefined when nothing is outstanding. */
  waitingFor(nowMs: number): string | undefined {
    if (this.hasEnded) return undefined;
    if (this.rounds.isHeld) return `the evaluator's verdict on step ${this.rounds.round}`;
    return waitingText({
      steps: [...this.open.values()],
      roster: this.roster,
      shards: this.options.shards,
      nowMs,
    });
  }

  /** Milliseconds since the oldest unanswered task of a net was given out; undefined where none is. */
  waitingMs(net: Net, nowMs: number): number | undefined {
    const since = (this.open.get(net)?.outstanding ?? []).flatMap((s) => s.holders.map((h) => h.sinceMs));
    return since.length === 0 ? undefined : nowMs - Math.min(...since);
  }

  /** Milliseconds after which a worker is late with what it computes now. */
  lateAfterMs(worker: string): number {
    const task = this.roster.get(worker)?.task;
    return task ? this.deadlines.lateAfterMs(task.stepKind, this.shardsOf(task)) : 0;
  }

  poolStates(): ReturnType<Roster['states']> {
    return this.roster.states();
  }

  /** The task that a worker holds. */
  taskOf(worker: string): Task | undefined {
    return this.roster.get(worker)?.task;
  }
}

const accusation = ({ net, step }: TaskName): string =>
  `its answer to shards of step ${step} of the ${net} differs from what two others, or itself, agree on`;
