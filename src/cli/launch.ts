// The processes of `nash train`, as long as their run lasts: which live, which are started again, and how it ends.
import { join } from 'node:path';
import { EXIT } from '../errors.js';
import { holdsRun } from '../run-folder/ownership.js';
import { withToken } from '../run-folder/process-token.js';
import { runFile } from '../run-folder/run-files.js';
import { resultOf } from '../run-folder/run-result.js';
import { Child } from './children.js';
import type { UpMessage } from './launcher-link.js';
import type { Placement } from './placement.js';
import { modulesIn, processesOf, type RunProcess } from './processes.js';
import { progressDisplay } from './progress.js';
import type { ResolvedRun, RunArguments } from './run-arguments.js';
import { resumeCommand } from './server-command.js';
import { onStopSignal, statusOf } from './signals.js';
import { NOT_BEGUN, stoppedLine, summaryOf } from './summary.js';

/** Times that a server may die, one after another, without the run getting any further than it had been. */
const SERVER_DEATHS_MAX = 10;
/** First delay before a lost worker is started again, and the longest. */
const BACK_OFF_MS = { first: 50, factor: 2, last: 1000 };
/** Workers take some seconds to load and compile, more on a busy machine. */
const STARTING_MS = 30_000;
/** Training waits for workers, not for an evaluator. */
const EVALUATOR_BACK_OFF_MS = { first: 200, factor: 3, last: 10_000 };
/** A worker that lived this long is started again without delay. */
const STEADY_MS = 10_000;

/** Deaths of the evaluator in a row without an evaluation, after which it is done without. */
const EVALUATOR_DEATHS_MAX = 5;

const backOffOf = ({ role }: RunProcess) => (role === 'evaluator' ? EVALUATOR_BACK_OFF_MS : BACK_OFF_MS);

/** The run that is launched, and what a person asked to see of it. */
export interface Launched {
  configFile: string;
  /** the topology's endpoint among them */
  args: RunArguments & { dumpGraph?: string; json?: boolean };
  resolved: ResolvedRun;
  placement: Placement;
}

/** Starts the processes of a run, starts again those that are lost, and ends them all together. */
export class Launch {
  private readonly display = progressDisplay(process.stdout);
  private readonly children = new Set<Child>();
  private server!: Child;
  private restartCount = 0;
  /** the furthest step of G that any server has said */
  private furthest = 0;
  private hasWorkers = false;
  private isEnding = false;
  private isStopping = false;
  private isWaitSaid = false;
  /** when the workers were */
  private startedMs = 0;
  /** workers of each pool that live or will be started again */
  private readonly living = new Map<RunProcess['role'], number>();
  private serverError: { exitCode: number; message: string } | undefined;

  constructor(private readonly launched: Launched) {}

  /** @returns exit status */
  async run(): Promise<number> {
    onStopSignal(
      (signal) => {
        this.isStopping = true;
        const isBegun = this.hasWorkers;
        this.display.say(
          isBegun
            ? 'stopping: the step is finished and a checkpoint taken; once more leaves at once'
            : 'stopping before the first step',
        );
        this.server.tell({ kind: 'stop', ...(!isBegun && { exitCode: statusOf(signal) }) });
      },
      () => {
        for (const child of this.children) child.kill();
      },
    );
    const exitCode = await this.serve();
    this.isEnding = true;
    await Promise.all([...this.children].map((child) => child.end()));
    this.display.end();
    return this.conclude(exitCode);
  }

  /** Runs servers until one ends by itself: one that dies is started again, from the last checkpoint, while that leads anywhere. */
  private async serve(): Promise<number> {
    let [deaths, args] = [0, this.launched.args];
    for (;;) {
      const before = this.furthest;
      this.server = this.startServer(args);
      const exitCode = await this.server.exited;
      const isOver =
        exitCode === EXIT.done ||
        exitCode === EXIT.resumable ||
        this.serverError !== undefined ||
        this.isNotBegun(exitCode);
      if (isOver || this.isEnding || this.isStopping) return exitCode;
      deaths = this.furthest > before ? 1 : deaths + 1;
      if (deaths > SERVER_DEATHS_MAX) return exitCode;
      this.display.say(`the server died (${exitCode}); it is started again from the last checkpoint`);
      this.restartCount += 1;
      const { force: _, resume: __, ...rest } = this.launched.args;
      args = holdsRun(this.launched.resolved.runDir) ? { ...rest, resume: true } : this.launched.args;
    }
  }

  /** What belongs on this host, the server first. @param args of the server */
  private processes(args = this.launched.args): RunProcess[] {
    const { dumpGraph } = this.launched.args;
    const { runDir, config } = this.launched.resolved;
    const modules = modulesIn(config);
    return processesOf({ ...this.launched, args, runDir, modules, dumpGraph, isSupervised: false });
  }

  private startServer(args: Launched['args']): Child {
    const [server] = this.processes(args);
    return this.start({ ...server!, onMessage: (message) => this.hear(message), onExit: () => {} });
  }

  private start(options: ConstructorParameters<typeof Child>[0]): Child {
    const child = new Child({
      ...options,
      onExit: (exitCode) => {
        this.children.delete(child);
        options.onExit(exitCode);
      },
    });
    this.children.add(child);
    return child;
  }

  private hear(message: UpMessage): void {
    switch (message.kind) {
      case 'progress':
        this.furthest = Math.max(this.furthest, message.progress.steps.generator);
        this.display.show(message.progress);
        return;
      case 'note':
        this.display.say(message.note);
        return;
      case 'waiting':
        this.hearWait(message);
        return;
      case 'ending':
        this.isEnding = true;
        return;
      case 'evaluated':
        return;
      case 'error':
        this.serverError = message;
        return;
      case 'silent':
        this.endSilent(message);
        return;
      case 'listening':
        this.server.tell({ kind: 'restarts', count: this.restartCount });
        if (!this.hasWorkers) this.startWorkers(message);
        this.hasWorkers = true;
        return;
    }
  }

  /** That the workers which were just started here get ready is no news; nor is then that they are. */
  private hearWait({ line, isOver }: Extract<UpMessage, { kind: 'waiting' }>): void {
    const hasOwn = [...this.living.keys()].some((role) => role !== 'evaluator');
    const isStarting = hasOwn && performance.now() - this.startedMs < STARTING_MS;
    if (isOver ? this.isWaitSaid : !isStarting) this.display.complain(line);
    this.isWaitSaid = !isOver && (this.isWaitSaid || !isStarting);
  }

  /** A worker that does not answer is ended, and so started again. */
  private endSilent({ pid, name, why }: Extract<UpMessage, { kind: 'silent' }>): void {
    const child = [...this.children].find((candidate) => candidate.pid === pid);
    if (!child) return;
    this.display.say(`${name} is ${why} and does not answer; another one is started in its place`);
    child.kill();
  }

  private startWorkers({ endpoint, http }: { endpoint: string; http: string }): void {
    const { runDir } = this.launched.resolved;
    this.display.say(`${runDir}: server at ${endpoint}, metrics at http://${http}/metrics`);
    const children = this.processes().slice(1);
    if (children.every(({ role }) => role === 'evaluator'))
      this.display.say(`no workers are started here; \`npx nash worker --run-dir ${runDir}\` starts one`);
    this.startedMs = performance.now();
    for (const child of children) {
      this.living.set(child.role, (this.living.get(child.role) ?? 0) + 1);
      this.keepAlive(child);
    }
  }

  /** Starts a process and starts it again whenever it is lost, but not when it left because it cannot work (2 or 3). */
  private keepAlive(child: RunProcess, backOffMs = backOffOf(child).first, deathsBefore = 0): void {
    const startedMs = performance.now();
    let deaths = deathsBefore + 1; // should it die before it has evaluated anything
    const running = this.start({
      ...child,
      env: withToken(child.env),
      logs: runFile(this.launched.resolved.runDir, 'logs'),
      onMessage: ({ kind }) => {
        if (kind === 'evaluated') deaths = 1;
      },
      onExit: (exitCode) => {
        if (this.isEnding) return;
        const why = running.lastWords() || `ended with ${exitCode}`;
        if (exitCode === EXIT.usage || exitCode === EXIT.environment) {
          this.giveUp(child.role, exitCode, `${child.name}: ${why}`);
          return;
        }
        if (child.role === 'evaluator' && deaths >= EVALUATOR_DEATHS_MAX) {
          const times = `${deaths} times in a row without an evaluation`;
          const log = join(runFile(this.launched.resolved.runDir, 'logs'), `${child.name}.stderr`);
          this.giveUp(
            child.role,
            exitCode,
            `${child.name}: it died ${times} and is given up: ${why}; see ${log}`,
          );
          return;
        }
        const isSteady = performance.now() - startedMs > STEADY_MS;
        const delayMs = isSteady ? 0 : backOffMs;
        setTimeout(() => {
          if (this.isEnding) return;
          this.restartCount += 1;
          this.server.tell({ kind: 'restarts', count: this.restartCount });
          const { first, factor, last } = backOffOf(child);
          this.keepAlive(child, isSteady ? first : Math.min(last, backOffMs * factor), deaths);
        }, delayMs);
      },
    });
  }

  /** A worker that cannot work is not started again; a pool without workers ends the run, an evaluator is done without. */
  private giveUp(role: RunProcess['role'], exitCode: number, message: string): void {
    this.display.say(message);
    if (role === 'evaluator') {
      this.server.tell({ kind: 'no-evaluator', why: message });
      return;
    }
    const left = this.living.get(role)! - 1;
    this.living.set(role, left);
    if (left === 0) this.server.tell({ kind: 'give-up', exitCode, message });
  }

  /** Whether a server that left with this status was told to before it listened. */
  private isNotBegun(exitCode: number): boolean {
    return !this.hasWorkers && (exitCode === EXIT.interrupted || exitCode === EXIT.terminated);
  }

  private conclude(exitCode: number): number {
    const { resolved, args } = this.launched;
    if (this.serverError) {
      process.stderr.write(`nash: ${this.serverError.message}\n`);
    } else if (this.isNotBegun(exitCode)) {
      this.display.say(NOT_BEGUN);
    } else if (exitCode !== EXIT.done && exitCode !== EXIT.resumable) {
      const log = join(runFile(resolved.runDir, 'logs'), 'server.ndjson');
      process.stderr.write(
        `nash: the server died (${exitCode}); its log is ${log}. Go on from the last checkpoint with: ${this.resume()}\n`,
      );
      exitCode = EXIT.failed;
    }
    const hasEnded = exitCode === EXIT.done || exitCode === EXIT.resumable;
    const result = hasEnded || args.json ? resultOf(resolved.runDir) : undefined;
    if (result && exitCode === EXIT.done)
      for (const line of summaryOf(result, resolved)) this.display.say(line);
    if (exitCode === EXIT.resumable) this.display.say(stoppedLine(result, this.resume()));
    if (args.json && result) process.stdout.write(`${JSON.stringify(result)}\n`);
    return exitCode;
  }

  private resume(): string {
    return resumeCommand('train', this.launched.resolved);
  }
}
