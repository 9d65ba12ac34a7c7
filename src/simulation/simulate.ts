// One simulated run: a server, its workers, a wire and all that goes wrong with them, from one seed; then what was broken.
import { messageOf } from '../errors.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { serves } from '../protocol/roster.js';
import { roundOf, versionsAfter } from '../protocol/schedule.js';
import { DEADLINES } from '../protocol/timing.js';
import { undisturbed, type Values } from './arithmetic.js';
import { Blame } from './blame.js';
import { EvaluatorModel } from './evaluator-model.js';
import { drawScenario, type Scenario } from './faults.js';
import type { Sight, Slot } from './liars.js';
import type { FromServer, FromWorker } from './messages.js';
import { type Ends, type Link, Network } from './network.js';
import type { PlantedBug } from './planted-bugs.js';
import { type Disk, ServerModel } from './server-model.js';
import { courseOf } from './verdicts.js';
import { describe, WorkerModel } from './worker-model.js';
import { World } from './world.js';

export interface SimulationOptions {
  seed: number;
  bug?: PlantedBug;
  /** told every message and every decision */
  transcript?(line: string): void;
}

export interface Outcome {
  seed: number;
  scenario: Scenario;
  /** broken claims; none when all is well */
  violations: string[];
  /** how the run ended: `done`, `collapsed`, or `failed: …` for a reason that the server gave */
  end: string;
  events: number;
  seconds: number;
  crashes: { server: number; worker: number };
}

/** A run that has not ended after so many events, or this long after everything has calmed down, hangs. */
const EVENTS_MAX = 400_000;
const PATIENCE_MS = 600_000;
/** … and so many times what one worker alone would compute for. */
const PATIENCE_FACTOR = 6;
const VIOLATIONS_MAX = 5;

export function simulate({ seed, bug, transcript }: SimulationOptions): Outcome {
  const world = new World(seed, transcript);
  const simulation = new Simulation(world, drawScenario(world), bug);
  return simulation.run();
}

class Simulation {
  private readonly violations: string[] = [];
  private readonly disk: Disk = { checkpoints: [], term: 0 };
  private readonly network: Network;
  private readonly links = new Map<string, { link: Link; ends: Ends }>();
  private readonly workers = new Map<string, WorkerModel>();
  /** every version that was ever published, by branch: the same again after a crash, never another */
  private readonly history = new Map<string, string>();
  private readonly branchOfRound: number[] = [];
  /** a step diverged that need not have: its branch is nobody's verdict */
  private hasStrayed = false;
  private readonly blame: Blame;
  private readonly evaluator: EvaluatorModel | undefined;
  private server: ServerModel | undefined;
  private born = 0;
  private end: string | undefined;
  private finalValues: Values | undefined;
  private readonly crashes = { server: 0, worker: 0 };

  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
    private readonly bug: PlantedBug | undefined,
  ) {
    this.blame = new Blame(scenario.slots, (claim) => this.broken(claim));
    this.network = new Network(world, scenario, () => this.isCalm);
    this.startServer();
    this.evaluator =
      scenario.judging &&
      new EvaluatorModel({
        world,
        scenario,
        isCalm: () => this.isCalm,
        server: () => this.server,
      });
    for (const slot of scenario.slots) world.after(world.between(0, 2000), () => this.startWorker(slot));
  }

  private get isCalm(): boolean {
    return this.world.nowMs > this.scenario.calmAfterMs;
  }

  run(): Outcome {
    let events = 0;
    const { calmAfterMs, generatorSteps, shards, shardMs, schedule, liar } = this.scenario;
    // one that is never late, by what others take, may have to give the second opinion on every node
    const longestMs =
      liar?.kind === 'just in time' ? DEADLINES.floorMs + DEADLINES.factor * shardMs : shardMs;
    const most = { steps: schedule.auto?.most ?? 1, since: { discriminator: 0, generator: 0 } };
    const { discriminator, generator } = versionsAfter({ ...schedule, paced: most }, generatorSteps);
    const aloneMs = (discriminator + generator) * shards * longestMs;
    const deadline = calmAfterMs + PATIENCE_MS + PATIENCE_FACTOR * aloneMs;
    while (this.end === undefined && this.violations.length < VIOLATIONS_MAX && this.step()) {
      events += 1;
      if (events > EVENTS_MAX || this.world.nowMs > deadline) break;
      if (this.server && !this.isCalm && this.world.chance(this.scenario.serverCrash)) this.crashServer();
    }
    this.judge();
    return {
      seed: this.world.seed,
      scenario: this.scenario,
      violations: this.violations,
      end: this.end ?? 'none',
      events,
      seconds: this.world.nowMs / 1000,
      crashes: this.crashes,
    };
  }

  /** One event. A broken assertion of the code under test is a broken claim like any other. */
  private step(): boolean {
    try {
      return this.world.next();
    } catch (error) {
      this.broken(messageOf(error));
      return false;
    }
  }

  /** The run has ended, with the weights of an undisturbed one or with a reason. */
  private judge(): void {
    if (this.violations.length > 0) return;
    if (this.end === undefined) {
      const waits = this.server?.coordinator.waitingFor(this.world.nowMs) ?? 'nothing that it could name';
      this.broken(`the run hangs: ${this.server ? `it waits for ${waits}` : 'there is no server'}`);
      return;
    }
    this.compareCourse();
    if (this.end !== 'done') return;
    const { schedule, shards, generatorSteps } = this.scenario;
    const expected = undisturbed(schedule, shards, generatorSteps, (round) => this.branchOfRound[round] ?? 0);
    for (const net of NETS)
      if (this.finalValues![net] !== expected[net])
        this.broken(
          `the last ${net} is ${this.finalValues![net]}, that of an undisturbed run ${expected[net]}`,
        );
  }

  /** Where a run goes back to and how it ends follow from its verdicts alone, unless nobody could be believed. */
  private compareCourse(): void {
    const isOurs = ['done', 'collapsed', 'failed: given up'].includes(this.end!);
    if (this.hasStrayed || !isOurs) return;
    const { end, branches } = courseOf(this.world.seed, this.scenario);
    if (this.end !== end)
      this.broken(`the run ended with '${this.end}', by its verdicts it ends with '${end}'`);
    const seen = this.branchOfRound.slice(0, branches.length);
    if (end === 'done' && seen.join() !== branches.join())
      this.broken(`rounds were computed on branches ${seen}, by the verdicts on ${branches}`);
  }

  private broken(claim: string): void {
    this.world.say(() => `BROKEN: ${claim}`);
    this.violations.push(claim);
  }

  private sightOf({ session }: WorkerModel): Sight | undefined {
    if (!this.server) return undefined;
    const { coordinator } = this.server;
    const { members } = coordinator.snapshot();
    return {
      isSuperseded: members.some((member) => member.worker === session && member.isSuperseded),
      lateAfterMs: coordinator.lateAfterMs(session),
      identities: (net) =>
        new Set(members.flatMap(({ pool, identity }) => (serves(pool, net) ? [identity] : []))),
    };
  }

  private startServer(): void {
    this.blame.serverStarts();
    this.world.say(() => `server starts from ${this.disk.checkpoints.at(-1)?.round ?? 'the beginning'}`);
    this.server = new ServerModel({
      world: this.world,
      scenario: this.scenario,
      bug: this.bug,
      disk: this.disk,
      send: (session, message) => this.toWorker(session, message),
      broken: (claim) => this.broken(claim),
      published: (net, version, branch, value) => this.published(net, version, branch, value),
      silent: (session) => this.world.after(100, () => this.workers.get(nameOf(session))?.crash()),
      askEvaluator: (session, question) => this.evaluator?.ask(session, question),
      quarantined: (session) => this.blame.quarantined(nameOf(session)),
      returned: (cause, branch, round) => {
        if (cause === 'corruption') this.blame.returned();
        const { schedule, divergesAt } = this.scenario;
        const isForetold =
          branch === 0 && divergesAt !== undefined && round === roundOf(schedule, 'generator', divergesAt);
        if (cause === 'divergence' && !isForetold) this.hasStrayed = true;
      },
      ended: (because, values) => {
        this.end = because;
        this.finalValues = values;
      },
    });
  }

  private crashServer(): void {
    this.world.say(() => 'server crashes');
    this.crashes.server += 1;
    this.server!.isAlive = false;
    this.server = undefined;
    for (const { link, ends } of this.links.values()) this.network.close(link, ends, 'server');
    this.links.clear();
    this.world.after(this.world.between(300, 3000), () => {
      this.startServer();
      this.evaluator?.join();
    });
  }

  private startWorker(slot: Slot): void {
    const name = `w${this.born++}`;
    const { pool, identity, isLiar } = slot;
    this.world.say(() => `${name} starts on ${identity}, for ${pool}${isLiar ? ', and lies' : ''}`);
    if (isLiar) this.blame.deserves(name);
    const worker: WorkerModel = new WorkerModel(name, slot, this.world.between(0.7, 1.5), {
      world: this.world,
      scenario: this.scenario,
      bug: this.bug,
      isCalm: () => this.isCalm,
      sight: (itself) => this.sightOf(itself),
      faltered: (itself) => this.blame.deserves(itself.name),
      connect: (itself) => this.connect(itself),
      disconnect: (itself) => this.disconnect(itself),
      ended: (itself, how) => this.workerEnded(itself, how),
    });
    this.workers.set(name, worker);
  }

  private connect(worker: WorkerModel): ((message: FromWorker) => void) | undefined {
    const { server } = this;
    if (!server) return undefined;
    const { session } = worker;
    const ends: Ends = {
      server: (message) => {
        if (server.isAlive) server.receive(message as FromWorker);
      },
      worker: (message) => {
        if (worker.isUp && worker.session === session) worker.receive(message as FromServer);
      },
      serverLost: () => {
        this.links.delete(session);
        if (server.isAlive) server.gone(session);
      },
      workerLost: () => {
        if (worker.isUp && worker.session === session) worker.lost();
      },
    };
    const link = this.network.connect(ends);
    this.links.set(session, { link, ends });
    return (message) => {
      this.world.say(() => `${session} → ${describe(message)}`);
      link.toServer(message);
    };
  }

  private workerEnded(worker: WorkerModel, how: 'crashed' | 'refused' | 'over'): void {
    this.world.say(() => `${worker.name} is gone: ${how}`);
    this.crashes.worker += 1;
    this.workers.delete(worker.name);
    this.disconnect(worker);
    const isLiar = worker.slot.isLiar && how === 'crashed'; // who was sent away is seen to
    if (how !== 'over')
      this.world.after(this.world.between(50, 2000), () => this.startWorker({ ...worker.slot, isLiar }));
  }

  private disconnect({ session }: WorkerModel): void {
    const connection = this.links.get(session);
    if (connection) this.network.close(connection.link, connection.ends, 'worker');
  }

  private toWorker(session: string, message: FromServer): void {
    this.world.say(() => `server → ${session} ${describe(message)}`);
    this.links.get(session)?.link.toWorker(message);
  }

  private published(net: Net, version: number, branch: number, value: string): void {
    const name = `${net}@${version}`;
    const known = this.history.get(`${branch} ${name}`);
    if (known !== undefined && known !== value)
      this.broken(`there are two versions ${name}: ${known} and ${value}`);
    this.history.set(`${branch} ${name}`, value);
    if (net === 'generator') this.branchOfRound[version - 1] = branch;
  }
}

/** `w3.2` is the second connection of the process `w3`. */
const nameOf = (session: string): string => session.slice(0, session.indexOf('.'));
