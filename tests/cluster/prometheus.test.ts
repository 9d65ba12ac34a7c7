// Goal: nothing on the dashboard is empty and no alert looks at series that do not exist. Method: a real Prometheus with the real rules
// scrapes two real runs, one of points and one of images, and is sent every query of every panel and every alert.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { filled, ROWS } from '../../cluster/observability/panels.mjs';
import { COLLAPSE_SCORE } from '../../src/evaluation/measures/collapse-score.js';
import {
  freePort,
  nash,
  type Running,
  resultOf,
  scratch,
  start,
  statusWhen,
  syntheticCifar,
  trainWords,
  until,
} from '../support/nash.js';
import {
  alertmanagerTools,
  committedConfig,
  OBSERVABILITY,
  type PrometheusServer,
  type PrometheusTools,
  prometheusTools,
  startPrometheus,
} from '../support/prometheus.js';

const RULES = ['recording.yml', 'alerts.yml'].map((name) => join(OBSERVABILITY, 'rules', name));
const tools = prometheusTools();
const { promtool, prometheus: program } = tools as PrometheusTools;

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
}
const rules = RULES.flatMap(
  (file) => (parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] }).groups[0]!.rules,
);
const panels = ROWS.flatMap((row) =>
  row.panels.flatMap(({ title, kind, queries }) =>
    queries.map(([expr], i) => ({ title: `${title} ${i + 1}`, kind, expr })),
  ),
);

/** Every series that an expression reads: a name with its selector. */
const selectorsIn = (expr: string): string[] => [
  ...new Set(expr.match(/\b(gan_\w+|run\w*:[\w:]+|up|process_\w+)\b(\{[^}]*\})?(?!\s*\()/g) ?? []),
];

describe.skipIf('missing' in tools)('Prometheus', () => {
  let server: PrometheusServer;
  const runs: Record<string, Running> = {};

  beforeAll(async () => {
    const often = { 'stop.generatorSteps': 1_000_000, 'checkpoint.everySteps': 50 };
    const images = {
      'data.path': syntheticCifar(),
      'model.width': 4,
      'minibatch.size': 8,
      'evaluation.everySteps': 20,
      'model.conditional': 'auxiliary', // D tells classes, and the share of changed pictures moves
      'augmentation.name': 'ada',
    };
    // has means where the other has accuracy, and keeps its best checkpoint
    const critic = {
      'loss.name': 'wasserstein',
      'evaluation.everySteps': 20,
      'checkpoint.keepBest': 'mode_coverage_ratio',
    };
    runs.ring = start(trainWords('ring', 'configs/ring.yaml', { ...often, ...critic }));
    runs.images = start(trainWords('images', 'configs/cifar10-dcgan.yaml', { ...often, ...images }));
    for (const name of Object.keys(runs))
      await statusWhen(name, `${name} to train`, (status) => status.step.generator > 1);
    server = await startPrometheus(program, committedConfig('two-runs'));
    await until('rates of both runs and a measure of each', async () => {
      const rates = await server.query('rate(gan_steps_total{net="generator"}[5s]) > 0');
      const scores = await server.query(
        'run:gan_images:rate1m and on (job, run) gan_mode_collapse_score_ratio',
      );
      return (rates.length === 2 && scores.length === 2) || undefined;
    });
  });

  it('finds both runs alive and every rule healthy', async () => {
    expect((await server.query('up')).map(({ value }) => value[1])).toEqual(['1', '1']);
    const { groups } = (await server.get('rules')) as {
      groups: { rules: { name: string; health: string }[] }[];
    };
    const loaded = groups.flatMap((group) => group.rules);
    expect(loaded).toHaveLength(rules.length);
    expect(loaded.filter((rule) => rule.health !== 'ok')).toEqual([]);
  });

  it.each(panels)('has data for the panel $title', async ({ kind, expr }) => {
    const samples = await server.query(filled(expr, { run: 'job="nash"', rate: '5s' }));
    if (kind !== 'list') expect(samples).not.toEqual([]); // of alerts there are none
  });

  it.each(rules.map((rule) => [rule.alert ?? rule.record!, rule.expr]))(
    'evaluates %s over series that exist',
    async (_, expr) => {
      await server.query(expr);
      const selectors = selectorsIn(expr);
      expect(selectors).not.toEqual([]);
      for (const selector of selectors) expect(await server.query(selector), selector).not.toEqual([]);
    },
  );

  it('sees no healthy run alert', async () => {
    expect(await server.query('ALERTS{alertstate="firing"}')).toEqual([]);
  });

  it('has nothing to say against the names of our metrics', async () => {
    const { http } = JSON.parse(readFileSync(join(scratch('ring'), 'server.json'), 'utf8'));
    const text = await (await fetch(`http://${http}/metrics`)).text();
    expect(
      execFileSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' }),
    ).toBe('');
  });

  it('leaves the runs as they were: they stop when asked', async () => {
    for (const [name, run] of Object.entries(runs)) {
      expect((await nash('stop', scratch(name))).exitCode).toBe(0);
      expect((await run.finished).exitCode).toBe(75);
      expect(resultOf(name).metrics.gan_checkpoint_version).toBeGreaterThan(0);
    }
  });
});

// Goal: the alert of a collapse fires on one, and stays silent on the run of `npm start`. Method: both are trained for real, to their
// end, under a real Prometheus. The rules are the committed ones but for their patience: every `for:` is 5 s.
describe.skipIf('missing' in tools)('a collapse', () => {
  const WAIT_SECONDS = 5;
  const configs = { collapse: 'configs/grid-collapse.yaml', healthy: 'configs/ring.yaml' };
  const instances: Record<string, string> = {};
  let server: PrometheusServer;

  beforeAll(async () => {
    const runs: Running[] = [];
    for (const [name, config] of Object.entries(configs)) {
      runs.push(
        start(trainWords(name, config, { 'stop.generatorSteps': 3000, 'evaluation.everySteps': 100 })),
      );
      await statusWhen(name, `${name} to train`, (status) => status.step.generator > 0);
      instances[name] = JSON.parse(readFileSync(join(scratch(name), 'server.json'), 'utf8')).http;
    }
    const impatient = readFileSync(join(OBSERVABILITY, 'rules/alerts.yml'), 'utf8');
    const file = scratch('impatient.yml');
    writeFileSync(file, impatient.replaceAll(/ for: \w+/g, ` for: ${WAIT_SECONDS}s`));
    server = await startPrometheus(program, committedConfig('collapse', { alerts: file }));
    for (const run of runs) expect((await run.finished).exitCode).toBe(0);
  });

  /** Instances of an answer. */
  const instancesOf = async (expr: string) =>
    (await server.query(expr)).map(({ metric }) => metric.instance).sort();

  it('had both runs measured for longer than the alert waits', async () => {
    expect(await instancesOf(`count_over_time(gan_mode_collapse_verdict[5m]) > ${2 * WAIT_SECONDS}`)).toEqual(
      Object.values(instances).sort(),
    );
  });

  it('fires GanModeCollapse where there is one, and not where there is none', async () => {
    const firing = 'max_over_time(ALERTS{alertname="GanModeCollapse", alertstate="firing"}[5m])';
    expect(await instancesOf(firing)).toEqual([instances.collapse]);
  });

  it('stands in the figures of both', () => {
    for (const name of Object.keys(configs)) {
      const png = readFileSync(join(scratch(name), 'figures', 'collapse.png'));
      expect(png.length).toBeGreaterThan(10_000);
      if (process.env.NASH_TEST_KEEP)
        writeFileSync(join(process.env.NASH_TEST_KEEP, `collapse-${name}.png`), png);
    }
    for (const [name, verdict] of Object.entries({ collapse: 1, healthy: 0 })) {
      const { metrics } = resultOf(name);
      expect(metrics.gan_mode_collapse_verdict).toBe(verdict);
      expect(+(metrics[COLLAPSE_SCORE]! > metrics.gan_mode_collapse_threshold_ratio!)).toBe(verdict);
    }
  });
});

// Goal: what tells a run's ends apart reaches Prometheus, and each alert is of its run, once. Method: a server that nobody works for and
// that is killed, one that takes its port and whose worker dies, and one that fails, under a real Prometheus whose rules wait for seconds.
describe.skipIf('missing' in tools)('alerts about who is there', () => {
  let server: PrometheusServer;
  const RING = 'configs/ring.yaml';
  const serve = (name: string, sets: Record<string, string | number>, rest: string[] = []) =>
    start([
      'server',
      ...trainWords(name, RING, { 'stop.generatorSteps': 1_000_000, ...sets }, rest).slice(1),
    ]);
  const work = (name: string) => start(['worker', '--pool', 'any', '--run-dir', scratch(name)]);
  const PRESENCE = 'Gan(WaitingForWorkers|WorkerLost|EvaluatorMissing|ServerGone|RunFailed)';
  /** Names of what fires, by the run's folder. */
  const firing = async (): Promise<string[]> => {
    const alerts = await server.query(
      `count by (alertname, run) (ALERTS{alertstate="firing", alertname=~"${PRESENCE}"})`,
    );
    return alerts.map(({ metric }) => `${metric.run?.split('-')[0]} ${metric.alertname}`).sort();
  };
  const untilFiring = async (...expected: string[]) => {
    let seen: string[] = [];
    const isSeen = async () => {
      seen = await firing();
      return seen.join() === expected.join();
    };
    await until('these alerts, and no others', isSeen).catch(() => expect(seen).toEqual(expected));
  };

  it('fires for a run without workers, once that is killed, for one on its port, and for one that fails, each once', async () => {
    const eager = readFileSync(join(OBSERVABILITY, 'rules/alerts.yml'), 'utf8')
      .replaceAll(/ for: \w+/g, ' for: 1s')
      .replace('(gan_waiting_seconds) > 60', '(gan_waiting_seconds) > 2');
    writeFileSync(scratch('eager.yml'), eager);
    server = await startPrometheus(program, committedConfig('ends', { alerts: scratch('eager.yml') }));
    const http = `127.0.0.1:${await freePort()}`;
    const killed = serve('killed', { 'server.http': http });
    const failing = serve('failing', { 'optimizer.generator.learningRate': 1e30 });
    await untilFiring('failing GanWaitingForWorkers', 'killed GanWaitingForWorkers');

    work('failing');
    killed.child.kill('SIGKILL');
    expect((await failing.finished).exitCode).toBe(1);
    await untilFiring('failing GanRunFailed', 'killed GanServerGone');
    for (const { title, kind, expr } of panels)
      if (kind === 'stat')
        expect(await server.query(filled(expr, { run: 'run=~"killed-.+"', rate: '5s' })), title).toEqual([]);
    const listed = panels.find(({ kind }) => kind === 'list')!;
    expect(await server.query(filled(listed.expr, { run: 'run=~".+"', rate: '' }))).not.toEqual([]);

    const next = serve('next', { 'server.http': http }, ['--expect-evaluator']);
    await statusWhen('next', 'a server', () => true);
    const worker = work('next');
    await statusWhen('next', 'a step', ({ step }) => step.generator > 0);
    await untilFiring('failing GanRunFailed', 'killed GanServerGone', 'next GanEvaluatorMissing');
    worker.child.kill('SIGKILL');
    const ends = ['failing GanRunFailed', 'killed GanServerGone'];
    const lacks = ['EvaluatorMissing', 'WaitingForWorkers', 'WorkerLost'].map((what) => `next Gan${what}`);
    await untilFiring(...ends, ...lacks);

    work('next');
    await untilFiring(...ends, 'next GanEvaluatorMissing');
    expect((await nash('stop', scratch('next'))).exitCode).toBe(0);
    await next.finished;
    await untilFiring(...ends);
    const stopped = await server.query(
      'max by (run) (max_over_time(gan_run_state{state="stopped"}[5m]) == 1)',
    );
    expect(stopped.map(({ metric }) => metric.run)).toEqual([expect.stringMatching(/^next-/)]);
    // the others may come and go where a scrape takes longer than the second that it may
    expect(
      await server.query(`changes(ALERTS_FOR_STATE{alertname=~"GanServerGone|GanRunFailed"}[5m]) > 0`),
    ).toEqual([]);
  });
});

describe.skipIf('missing' in tools)('promtool', () => {
  it('accepts the config and the rules', () => {
    execFileSync(promtool, ['check', 'config', join(OBSERVABILITY, 'prometheus.yml')], { stdio: 'pipe' });
    execFileSync(promtool, ['check', 'rules', ...RULES], { stdio: 'pipe' });
  });

  it('sees each alert fire in its test, and only there', () => {
    const tests = join(OBSERVABILITY, 'rules', 'alerts.test.yml');
    execFileSync(promtool, ['test', 'rules', tests], { stdio: 'pipe' });
    const text = readFileSync(tests, 'utf8');
    for (const { alert } of rules) if (alert) expect(text).toContain(`alertname="${alert}"`);
  });
});

const { amtool, missing } = { amtool: '', missing: '', ...alertmanagerTools() };
it('the example for Alertmanager is one that it takes', (context) => {
  if (missing) context.skip(missing);
  execFileSync(amtool, ['check-config', join(OBSERVABILITY, 'alertmanager.yml')], { stdio: 'pipe' });
});

if ('missing' in tools)
  it(`Prometheus is tested (${tools.missing})`, (context) => context.skip(tools.missing));
