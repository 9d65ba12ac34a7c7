// `nash train`: server, workers and evaluator of one run on this host, started, watched and ended together.
import { join } from 'node:path';
import { Command } from 'commander';
import { EXIT, NashError } from '../errors.js';
import { holdsRun, runFile } from '../run-folder/run-files.js';
import { RunFolder } from '../run-folder/run-folder.js';
import { type RunResult, resultOf } from '../run-folder/run-result.js';
import { Child } from './children.js';
import type { UpMessage } from './launcher-link.js';
import type { CommandMaker } from './main.js';
import {
  type Placement,
  type PlacementArguments,
  placementOf,
  requireFitting,
  withPlacement,
} from './placement.js';
import { duration, progressDisplay } from './progress.js';
import {
  type ResolvedRun,
  type RunArguments,
  resolveRun,
  toWords,
  withRunArguments,
} from './run-arguments.js';
import { resumeCommand } from './server-command.js';
import { onStopSignal } from './signals.js';
import { requireGpu } from './supervision.js';

interface TrainArguments extends RunArguments, PlacementArguments {
  dumpGraph?: string;
  json?: boolean;
}

export const trainCommand: CommandMaker = (finish) =>
  withPlacement(withRunArguments(new Command('train')))
    .description('train on this host: starts the server, its workers and the evaluator')
    .option('--json', 'the last line of standard output is result.json')
    .option(
      '--dump-graph <dir>',
      'leave the compiled steps there as SavedModels, to be looked at with Netron or TensorBoard',
    )
    .addHelpText(
      'after',
      '\nExample:\n  npx nash train configs/ring.yaml --workers discriminator=2,generator=2 --set stop.generatorSteps=2000',
    )
    .action(async (config: string, args: TrainArguments) => finish(await run(config, args)));

async function run(configFile: string, args: TrainArguments): Promise<number> {
  const resolved = resolveRun(configFile, args);
  const placement = placementOf(args);
  requireServer(placement, args.topology);
  requireFitting(placement, resolved.config);
  RunFolder.check(resolved.runDir, resolved.opening);
  requireGpu(placement.needsGpu);
  const launch = new Launch(configFile, withEndpoint(args, placement), resolved, placement);
  return launch.run();
}

function requireServer({ server }: Placement, topology: string | undefined): void {
  if (server) return;
  throw new NashError(
    'usage',
    `${topology}: this host's part has no server, and nash train starts one. Start its workers with pm2, or each with nash worker.`,
  );
}

/** The topology's address is what the server binds, unless --set says otherwise. */
export const withEndpoint = <A extends RunArguments>(args: A, { endpoint }: Placement): A =>
  endpoint === undefined ? args : { ...args, set: [`server.endpoint=${endpoint}`, ...args.set] };

/** Times that a server may die, one after another, without the run getting any further than it had been. */
const SERVER_DEATHS_MAX = 10;
/** First delay before a lost worker is started again, and the longest. */
const BACK_OFF_MS = { first: 50, last: 1000 };
/** A worker that lived this long is started again without delay. */
const STEADY_MS = 10_000;

class Launch {
  private readonly display = progressDisplay(process.stdout);
  private readonly children = new Set<Child>();
  private server!: Child;
  private restartCount = 0;
  /** the furthest step of G that any server has said */
  private furthest = 0;
  private hasWorkers = false;
  private isEnding = false;
  private isStopping = false;
  /** workers of each pool that live or will be started again */
  private readonly living = new Map<string, number>();
  private serverError: { exitCode: number; message: string } | undefined;

  constructor(
    private readonly configFile: string,
    private readonly args: TrainArguments,
    private readonly resolved: ResolvedRun,
    private readonly placement: Placement,
  ) {}

  async run(): Promise<number> {
    onStopSignal(
      () => {
        this.isStopping = true;
        this.display.say('stopping: the step is finished and a checkpoint taken; once more leaves at once');
        this.server.tell({ kind: 'stop' });
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
    let [deaths, args] = [0, this.args];
    for (;;) {
      const before = this.furthest;
      this.server = this.startServer(args);
      const exitCode = await this.server.exited;
      const isOver = exitCode === EXIT.done || exitCode === EXIT.resumable || this.serverError !== undefined;
      if (isOver || this.isEnding || this.isStopping) return exitCode;
      deaths = this.furthest > before ? 1 : deaths + 1;
      if (deaths > SERVER_DEATHS_MAX) return exitCode;
      this.display.say(`the server died (${exitCode}); it is started again from the last checkpoint`);
      this.restartCount += 1;
      const { force: _, resume: __, ...rest } = this.args;
      args = holdsRun(this.resolved.runDir) ? { ...rest, resume: true } : this.args;
    }
  }

  private startServer(args: TrainArguments): Child {
    const words = toWords(this.configFile, args);
    return this.start({
      name: 'server',
      words: ['server', ...words, ...(this.placement.evaluator ? ['--expect-evaluator'] : [])],
      onMessage: (message) => this.hear(message),
      onExit: () => {},
    });
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
      case 'ending':
        this.isEnding = true;
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

  /** A worker that does not answer is ended, and so started again. */
  private endSilent({ pid, name, why }: Extract<UpMessage, { kind: 'silent' }>): void {
    const child = [...this.children].find((candidate) => candidate.pid === pid);
    if (!child) return;
    this.display.say(`${name} is ${why} and does not answer; another one is started in its place`);
    child.kill();
  }

  private startWorkers({ endpoint, http }: { endpoint: string; http: string }): void {
    const { runDir } = this.resolved;
    const { workers, evaluator } = this.placement;
    this.display.say(`${runDir}: server at ${endpoint}, metrics at http://${http}/metrics`);
    const logs = runFile(runDir, 'logs');
    const address = ['--run-dir', runDir];
    for (const { pool, name, device } of workers) {
      const isFirst = !this.living.has(pool);
      this.living.set(pool, (this.living.get(pool) ?? 0) + 1);
      const words = ['worker', '--pool', pool, '--name', name, ...address];
      if (device !== undefined) words.push('--require-gpu');
      if (isFirst && this.args.dumpGraph) words.push('--dump-graph', this.args.dumpGraph);
      this.keepAlive(pool, { name, logs, device, words });
    }
    if (evaluator) this.keepAlive('evaluator', { name: 'evaluator', logs, words: ['evaluator', ...address] });
  }

  /** Starts a process and starts it again whenever it is lost, but not when it left because it cannot work (2 or 3). */
  private keepAlive(
    pool: string,
    child: { name: string; logs: string; device?: string | undefined; words: string[] },
    backOffMs = BACK_OFF_MS.first,
  ): void {
    const startedMs = performance.now();
    const running = this.start({
      ...child,
      onExit: (exitCode) => {
        if (this.isEnding) return;
        if (exitCode === EXIT.usage || exitCode === EXIT.environment) {
          this.giveUp(pool, exitCode, `${child.name}: ${running.lastWords() || `ended with ${exitCode}`}`);
          return;
        }
        const isSteady = performance.now() - startedMs > STEADY_MS;
        const delayMs = isSteady ? 0 : backOffMs;
        setTimeout(() => {
          if (this.isEnding) return;
          this.restartCount += 1;
          this.server.tell({ kind: 'restarts', count: this.restartCount });
          this.keepAlive(
            pool,
            child,
            isSteady ? BACK_OFF_MS.first : Math.min(BACK_OFF_MS.last, backOffMs * 2),
          );
        }, delayMs);
      },
    });
  }

  /** A worker that cannot work is not started again; a pool without workers ends the run, an evaluator is done without. */
  private giveUp(pool: string, exitCode: number, message: string): void {
    this.display.say(message);
    if (pool === 'evaluator') {
      this.server.tell({ kind: 'no-evaluator', why: message });
      return;
    }
    const left = this.living.get(pool)! - 1;
    this.living.set(pool, left);
    if (left === 0) this.server.tell({ kind: 'give-up', exitCode, message });
  }

  private conclude(exitCode: number): number {
    const { runDir } = this.resolved;
    if (this.serverError) {
      process.stderr.write(`nash: ${this.serverError.message}\n`);
    } else if (exitCode !== EXIT.done && exitCode !== EXIT.resumable) {
      process.stderr.write(
        `nash: the server died (${exitCode}); its log is ${join(runFile(runDir, 'logs'), 'server.ndjson')}. Go on from the last checkpoint with: ${this.resume()}\n`,
      );
      exitCode = EXIT.failed;
    }
    const result = resultOf(this.resolved.runDir);
    if (result && exitCode === EXIT.done) this.summarize(result);
    if (exitCode === EXIT.resumable) this.display.say(`stopped; go on with: ${this.resume()}`);
    if (this.args.json && result) process.stdout.write(`${JSON.stringify(result)}\n`);
    return exitCode;
  }

  private resume(): string {
    return resumeCommand('train', this.configFile, this.args, this.resolved.runDir);
  }

  private summarize({ steps, seconds, imagesPerSecond, metrics }: RunResult): void {
    const { runDir } = this.resolved;
    const { config } = this.resolved;
    const rate = Math.round(imagesPerSecond).toLocaleString('en');
    this.display.say(
      `done: ${steps.discriminator} steps of D and ${steps.generator} of G in ${duration(seconds)}, ${rate} images/s`,
    );
    const captured = metrics.gan_modes_captured;
    const quality = metrics.gan_high_quality_samples_ratio;
    if (captured !== undefined) {
      const near =
        quality === undefined
          ? ''
          : `, ${Math.round(quality * 100)} % of samples within three deviations of a mode`;
      this.display.say(`modes ${captured}/${metrics.gan_modes_expected}${near}`);
    }
    this.display.say(`figures: ${runFile(runDir, 'figures')}, result: ${runFile(runDir, 'result')}`);
    const next =
      config.data.source === 'ring'
        ? 'next: npx nash data mnist && npx nash train configs/mnist-gan.yaml'
        : `next: npx nash sample ${runDir} --count 64 --out samples.png`;
    this.display.say(next);
  }
}
