// What a run tells while it goes: metrics of each step, progress after each round, lines of metrics.jsonl.
import type { RunConfig } from '../config/run-config.js';
import type { Metrics } from '../metrics/metrics.js';
import { NETS, type Net } from '../parameters/manifest.js';
import type { Versions } from '../protocol/schedule.js';
import { netOf, type StepKind } from '../protocol/step-kinds.js';
import { figuresOf } from '../run-folder/figures.js';
import type { RunFolder } from '../run-folder/run-folder.js';
import { STEPS } from '../steps/steps.js';

/** What a person watching wants to know, said after every round. */
export interface Progress {
  steps: Record<Net, number>;
  generatorSteps: number;
  imagesPerSecond: number;
  secondsLeft: number;
  accuracyReal: number;
  accuracyFake: number;
  lossDiscriminator: number;
  lossGenerator: number;
}

/** What TensorBoard is told of steps; of evaluations it is told every measure. */
const STEP_SCALARS = new Set([
  'gan_loss',
  'gan_value_function_nats',
  'gan_discriminator_accuracy_ratio',
  'gan_gradient_norm',
]);

/** Rounds over which the live rate is taken. */
const RATE_ROUNDS = 20;

export class RunReport {
  private readonly statistics: Record<Net, Record<string, number>> = { discriminator: {}, generator: {} };
  private readonly rounds: { ms: number; images: number }[] = [];
  private readonly wireBytes = { sent: 0, received: 0 };

  private beganMs: number | undefined;
  private imagesAtStart = 0;

  constructor(
    private readonly config: RunConfig,
    private readonly metrics: Metrics,
    private readonly folder: Pick<RunFolder, 'appendMetrics' | 'events' | 'path'>,
  ) {
    metrics.set('gan_goal_steps', config.stop.generatorSteps);
    metrics.set('gan_checkpoint_interval_steps', config.checkpoint.everySteps);
  }

  /** @param step G's step of the newest checkpoint, or 0 before the first */
  checkpoint(step: number): void {
    this.metrics.set('gan_checkpoint_version', step);
    this.metrics.set('gan_checkpoint_timestamp_seconds', Date.now() / 1000);
  }

  /** A task goes out: the first one begins training; what came before was loading and compiling. A resumed run has images behind it already. */
  begin(nowMs: number, steps: Versions): void {
    if (this.beganMs !== undefined) return;
    this.beganMs = nowMs;
    this.imagesAtStart = steps.discriminator * this.config.minibatch.size;
  }

  /** Seconds of training so far. */
  seconds(nowMs: number): number {
    return this.beganMs === undefined ? 0 : (nowMs - this.beganMs) / 1000;
  }

  /** A step was applied. */
  step(stepKind: StepKind, statistics: Record<string, number>, gradientNorm: number): void {
    const { metrics } = this;
    const net = netOf(stepKind);
    this.statistics[net] = statistics;
    metrics.increment('gan_steps_total', 1, { net });
    metrics.set('gan_gradient_norm', gradientNorm, { net });
    metrics.set('gan_last_step_timestamp_seconds', Date.now() / 1000, { net });
    for (const { name, metric, labels } of STEPS[stepKind].statistics)
      metrics.set(metric, statistics[name]!, labels);
    if (net === 'discriminator') metrics.increment('gan_images_total', this.config.minibatch.size);
  }

  /** A round is whole. @returns how the run goes */
  round(steps: Versions, nowMs: number): Progress {
    const { stop, schedule, minibatch, evaluation } = this.config;
    const rate = this.imagesPerSecond(steps, nowMs);
    const roundsLeft = stop.generatorSteps - steps.generator;
    const { discriminator: d, generator: g } = this.statistics;
    const progress: Progress = {
      steps,
      generatorSteps: stop.generatorSteps,
      imagesPerSecond: rate,
      secondsLeft: (roundsLeft * schedule.discriminatorSteps * minibatch.size) / Math.max(rate, 1e-9),
      accuracyReal: d.accuracyReal!,
      accuracyFake: d.accuracyFake!,
      lossDiscriminator: d.loss!,
      lossGenerator: g.loss!,
    };
    const every = Math.max(1, Math.round(evaluation.everySteps / 10));
    if (steps.generator % every === 0 || roundsLeft === 0) {
      const { generatorSteps: _, secondsLeft: __, ...line } = progress;
      this.folder.appendMetrics({ kind: 'step', seconds: this.seconds(nowMs), ...line });
      this.folder.events.scalars(steps.generator, { images_per_second: rate, ...this.stepScalars() });
    }
    return progress;
  }

  /** The latest metrics of steps, with TensorBoard's tags: `gan_loss/generator` for `gan_loss{net="generator"}`. */
  private stepScalars(): Record<string, number> {
    const tags = Object.entries(this.metrics.latest()).flatMap(([key, value]): [string, number][] => {
      const [, name = key, label] = /^(\w+)\{\w+="(\w+)"\}$/.exec(key) ?? [];
      return STEP_SCALARS.has(name) ? [[label === undefined ? name : `${name}/${label}`, value]] : [];
    });
    return Object.fromEntries(tags);
  }

  private imagesPerSecond(steps: Versions, nowMs: number): number {
    const last = { ms: nowMs, images: steps.discriminator * this.config.minibatch.size };
    this.rounds.push(last);
    if (this.rounds.length > RATE_ROUNDS + 1) this.rounds.shift();
    const first =
      this.rounds.length > 1 ? this.rounds[0]! : { ms: this.beganMs ?? nowMs, images: this.imagesAtStart };
    return ((last.images - first.images) * 1000) / Math.max(last.ms - first.ms, 1e-3);
  }

  /** The evaluator's measures of a version. */
  evaluation(version: number, seconds: number, measures: Readonly<Record<string, number>>): void {
    this.metrics.set('gan_evaluation_seconds', seconds);
    this.metrics.set('gan_evaluated_version', version);
    for (const [name, value] of Object.entries(measures)) this.metrics.set(name as never, value);
    this.folder.appendMetrics({ kind: 'evaluation', step: version, seconds, ...measures });
    this.folder.events.scalars(version, measures);
    for (const { kind, png } of figuresOf(this.folder.path, version))
      this.folder.events.image(version, kind, png);
  }

  /** The run has gone back to a checkpoint. */
  rollback(record: Readonly<Record<string, unknown>>): void {
    this.rounds.length = 0;
    this.folder.appendMetrics({ kind: 'rollback', ...record });
  }

  /** Seconds since the oldest unanswered task of a net was given out. */
  waiting(net: Net, ms: number): void {
    this.metrics.set('gan_waiting_seconds', ms / 1000, { net });
  }

  /** Gauges of the whole server. */
  gauges(
    versions: Versions,
    pools: Readonly<Record<string, Readonly<Record<string, number>>>>,
    bytes: Readonly<Record<'sent' | 'received', number>>,
  ): void {
    for (const net of NETS) this.metrics.set('gan_parameters_version', versions[net], { net });
    for (const [pool, states] of Object.entries(pools)) {
      for (const [state, workers] of Object.entries(states))
        this.metrics.set('gan_pool_workers', workers, { pool, state });
    }
    for (const direction of ['sent', 'received'] as const) {
      this.metrics.increment('gan_wire_bytes_total', bytes[direction] - this.wireBytes[direction], {
        direction,
      });
      this.wireBytes[direction] = bytes[direction];
    }
  }
}
