// The dashboard's panels as data: what each shows, in which unit, by which queries. dashboard.mjs makes Grafana's JSON of them.
// `$run` stands for the selector of the chosen runs, `$rate` for Grafana's rate interval; tests put values of their own there.
// Longer than other files: a table, one entry a panel.

/**
 * @typedef {object} Panel
 * @property {'stat' | 'list' | 'lines' | 'stack'} kind one number now, labels of what there is now, lines over time, or stacked
 * @property {string} title
 * @property {string} what one sentence: how to read it
 * @property {string} unit Grafana's name of the unit
 * @property {[expr: string, legend: string][]} queries
 * @property {number} [min]
 * @property {number} [max]
 * @property {boolean} [isLogarithmic]
 * @property {boolean} [showsName] of a stat: the legend instead of the value
 * @property {[above: number, color: string][]} [thresholds] colors from a value up; a stat's background
 */

/** @type {{ title: string, panels: Panel[] }[]} */
export const ROWS = [
  {
    title: 'Overview',
    panels: [
      {
        kind: 'stat',
        title: 'State',
        what: 'what each run does; empty where its server is gone: `nash status` says how it ended',
        unit: 'short',
        queries: [['gan_run_state{$run} == 1', '{{run}}: {{state}}']],
        showsName: true,
      },
      {
        kind: 'stat',
        title: 'Waiting for a step',
        what: 'of the net that waits the longest, for answers or for workers; `nash status` says for whom',
        unit: 's',
        queries: [['max by (run) (gan_waiting_seconds{$run})', '{{run}}']],
        thresholds: [
          [0, 'green'],
          [60, 'orange'],
          [300, 'red'],
        ],
      },
      {
        kind: 'stat',
        title: 'Progress',
        what: "G's steps done, of those that the run is to have",
        unit: 'percentunit',
        queries: [
          ['gan_parameters_version{net="generator",$run} / on (job, run) gan_goal_steps{$run}', '{{run}}'],
        ],
      },
      {
        kind: 'stat',
        title: 'Time left',
        what: "at the present rate of G's steps",
        unit: 's',
        queries: [
          [
            '(gan_goal_steps{$run} - on (job, run) gan_parameters_version{net="generator",$run}) / on (job, run) rate(gan_steps_total{net="generator",$run}[$rate])',
            '{{run}}',
          ],
        ],
      },
      {
        kind: 'stat',
        title: 'Images per second',
        what: 'real items that D was shown, over the last minute',
        unit: 'short',
        // a rate outlives its server by a minute
        queries: [['run:gan_images:rate1m{$run} and on (job, run) gan_goal_steps{$run}', '{{run}}']],
      },
      {
        kind: 'stat',
        title: 'Since the last step',
        what: 'of either net; five minutes alert (GanStalled)',
        unit: 's',
        queries: [['run:gan_without_step:seconds{$run}', '{{run}}']],
        thresholds: [
          [0, 'green'],
          [60, 'orange'],
          [300, 'red'],
        ],
      },
      {
        kind: 'stat',
        title: 'Collapsed',
        what: "1 where the run has collapsed by its config's rule (collapse: threshold, after, patience); alerts (GanModeCollapse)",
        unit: 'short',
        queries: [['gan_mode_collapse_verdict{$run}', '{{run}}']],
        thresholds: [
          [0, 'green'],
          [1, 'red'],
        ],
      },
      {
        kind: 'list',
        title: 'Alerts firing',
        what: 'none is well; the rules are in rules/alerts.yml, each with a runbook line',
        unit: 'short',
        queries: [
          ['max by (run, severity, alertname, net, pool, reason) (ALERTS{alertstate="firing",$run})', ''],
        ],
      },
      {
        kind: 'lines',
        title: "D's accuracy",
        what: 'where D gives probabilities: on real and on fake items: 1 for long means that G is told nothing, 1/2 that D cannot tell them apart',
        unit: 'percentunit',
        queries: [
          ['gan_discriminator_accuracy_ratio{$run}', '{{source}} {{run}}'],
          ['gan_class_accuracy_ratio{$run}', 'class of {{source}} {{run}}'],
          ['gan_augmentation_probability_ratio{$run}', 'pictures changed (ADA) {{run}}'],
        ],
        min: 0,
        max: 1,
      },
      {
        kind: 'lines',
        title: "A critic's means",
        what: 'where D gives scores instead: of real items and of fake ones, and how far they are apart; scores have no unit',
        unit: 'short',
        queries: [
          ['gan_critic_mean{$run}', '{{source}} {{run}}'],
          ['gan_critic_difference{$run}', 'apart {{run}}'],
        ],
      },
      {
        kind: 'lines',
        title: 'Losses and V(D, G)',
        what: 'each net minimizes its own loss; V is -log 4 = -1.39 nats where D is at chance',
        unit: 'short',
        queries: [
          ['gan_loss{$run}', '{{net}} {{run}}'],
          ['gan_value_function_nats{$run}', 'V {{run}}'],
        ],
      },
      {
        kind: 'lines',
        title: 'Gradient norms',
        what: 'of the averaged gradients; G near 0 while D is always right is the vanishing gradient',
        unit: 'short',
        queries: [['gan_gradient_norm{$run}', '{{net}} {{run}}']],
        isLogarithmic: true,
      },
    ],
  },
  {
    title: 'The two pools at work',
    panels: [
      {
        kind: 'stack',
        title: 'Workers',
        what: 'by pool and state; busy ones hold a task, those aside were late again and again and get none for a while',
        unit: 'short',
        queries: [['sum by (run, pool, state) (gan_pool_workers{$run})', '{{pool}} {{state}} {{run}}']],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Share of busy workers',
        what: 'a pool that is idle half of the time waits for the other: try schedule.order simultaneous, or workers for any pool',
        unit: 'percentunit',
        queries: [['avg_over_time(run_pool:gan_pool_workers_busy:ratio{$run}[$rate])', '{{pool}} {{run}}']],
        min: 0,
        max: 1,
      },
      {
        kind: 'lines',
        title: 'Steps per second',
        what: 'optimizer steps of each net, and how many of D a round has: k, which schedule.discriminatorSteps: auto moves',
        unit: 'short',
        queries: [
          ['rate(gan_steps_total{$run}[$rate])', '{{net}} {{run}}'],
          ['gan_discriminator_steps_per_round{$run}', 'k {{run}}'],
        ],
        min: 0,
      },
      ...['discriminator', 'generator'].map((net) => ({
        kind: /** @type {const} */ ('stack'),
        title: `A step of the ${net}`,
        what: 'mean seconds by phase: wait until its first task is given, compute of the slowest task, wire, apply',
        unit: 's',
        queries: /** @type {[string, string][]} */ ([
          [
            `sum by (run, phase) (rate(gan_step_duration_seconds_sum{net="${net}",$run}[$rate])) / sum by (run, phase) (rate(gan_step_duration_seconds_count{net="${net}",$run}[$rate]))`,
            '{{phase}} {{run}}',
          ],
        ]),
        min: 0,
      })),
      {
        kind: 'lines',
        title: 'Compute, 95th percentile',
        what: "seconds of a step's slowest task",
        unit: 's',
        queries: [
          [
            'histogram_quantile(0.95, sum by (run, le, net) (rate(gan_step_duration_seconds_bucket{phase="compute",$run}[$rate])))',
            '{{net}} {{run}}',
          ],
        ],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Trouble',
        what: 'in the last five minutes; none of it changes the bits',
        unit: 'short',
        queries: [
          [
            'sum by (run, reason) (increase(gan_shards_reissued_total{$run}[5m]))',
            'tasks re-issued: {{reason}} {{run}}',
          ],
          [
            'sum by (run, pool, reason) (increase(gan_workers_lost_total{$run}[5m]))',
            'workers lost: {{pool}}, {{reason}} {{run}}',
          ],
          [
            'sum by (run, pool) (increase(gan_workers_set_aside_total{$run}[5m]))',
            'workers set aside: {{pool}} {{run}}',
          ],
          [
            'sum by (run, reason) (increase(gan_answers_discarded_total{$run}[5m]))',
            'answers discarded: {{reason}} {{run}}',
          ],
          ['sum by (run) (increase(gan_refusals_total{$run}[5m]))', 'refused {{run}}'],
        ],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Trust',
        what: 'tasks that two workers agreed on, tasks whose answers differed, workers sent away for it, and returns to a checkpoint; all but the first ought to be 0',
        unit: 'short',
        queries: [
          ['sum by (run) (increase(gan_shards_verified_total{$run}[5m]))', 'verified {{run}}'],
          ['sum by (run) (increase(gan_answers_disagreed_total{$run}[5m]))', 'differed {{run}}'],
          ['sum by (run) (increase(gan_workers_quarantined_total{$run}[5m]))', 'quarantined {{run}}'],
          ['sum by (run, reason) (increase(gan_rollbacks_total{$run}[5m]))', 'gone back: {{reason}} {{run}}'],
        ],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Waiting for a step',
        what: 'seconds since it could be computed; `nash status` names the worker',
        unit: 's',
        queries: [['gan_waiting_seconds{$run}', '{{net}} {{run}}']],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Wire',
        what: "through the server's socket",
        unit: 'Bps',
        queries: [['rate(gan_wire_bytes_total{$run}[$rate])', '{{direction}} {{run}}']],
        min: 0,
      },
      {
        kind: 'stack',
        title: 'Memory',
        what: 'resident, added up over the processes of a kind',
        unit: 'bytes',
        queries: [['sum by (run, role) (gan_process_resident_memory_bytes{$run})', '{{role}} {{run}}']],
        min: 0,
      },
      {
        kind: 'lines',
        title: "The server's event loop",
        what: 'how late it was over the last second; sums and the optimizer run beside it',
        unit: 's',
        queries: [['gan_event_loop_lag_seconds{$run}', '{{statistic}} {{run}}']],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Steps since the last checkpoint',
        what: 'what a crash of the server would cost; twice the interval alerts (GanCheckpointOld)',
        unit: 'short',
        queries: [
          [
            'gan_parameters_version{net="generator",$run} - on (job, run) gan_checkpoint_version{$run}',
            '{{run}}',
          ],
          ['gan_checkpoint_interval_steps{$run}', 'interval {{run}}'],
          [
            'gan_parameters_version{net="generator",$run} - on (job, run) gan_best_version{$run}',
            'since the best {{run}}',
          ],
        ],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Age of the last checkpoint',
        what: 'or of the server, before its first one',
        unit: 's',
        queries: [['time() - gan_checkpoint_timestamp_seconds{$run}', '{{run}}']],
        min: 0,
      },
    ],
  },
  {
    title: 'Quality and collapse',
    panels: [
      {
        kind: 'lines',
        title: 'Collapse score',
        what: '0: as various as the data; 1: one kind of sample. 1 - exp(-reverse KL) over modes, classes or bins',
        unit: 'percentunit',
        queries: [
          ['gan_mode_collapse_score_ratio{$run}', '{{run}}'],
          ['gan_mode_collapse_threshold_ratio{$run}', 'bad above {{run}}'],
        ],
        min: 0,
        max: 1,
      },
      {
        kind: 'lines',
        title: 'Modes captured',
        what: 'modes of a mixture, classes of MNIST and its like, or k-means bins of other images: those that good samples reach; noise reaches none',
        unit: 'short',
        queries: [
          ['gan_modes_captured{$run}', 'captured {{run}}'],
          ['gan_modes_expected{$run}', 'expected {{run}}'],
        ],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Shares',
        what: 'of modes that are captured, of samples that are of high quality',
        unit: 'percentunit',
        queries: [
          ['gan_mode_coverage_ratio{$run}', 'mode coverage {{run}}'],
          ['gan_high_quality_samples_ratio{$run}', 'high quality {{run}}'],
        ],
        min: 0,
        max: 1,
      },
      {
        kind: 'lines',
        title: 'Reverse KL over modes',
        what: 'how unevenly samples fall on the modes, in nats; log of the number of modes when all fall on one',
        unit: 'short',
        queries: [['gan_mode_kl_divergence_nats{$run}', '{{run}}']],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Images: diversity and bins',
        what: 'mean distance of two samples over that of two real images (1 is right), and the share of k-means bins that are over- or underfilled (0 is right)',
        unit: 'percentunit',
        queries: [
          ['gan_sample_diversity_ratio{$run}', 'diversity {{run}}'],
          ['gan_different_bins_ratio{$run}', 'different bins {{run}}'],
        ],
        min: 0,
      },
      {
        kind: 'lines',
        title: 'Every measure',
        what: "of the evaluator, those of one's own among them: /metrics says what each is",
        unit: 'short',
        queries: [
          [
            '{__name__=~"gan_(stacked_modes_captured|.+_(ratio|nats|distance|score|items|pairs|deviation))",__name__!~"gan_discriminator_accuracy_ratio|gan_class_accuracy_ratio|gan_augmentation_probability_ratio|gan_value_function_nats|gan_mode_collapse_threshold_ratio",$run}',
            '{{__name__}} {{run}}',
          ],
        ],
      },
      {
        kind: 'lines',
        title: 'The evaluator',
        what: 'how many steps of G its last look is behind, and how long that took',
        unit: 'short',
        queries: [
          [
            'gan_parameters_version{net="generator",$run} - on (job, run) gan_evaluated_version{$run}',
            'steps behind {{run}}',
          ],
          ['gan_evaluation_seconds{$run}', 'seconds {{run}}'],
        ],
        min: 0,
      },
    ],
  },
];

/** The selector of the chosen runs, and the interval of rates. @param {string} expr @param {{ run: string, rate: string }} values */
export const filled = (expr, { run, rate }) => expr.replaceAll('$run', run).replaceAll('$rate', rate);
