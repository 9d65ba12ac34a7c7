// What a run tells while it goes: metrics of each step, progress after each round, lines of metrics.jsonl.
import type { RunConfig } from '../config/run-config.js';
import type { Metrics } from '../metrics/metrics.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { isEvery, type ScheduleOptions, type Versions, versionsAfter } from '../protocol/schedule.js';
import { netOf, type StepKind } from '../protocol/step-kinds.js';
import type { Amendment, Totals } from '../run/run-state.js';
import { figuresOf } from '../run-folder/figures.js';
import type { RunFolder } from '../run-folder/run-folder.js';
import { statisticsOf } from '../steps/steps.js';

/** What a person watching wants to know, said after every round. */
export interface Progress {
  steps: Record<Net, number>;
  generatorSteps: number;
  imagesPerSecond: number;
  /** absent until a few rounds have shown how long one takes: the first wait for workers to warm up */
  secondsLeft?: number | undefined;
  /** how D judges, by the names of its step's statistics */
  judgement: Readonly<Record<string, number>>;
  lossDiscriminator: number;
  lossGenerator: number;
}

/** As TensorBoard calls a metric: `gan_loss/generator` for `gan_loss{net="generator"}`. */
const tagOf = (metric: string, labels: Readonly<Record<string, string>>): string =>
  [metric, ...Object.values(labels)].join('/');

/** As metrics.jsonl calls what is measured of a net's step: by its statistic's name, with the net's where both have it. */
const nameOf = (net: Net, statistic: string): string =>
  ['loss', 'gradientNorm'].includes(statistic)
    ? statistic + net.charAt(0).toUpperCase() + net.slice(1)
    : statistic;

/** Rounds over which the live rate is taken. */
const RATE_ROUNDS = 20;
/** So many of them say how long the others will take. */
const TELLING_ROUNDS = 5;

/** What was measured of one step. */
interface Measured {
  name: string;
  tag: string;
  value: number;
}

/** Sums of what was measured over steps. */
class Interval {
  private sums = new Map<string, Measured>();
  count = 0;

  add(measured: readonly Measured[]): void {
    this.count += 1;
    for (const one of measured) {
      const value = (this.sums.get(one.tag)?.value ?? 0) + one.value;
      this.sums.set(one.tag, { ...one, value });
    }
  }

  /** The means, and begins anew. */
  take(): { name: string; tag: string; mean: number }[] {
    const { sums, count } = this;
    this.sums = new Map();
    this.count = 0;
    return [...sums.values()].map(({ name, tag, value }) => ({ name, tag, mean: value / count }));
  }
}

export class RunReport {
  private readonly statistics: Record<Net, Record<string, number>> = { discriminator: {}, generator: {} };
  private readonly rounds: { ms: number; images: number }[] = [];
  private readonly wireBytes = { sent: 0, received: 0 };

  private beganMs: number | undefined;
  private imagesAtStart = 0;
  /** since the last line of metrics.jsonl */
  private readonly interval: Record<Net, Interval> = {
    discriminator: new Interval(),
    generator: new Interval(),
  };

  /** @param before of the run's starts before this one */
  constructor(
    private readonly config: RunConfig,
    private readonly metrics: Metrics,
    private readonly folder: Pick<RunFolder, 'appendMetrics' | 'events' | 'path'>,
    private readonly before: Totals,
  ) {
    metrics.set('gan_goal_steps', config.stop.generatorSteps);
    metrics.set('gan_checkpoint_interval_steps', config.checkpoint.everySteps);
    metrics.set('gan_evaluation_interval_steps', config.evaluation.everySteps);
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

  /** Seconds of training so far, in all starts of the run. */
  seconds(nowMs: number): number {
    return this.before.seconds + (this.beganMs === undefined ? 0 : (nowMs - this.beganMs) / 1000);
  }

  /** Of all starts of the run, up to these versions. */
  totals(steps: Versions, nowMs: number): Totals {
    const { images, began } = this.before;
    const now =
      this.beganMs === undefined ? 0 : steps.discriminator * this.config.minibatch.size - this.imagesAtStart;
    return { seconds: this.seconds(nowMs), images: images + now, began };
  }

  /** A step was applied. */
  step(stepKind: StepKind, statistics: Record<string, number>, gradientNorm: number): void {
    const { metrics } = this;
    const net = netOf(stepKind);
    this.statistics[net] = statistics;
    metrics.increment('gan_steps_total', 1, { net });
    metrics.set('gan_gradient_norm', gradientNorm, { net });
    metrics.set('gan_last_step_timestamp_seconds', Date.now() / 1000, { net });
    const measured = [
      { name: 'gradientNorm', tag: tagOf('gan_gradient_norm', { net }), value: gradientNorm },
    ];
    for (const { name, metric, labels } of statisticsOf(stepKind, this.config)) {
      metrics.set(metric, statistics[name]!, labels);
      measured.push({ name, tag: tagOf(metric, labels), value: statistics[name]! });
    }
    this.interval[net].add(measured.map((each) => ({ ...each, name: nameOf(net, each.name) })));
    if (net === 'discriminator') metrics.increment('gan_images_total', this.config.minibatch.size);
  }

  /** A round is whole. @param schedule by which it goes on @returns how the run goes */
  round(steps: Versions, schedule: ScheduleOptions, nowMs: number): Progress {
    const { stop, minibatch, evaluation } = this.config;
    const rate = this.imagesPerSecond(steps, nowMs);
    const end = versionsAfter(schedule, stop.generatorSteps);
    const next = versionsAfter(schedule, steps.generator + 1);
    this.metrics.set('gan_discriminator_steps_per_round', next.discriminator - steps.discriminator);
    const { loss: lossDiscriminator, ...judgement } = this.statistics.discriminator;
    const progress: Progress = {
      steps,
      generatorSteps: stop.generatorSteps,
      imagesPerSecond: rate,
      ...(this.rounds.length > TELLING_ROUNDS && {
        secondsLeft: ((end.discriminator - steps.discriminator) * minibatch.size) / Math.max(rate, 1e-9),
      }),
      judgement,
      lossDiscriminator: lossDiscriminator!,
      lossGenerator: this.statistics.generator.loss!,
    };
    const every = Math.max(1, Math.round(evaluation.everySteps / 10));
    if (isEvery(schedule, every, steps.generator) || steps.generator >= end.generator) {
      this.recordSteps(progress, nowMs);
    }
    return progress;
  }

  /** Means over the steps since the last such record, which says how many they are. */
  private recordSteps({ steps, imagesPerSecond }: Progress, nowMs: number): void {
    const over = {
      discriminator: this.interval.discriminator.count,
      generator: this.interval.generator.count,
    };
    const means = NETS.flatMap((net) => this.interval[net].take());
    const values = Object.fromEntries(means.map(({ name, mean }) => [name, mean]));
    this.append({ kind: 'step', seconds: this.seconds(nowMs), steps, over, imagesPerSecond, ...values });
    const scalars = Object.fromEntries(means.map(({ tag, mean }) => [tag, mean]));
    this.folder.events.scalars(steps.generator, { images_per_second: imagesPerSecond, ...scalars });
  }

  private append(line: Readonly<Record<string, unknown>>): void {
    const { kind, ...rest } = line;
    this.folder.appendMetrics({ kind, time: new Date().toISOString(), ...rest });
  }

  /** The run goes on. @param amendment what was changed now */
  resumed(step: number, changes: Amendment['changes'] | undefined): void {
    this.append({ kind: 'resumed', step, ...(changes ? { changes } : {}) });
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
    this.append({ kind: 'evaluation', step: version, seconds, ...measures });
    this.folder.events.scalars(version, measures);
    for (const { kind, png } of figuresOf(this.folder.path, version))
      this.folder.events.image(version, kind, png);
  }

  /** The run has gone back to a checkpoint. */
  rollback(record: Readonly<Record<string, unknown>>): void {
    this.rounds.length = 0;
    for (const net of NETS) this.interval[net].take();
    this.append({ kind: 'rollback', ...record });
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
