// Every metric of Nash, once: its name, type, labels and help. `/metrics`, metrics.jsonl and result.json take theirs from here.
// Names are part of the interface; units are base units (seconds, bytes, ratios in [0, 1], nats).

import { type MeasureName, VALUES } from '../evaluation/measures/measures.js';
import { NETS } from '../parameters/manifest.js';
import type { DiscardReason, RestoreCause } from '../protocol/events.js';
import { refusalReasons } from '../protocol/messages.js';
import type { ReissueReason } from '../protocol/open-step.js';
import { POOLS, WORKER_STATES } from '../protocol/roster.js';

export interface MetricDefinition {
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  /** names, each with the closed set of its values; an empty set where the run chooses the value */
  labels: Readonly<Record<string, readonly string[]>>;
  /** upper bounds of a histogram's buckets, in the metric's unit */
  buckets?: readonly number[];
}

type Labels = MetricDefinition['labels'];
const gauge = (help: string, labels: Labels = {}): MetricDefinition => ({ type: 'gauge', help, labels });
const counter = (help: string, labels: Labels = {}): MetricDefinition => ({ type: 'counter', help, labels });
const histogram = (help: string, labels: Labels, buckets: readonly number[]): MetricDefinition => ({
  type: 'histogram',
  help,
  labels,
  buckets,
});

/** From a millisecond, a toy net's shard, to a minute. */
const STEP_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

const net = NETS;
const pool = POOLS;
const source = ['real', 'fake'];
const direction = ['sent', 'received'];
const state = WORKER_STATES;
const phase = ['wait', 'compute', 'wire', 'apply'];
/** What a run does, or how it ended. */
export const RUN_STATES = ['stepping', 'waiting', 'stopping', 'ending', 'done', 'stopped', 'failed'] as const;
export type RunState = (typeof RUN_STATES)[number];
/** kinds of processes */
const role = ['server', ...pool, 'evaluator'];

/** What the evaluator measures: gauges, named and described where they are computed. */
const measures = Object.fromEntries(
  Object.entries(VALUES).map(([name, { says }]) => [name, gauge(says)]),
) as Record<MeasureName, MetricDefinition>;

export const CATALOGUE = {
  gan_run_info: gauge('1, with the run in its labels', {
    config: [],
    model: [],
    loss: [],
    source: [],
  }),
  gan_run_state: gauge(
    '1 for what the run does, 0 for the others; the last scrape of a server that ends sees how',
    {
      state: RUN_STATES,
    },
  ),
  gan_discriminator_accuracy_ratio: gauge(
    "D's accuracy at threshold 1/2 on real and on fake items, where D gives a probability",
    {
      source,
    },
  ),
  gan_class_accuracy_ratio: gauge(
    'Real and fake items whose class D tells, where it is an auxiliary classifier (model.conditional)',
    { source },
  ),
  gan_augmentation_probability_ratio: gauge(
    'Share of pictures with which each change of ADA is made, where augmentation is ada',
    {},
  ),
  gan_loss: gauge('Loss that the net minimizes, mean over the last minibatch', { net }),
  gan_value_function_nats: gauge(
    'V(D, G) = E log D(x) + E log(1 - D(G(z))), mean over the last minibatch, where D gives a probability',
  ),
  gan_critic_mean: gauge(
    "Mean of a critic's scores of real and of fake items, which have no unit (losses without probabilities)",
    {
      source,
    },
  ),
  gan_critic_difference: gauge(
    "A critic's mean on real items less that on fake ones, over the last minibatch",
  ),
  gan_gradient_norm: gauge('Euclidean norm of the averaged gradient', { net }),
  gan_steps_total: counter('Optimizer steps applied', { net }),
  gan_images_total: counter('Real items that D was shown'),
  gan_step_duration_seconds: histogram(
    'Seconds of a step by phase: wait (until the first answer), compute (of the slowest task), wire (the rest until the last answer), apply',
    { net, phase },
    STEP_SECONDS,
  ),
  gan_last_step_timestamp_seconds: gauge('Unix time at which the last step was applied', { net }),
  gan_pool_workers: gauge('Workers by pool and state', { pool, state }),
  gan_pool_workers_most: gauge('Most workers that the pool has had since the start of the server', { pool }),
  gan_evaluators: gauge('Evaluators that are ready; absent where none was started'),
  gan_shards_reissued_total: counter('Tasks given to another worker', {
    pool: net,
    reason: ['lost', 'late', 'not-finite'] satisfies ReissueReason[],
  }),
  gan_answers_discarded_total: counter('Answers that were not used', {
    reason: ['stale', 'duplicate', 'not-finite'] satisfies DiscardReason[],
  }),
  // a handshake of keys is refused before any message is read
  gan_refusals_total: counter('Peers and messages that were refused', {
    reason: [...refusalReasons, 'handshake'],
  }),
  gan_wire_bytes_total: counter('Bytes through the server socket', { direction }),
  gan_workers_lost_total: counter('Workers that left or were lost while the run went on', {
    pool,
    reason: ['left', 'ended', 'stopped', 'hung', 'unprepared', 'unreachable', 'replaced', 'refused'],
  }),
  gan_workers_quarantined_total: counter('Workers that computed wrongly and get no more work', { pool }),
  gan_workers_set_aside_total: counter('Workers that were late again and again and get no work for a while', {
    pool,
  }),
  gan_shards_verified_total: counter('Tasks that two workers agreed on', { net }),
  gan_answers_disagreed_total: counter('Tasks whose answers differed: silent corruption', { net }),
  gan_rollbacks_total: counter('Returns to a checkpoint', {
    reason: ['corruption', 'divergence', 'collapse'] satisfies RestoreCause[],
  }),
  gan_waiting_seconds: gauge(
    'Seconds for which the step that is due has waited for answers, or for workers to come; 0 where none does',
    {
      net,
    },
  ),
  gan_gradients_not_finite_total: counter(
    'Steps that were not applied: their loss, averaged gradient or update was not finite, or beyond its bound (divergence)',
    { net },
  ),
  gan_checkpoint_version: gauge("G's step of the last checkpoint of this start, or that it resumed from"),
  gan_best_version: gauge(
    "G's step of the checkpoint that is kept because it was the best (checkpoint.keepBest)",
  ),
  gan_checkpoint_interval_steps: gauge("G's steps from one checkpoint to the next"),
  gan_checkpoint_timestamp_seconds: gauge(
    'Unix time of the last checkpoint, before the first one of the start',
  ),
  gan_checkpoint_failures_total: counter('Tries to write a checkpoint that found no room; training waits'),
  gan_unwritten_lines_total: counter(
    'Lines of metrics.jsonl and points for TensorBoard that found no room when they came; training goes on',
  ),
  gan_goal_steps: gauge("G's steps at which the run is done"),
  gan_discriminator_steps_per_round: gauge(
    'D steps of the round that comes: k of Algorithm 1, which `auto` moves',
  ),
  gan_event_loop_lag_seconds: gauge("How late the server's event loop was over the last second", {
    statistic: ['mean', 'p99', 'max'],
  }),
  gan_process_resident_memory_bytes: gauge('Resident memory of the processes of a kind, added up', { role }),
  gan_parameters_version: gauge('Version of the weights: steps applied since the first', { net }),
  ...measures,
  gan_mode_collapse_verdict: gauge(
    "1 where the run has collapsed by its config's rule (collapse: threshold, after, patience), else 0",
  ),
  gan_mode_collapse_threshold_ratio: gauge(
    'Collapse score above which an evaluation is bad (collapse.threshold)',
  ),
  gan_evaluation_seconds: gauge('Seconds that the last evaluation took'),
  gan_evaluation_interval_steps: gauge("G's steps from one evaluation to the next"),
  gan_evaluated_version: gauge('Version of the averaged generator that the last evaluation looked at'),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof CATALOGUE;
