// Decides who computes what: events in, effects out. Owns the rounds, the open steps and the roster of workers.
// It never sees a tensor, a socket or a clock: times come in with events. The server's shell performs the effects.
//
// Longer than other files, since one state is decided on by every event: what is a question of its own has left (rounds, roster,
// open-step, deadlines, disputes, waiting).
//
// The life of a step: opened when the versions it reads exist → its nodes are assigned to workers of its pool → each
// node is settled, by one answer or by two that agree → complete → applied by the shell → the next version exists.
import { assert } from '../errors.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { type DeadlineOptions, Deadlines } from './deadlines.js';
import { type Dispute, Disputes } from './disputes.js';
import type { Effect, Event, RestoreCause } from './events.js';
import type { Snapshot } from './invariants.js';
import {
  type Answer,
  decide,
  type Holder,
  isDisputed,
  type NodeState,
  OpenStep,
  type Outcome,
  proves,
  rankFor,
  refutedBy,
  VOTES_MAX,
  type Vote,
  type Voter,
  votersOf,
  wantsWorker,
  weigh,
} from './open-step.js';
import {
  isAside,
  isSilent,
  type Member,
  Roster,
  type Superseded,
  stateOf,
  type WorkerState,
} from './roster.js';
import { Rounds, type RoundsOptions } from './rounds.js';
import { type Phase, roundOf, type ScheduleOptions, type Versions } from './schedule.js';
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
/** How long a node that those who are there cannot decide waits for somebody who can. */
const THIRD_MS = 60_000;

/** What of a step was such that it could not be applied. */
const IN_WORDS = {
  loss: 'the loss',
  gradient: 'the averaged gradient',
  update: 'a weight after the update',
} as const;

export class Coordinator {
  private readonly roster = new Roster();
  private readonly open = new Map<Net, OpenStep>();
  private readonly rounds: Rounds;
  /** since when a net's next step could be computed */
  private readonly dueMs = new Map<Net, number>();
  private hasEnded = false;
  /** a restore is under way */
  private isHalted = false;
  /** no step is begun, though the one that has begun goes on */
  private isPaused = false;
  private nowMs = 0;
  private issued = 0;

  /** What it has learned of its workers may be handed in, for the simulator to plant mistakes in. */
  constructor(
    private readonly options: CoordinatorOptions,
    private readonly deadlines = new Deadlines(options.deadlines),
    private readonly disputes = new Disputes(),
  ) {
    this.rounds = new Rounds(options);
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
        this.roster.add({ worker: event.worker, identity: event.identity ?? event.worker }, event.pool);
        return [];
      case 'left':
        this.release(event.worker);
        return [];
      case 'answered':
        return this.answer(event);
      case 'applied':
        this.apply(event.net, event.schedule);
        return [];
      case 'not-applied':
        return this.notApplied(event);
      case 'judged':
        return this.judged(event);
      case 'restored':
        this.restored(event.versions, event.schedule);
        return [];
      case 'ponged':
        return this.ponged(event.worker, event.pingedMs);
      case 'stop-requested':
        this.rounds.stop();
        this.isPaused = false; // the round that has begun is finished
        return [];
      case 'paused':
        this.isPaused = event.isPaused;
        return [];
      case 'ticked':
        this.markLate();
        return this.stuck();
    }
  }

  // ---- workers --------------------------------------------------------------------------------------------------

  /** A worker is gone: what it held waits for another, unless somebody else computes it too. */
  private release(worker: string): void {
    this.deadlines.forget(worker);
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
      for (const state of outstanding) {
        const newest = state.holders.at(-1);
        if (!newest || wantsWorker(state) || state.spare >= SPARE_MAX) continue;
        if (!this.isLate(newest.sinceMs, { ...phase, ...state.node })) continue;
        state.spare += 1;
        state.reissue = { reason: 'late', worker: newest.worker };
      }
    }
  }

  private isLate(sinceMs: number, task: Pick<Task, 'stepKind' | 'level' | 'index'>): boolean {
    return this.nowMs - sinceMs >= this.deadlines.lateAfterMs(task.stepKind, this.shardsOf(task));
  }

  /** Nodes that wait in vain for somebody who could decide them. */
  private stuck(): Effect[] {
    const effects: Effect[] = [];
    for (const step of this.open.values()) {
      for (const state of step.outstanding) {
        if (this.isHalted || this.hasEnded) return effects;
        const hasAnswers = state.votes.length > 0 || state.unsound.length > 0;
        if (!hasAnswers || this.isHelpComing(step, state)) delete state.stuckMs;
        else state.stuckMs ??= this.nowMs;
        if (state.stuckMs !== undefined && this.nowMs - state.stuckMs >= THIRD_MS)
          effects.push(...this.doWithout(step, state));
      }
    }
    return effects;
  }

  /** Somebody computes a node, or will as soon as it has done what it computes now; whoever is late with that is not counted on. */
  private isHelpComing({ phase }: OpenStep, state: NodeState): boolean {
    const isInTime = ({ sinceMs }: Holder) => !this.isLate(sinceMs, { ...phase, ...state.node });
    if (state.holders.some(isInTime)) return true;
    const rank = rankFor(state);
    return this.roster
      .serving(phase.net)
      .some(
        ([worker, { identity, task, givenMs }]) =>
          rank({ worker, identity }) !== undefined && task && !this.isLate(givenMs, task),
      );
  }

  /** Whoever left, or lets a node wait, is given up; it is decided by those who are there, or they cannot be told apart. */
  private doWithout(step: OpenStep, state: NodeState): Effect[] {
    const { net } = step.phase;
    delete state.stuckMs;
    const effects = this.setSilentAside(step, state);
    const present = new Set(this.roster.serving(net).map(([, { identity }]) => identity));
    const isHere = ({ identity }: Voter) => present.has(identity); // the silent too: what they said counts
    const isUnchanged = effects.length === 0 && [...state.votes, ...state.unsound].every(isHere);
    state.votes = state.votes.filter(isHere);
    state.unsound = state.unsound.filter(isHere);
    state.isShared = this.roster.identitiesFor(net, this.nowMs).size > 1;
    const outcome = decide(state);
    if (outcome) return [...effects, ...this.perform(step, state, outcome)];
    if (!isUnchanged || !isDisputed(state) || state.holders.length > 0) return effects;
    this.hasEnded = true;
    const who = [...votersOf(state)].join(' and ');
    const what = `step ${step.phase.step} of the ${net}`;
    const because = `${who} differ on the same shards of ${what}, and there is no third worker to decide`;
    return [...effects, { kind: 'failed', because }];
  }

  /** Those who could decide a node and are late with what they compute. */
  private setSilentAside({ phase }: OpenStep, state: NodeState): Effect[] {
    const holders = new Set(state.holders.map((holder) => holder.worker));
    const rank = rankFor(state);
    return this.roster.serving(phase.net).flatMap(([worker, member]): Effect[] => {
      const isAwaited = holders.has(worker) || rank({ worker, identity: member.identity }) !== undefined;
      const isLate = member.task !== undefined && this.isLate(member.givenMs, member.task);
      if (!isAwaited || !isLate || isSilent(member, this.nowMs)) return [];
      return [{ kind: 'set-aside', worker, ms: this.roster.wasSilent(member, this.nowMs) }];
    });
  }

  /** Nothing where it has left already. */
  private quarantine(worker: string, because: string): Effect[] {
    if (!this.roster.get(worker)) return [];
    this.release(worker);
    return [{ kind: 'quarantine', worker, because }];
  }

  // ---- answers --------------------------------------------------------------------------------------------------

  private answer({ worker, task, issue, digest, isSound }: Extract<Event, { kind: 'answered' }>): Effect[] {
    const member = this.roster.get(worker);
    const holds = member?.task?.issue === issue && isSameTask(member.task, task);
    const superseded = holds ? member.superseded : undefined;
    if (holds) delete member.task;
    const state = this.nodeOf(task);
    if (!member || this.isHalted) return [{ kind: 'discard', worker, reason: 'stale' }];
    const { identity } = member;
    if (superseded && digest !== undefined && (superseded.taken.digest ?? digest) !== digest)
      return this.disagreedLate(task, superseded, { worker, identity, digest });
    if (superseded || state?.settledBy !== undefined)
      return [{ kind: 'discard', worker, reason: 'duplicate' }];
    if (!state) return [{ kind: 'discard', worker, reason: 'stale' }];
    const holder = state.holders.find((h) => h.worker === worker);
    if (!holder || !holds) return [{ kind: 'discard', worker, reason: 'stale' }];
    const step = this.open.get(task.net)!;
    if (isSound) this.noteTime(step.phase, member, holder, task);
    return this.weigh(step, state, { worker, identity, digest, isSound });
  }

  private noteTime({ stepKind }: Phase, member: Member, { worker, sinceMs }: Holder, node: TreeNode): void {
    if (!this.isLate(sinceMs, { ...node, stepKind })) this.roster.wasInTime(member);
    this.deadlines.note(worker, stepKind, { shards: this.shardsOf(node), ms: this.nowMs - sinceMs });
  }

  private weigh(step: OpenStep, state: NodeState, answer: Answer): Effect[] {
    const { worker, digest, isSound } = answer;
    const outcome = weigh(state, answer);
    const effects = this.perform(step, state, outcome);
    if (outcome.kind === 'held' || outcome.kind === 'not-finite')
      for (const refuted of refutedBy(state))
        effects.push(...this.quarantine(refuted, accusation(nameOf(step, state))));
    if (outcome.kind === 'settled' && outcome.agreed.length === 0) return effects;
    if (outcome.kind !== 'held' || state.kept.has(digest!))
      return [{ kind: 'discard', worker, reason: isSound ? 'duplicate' : 'not-finite' }, ...effects];
    state.kept.add(digest!);
    return [{ kind: 'hold', task: nameOf(step, state), digest: digest! }, ...effects];
  }

  /** What follows from a node's answers. */
  private perform(step: OpenStep, state: NodeState, outcome: Outcome): Effect[] {
    const task = nameOf(step, state);
    const { net } = task;
    const which = `shards of step ${task.step} of the ${net}`;
    switch (outcome.kind) {
      case 'not-finite':
        return [];
      case 'diverged':
        return [
          this.restore(
            task,
            'divergence',
            `${which} give something that is not finite, whoever computes them`,
          ),
        ];
      case 'held':
        return outcome.isDisagreement ? [{ kind: 'disagreed', task, workers: [...votersOf(state)] }] : [];
      case 'inconsistent': {
        const because = `it never computes the same twice: step ${task.step} of the ${net}`;
        return [{ kind: 'release', task }, ...this.quarantine(outcome.worker, because)];
      }
      case 'nobody-agrees': {
        this.hasEnded = true;
        const because =
          `${VOTES_MAX} answers to the same ${which} all differ: ` +
          'this build of the library, or these devices, do not compute the same twice';
        return [{ kind: 'failed', because }];
      }
      case 'settled': {
        const { agreed, wrong } = outcome;
        const refuted = this.disputes.settled(task, agreed);
        return [
          { kind: 'settle', task, ...(agreed[0] && { held: agreed[0].digest }) },
          ...this.supersede(step, state, outcome),
          ...wrong.flatMap((worker) => this.quarantine(worker, accusation(task))),
          ...refuted.flatMap((worker) => this.quarantine(worker, refutation(task))),
          ...(step.isComplete ? ([{ kind: 'complete', net, step: task.step }] as const) : []),
        ];
      }
    }
  }

  /** The others that still compute a settled node will be compared with the answer that was taken. */
  private supersede({ phase }: OpenStep, state: NodeState, { taken, agreed }: Superseded): Effect[] {
    const effects: Effect[] = [];
    for (const { worker, sinceMs } of state.holders) {
      const member = this.roster.get(worker);
      if (!member) continue;
      member.superseded = { taken, agreed };
      if (!this.isLate(sinceMs, { ...phase, ...state.node })) continue;
      const ms = this.roster.wasLate(member, this.nowMs);
      if (ms !== undefined) effects.push({ kind: 'set-aside', worker, ms });
    }
    state.holders = [];
    return effects;
  }

  /**
   * An answer that came late differs from the one that was taken. Where two had agreed on that, it is wrong. Else it is not known which
   * is, and the first was believed: its step is done again, by two that agree.
   */
  private disagreedLate(task: TaskName, { taken, agreed }: Superseded, late: Vote): Effect[] {
    const { worker } = late;
    const effects: Effect[] = [
      { kind: 'discard', worker, reason: 'duplicate' },
      { kind: 'disagreed', task, workers: [taken.worker, worker] },
    ];
    if (proves(agreed, late)) return [...effects, ...this.quarantine(worker, accusation(task))];
    const dispute: Dispute = { task, taken: { ...taken, digest: taken.digest! }, late };
    const serving = this.roster.identitiesFor(task.net, this.nowMs);
    const { blamed, because, isRestoring } = this.disputes.take(dispute, serving, this.nowMs);
    for (const guilty of blamed) effects.push(...this.quarantine(guilty, because));
    const why = `two answers to the same shards of step ${task.step} of the ${task.net} differ`;
    return isRestoring ? [...effects, this.restore(task, 'corruption', why)] : effects;
  }

  /** The hash of a worker's answer to a task will be compared with another's. */
  wantsDigest(worker: string, task: TaskName): boolean {
    const state = this.nodeOf(task);
    const isAmongSeveral = state !== undefined && (state.isVerified || state.holders.length > 1);
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

  private apply(net: Net, schedule?: ScheduleOptions): void {
    const step = this.open.get(net);
    assert(step?.isComplete, () => `${net} applied before it was complete`);
    this.open.delete(net);
    this.dueMs.delete(net);
    this.rounds.applied(net, schedule);
  }

  /**
   * What comes to something that is not finite, or beyond its bound, has changed nothing: it is computed once more, with an eye on every
   * answer; then it has diverged.
   */
  private notApplied({
    net,
    cause,
    is = 'is not finite',
  }: Extract<Event, { kind: 'not-applied' }>): Effect[] {
    const step = this.open.get(net);
    assert(step?.isComplete, () => `${net} was refused before it was complete`);
    if (!step.isCareful) {
      step.reopen({ reason: 'not-finite', worker: '' });
      return [];
    }
    const which = `step ${step.phase.step} of the ${net}`;
    return [this.restore(step.phase, 'divergence', `${IN_WORDS[cause]} of ${which} ${is}`)];
  }

  private restore({ net, step }: Pick<Phase, 'net' | 'step'>, cause: RestoreCause, because: string): Effect {
    this.isHalted = true;
    return { kind: 'restore', round: roundOf(this.rounds.schedule, net, step), cause, because };
  }

  private restored(versions: Versions, schedule?: ScheduleOptions): void {
    assert(this.isHalted, 'a restore that nobody asked for');
    this.isHalted = false;
    this.open.clear();
    this.dueMs.clear();
    this.roster.clearTasks();
    this.rounds.restore(versions, schedule);
  }

  private judged({ round, verdict, since = round }: Extract<Event, { kind: 'judged' }>): Effect[] {
    if (this.hasEnded || !this.rounds.noteVerdict(round) || verdict === 'continue') return [];
    if (verdict === 'rollback') {
      this.isHalted = true;
      const because = `the generator of step ${round} has collapsed`;
      return [{ kind: 'restore', round: since - 1, cause: 'collapse', because }];
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
    if (this.open.has(net)) return;
    if (this.isPaused || !this.rounds.mayBegin(net, (other) => this.open.has(other))) {
      this.dueMs.delete(net);
      return;
    }
    if (!this.dueMs.has(net)) this.dueMs.set(net, this.nowMs);
    const workers = this.roster.countFor(net, this.nowMs);
    if (workers === 0) return;
    const { shards, isVerified } = this.options;
    const phase = this.rounds.next(net);
    const disputed = this.disputes.levelOf(phase); // its nodes are those whose answers are to be compared
    const level = disputed ?? levelFor(shards, workers);
    const nodes = Array.from({ length: nodeCount(shards, level) }, (_, index) => ({ level, index }));
    const isDoubled = (node: TreeNode) => disputed !== undefined || isVerified(net, phase.step, node);
    this.open.set(net, new OpenStep(phase, nodes, isDoubled));
  }

  private assign(net: Net): Effect[] {
    const step = this.open.get(net);
    const outstanding = step?.outstanding ?? [];
    if (!step || outstanding.length === 0) return []; // at most events
    const effects: Effect[] = [];
    const isShared = this.roster.identitiesFor(net, this.nowMs).size > 1;
    for (const state of outstanding) {
      state.isShared ||= isShared;
      while (wantsWorker(state)) {
        const worker = this.roster.idleFor(net, this.nowMs, rankFor(state));
        if (worker === undefined) break;
        if (state.reissue) effects.push({ kind: 'reissued', net, ...state.reissue });
        delete state.reissue;
        this.issued += 1;
        const task = { ...step.phase, ...state.node, issue: this.issued };
        state.holders.push({ worker, identity: this.roster.get(worker)!.identity, sinceMs: this.nowMs });
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
      members: this.roster.all().map(([worker, member]) => ({
        worker,
        pool: member.pool,
        identity: member.identity,
        task: member.task,
        isSuperseded: member.superseded !== undefined,
        isAside: isAside(member, this.nowMs),
      })),
      steps: [...this.open.values()].map(({ phase, nodes }) => ({
        ...phase,
        nodes: [...nodes.values()].map(
          ({ node, holders, settledBy, votes, unsound, isVerified, isShared }) => ({
            task: { net: phase.net, step: phase.step, ...node },
            settledBy,
            holders: holders.map((holder) => ({ ...holder })),
            heard: [...votes, ...unsound].map(({ worker, identity }) => ({ worker, identity })),
            needsTwo: isShared && (isVerified || unsound.length > 0),
          }),
        ),
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

  /** Some net has no worker that serves it. */
  get hasEmptyPool(): boolean {
    return this.roster.emptyNets().length > 0;
  }

  /** Some step cannot go on for want of any worker that serves it. */
  lacksWorkers(): boolean {
    const empty = this.roster.emptyNets();
    return empty.some((net) => (this.open.get(net)?.outstanding.length ?? 0) > 0);
  }

  /** Milliseconds for which a net's step has waited for answers, or for workers that could give them; undefined where it does not. */
  waitingMs(net: Net, nowMs: number): number | undefined {
    const since = this.dueMs.get(net);
    const isApplied = this.open.get(net)?.isComplete ?? false;
    return since === undefined || isApplied || this.hasEnded ? undefined : nowMs - since;
  }

  /** Milliseconds after which a worker is late with what it computes now. */
  lateAfterMs(worker: string): number {
    const task = this.roster.get(worker)?.task;
    return task ? this.deadlines.lateAfterMs(task.stepKind, this.shardsOf(task)) : 0;
  }

  poolStates(): ReturnType<Roster['states']> {
    return this.roster.states(this.nowMs);
  }

  /** What a worker that joined does now. */
  stateOf(worker: string): WorkerState | undefined {
    const member = this.roster.get(worker);
    return member && stateOf(member, this.nowMs);
  }

  /** The task that a worker holds. */
  taskOf(worker: string): Task | undefined {
    return this.roster.get(worker)?.task;
  }
}

const nameOf = ({ phase: { net, step } }: OpenStep, { node }: NodeState): TaskName => ({
  net,
  step,
  ...node,
});

const accusation = ({ net, step }: TaskName): string =>
  `its answer to shards of step ${step} of the ${net} differs from what two others, or itself, agree on`;

const refutation = ({ net, step }: TaskName): string =>
  `its answer to shards of step ${step} of the ${net} is not what two agreed on when the step was done again`;
