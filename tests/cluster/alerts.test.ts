// Goal: each committed alert fires for the run that it is about, once, and for no other. Method: a page of metrics (made up: some alerts
// look back for hours) on which one run for each alert goes wrong in that way alone, a real Prometheus with the committed rules, whose
// patience alone is shortened, and a listener in Alertmanager's place that counts what arrives.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE } from '../../src/metrics/catalogue.js';
import { freePort, scratch, until } from '../support/nash.js';
import { committedConfig, OBSERVABILITY, prometheusTools, startPrometheus } from '../support/prometheus.js';

const tools = prometheusTools();
const rules = readFileSync(join(OBSERVABILITY, 'rules/alerts.yml'), 'utf8');

type Series = Record<string, number>;

/** A run that works well, as its page says it at its n-th scrape. */
const healthy = (n: number): Series => ({
  'gan_mode_collapse_score_ratio{}': 0.1,
  'gan_mode_collapse_verdict{}': 0,
  'gan_discriminator_accuracy_ratio{source="real"}': 0.8,
  'gan_discriminator_accuracy_ratio{source="fake"}': 0.7,
  'gan_gradient_norm{net="generator"}': 2,
  'gan_loss{net="generator"}': 1,
  'gan_parameters_version{net="discriminator"}': 1000 + 100 * n,
  'gan_parameters_version{net="generator"}': 1000 + 100 * n,
  'gan_steps_total{net="generator"}': 1000 + 100 * n,
  'gan_last_step_timestamp_seconds{net="generator"}': Date.now() / 1000,
  'gan_pool_workers{pool="generator",state="busy"}': 1,
  'gan_pool_workers_most{pool="generator"}': 1,
  'gan_waiting_seconds{net="generator"}': 0,
  'gan_evaluators{}': 1,
  'gan_evaluated_version{}': 1000 + 100 * n,
  'gan_evaluation_interval_steps{}': 100,
  'gan_run_state{state="failed"}': 0,
  'gan_shards_reissued_total{pool="generator",reason="lost"}': 0,
  'gan_gradients_not_finite_total{net="generator"}': 0,
  'gan_answers_disagreed_total{net="generator"}': 0,
  'gan_rollbacks_total{reason="divergence"}': 0,
  'gan_checkpoint_version{}': 1000 + 100 * n,
  'gan_checkpoint_interval_steps{}': 500,
  'gan_checkpoint_timestamp_seconds{}': Date.now() / 1000,
  'gan_checkpoint_failures_total{}': 0,
  'gan_unwritten_lines_total{}': 0,
});

/** What is different where a run goes wrong, n scrapes later: one run for each alert, with its name. */
const TROUBLES: Record<string, (n: number) => Series> = {
  GanModeCollapse: () => ({ 'gan_mode_collapse_score_ratio{}': 0.9, 'gan_mode_collapse_verdict{}': 1 }),
  GanDiscriminatorTooStrong: () => ({
    'gan_discriminator_accuracy_ratio{source="real"}': 1,
    'gan_discriminator_accuracy_ratio{source="fake"}': 1,
    'gan_gradient_norm{net="generator"}': 0.001,
  }),
  GanDiscriminatorAtChance: () => ({
    'gan_discriminator_accuracy_ratio{source="real"}': 0.5,
    'gan_discriminator_accuracy_ratio{source="fake"}': 0.5,
  }),
  GanStalled: () => ({ 'gan_last_step_timestamp_seconds{net="generator"}': Date.now() / 1000 - 400 }),
  GanWorkerLost: () => ({ 'gan_pool_workers_most{pool="generator"}': 2 }),
  GanShardsReissued: (n) => ({ 'gan_shards_reissued_total{pool="generator",reason="lost"}': 50 * n }),
  GanSilentCorruption: (n) => ({ 'gan_answers_disagreed_total{net="generator"}': n }),
  GanRolledBack: (n) => ({ 'gan_rollbacks_total{reason="divergence"}': n }),
  GanDiverging: (n) => ({ 'gan_gradients_not_finite_total{net="generator"}': n }),
  GanCheckpointOld: () => ({ 'gan_checkpoint_timestamp_seconds{}': Date.now() / 1000 - 7 * 3600 }),
  GanWaitingForWorkers: () => ({
    'gan_pool_workers{pool="generator",state="busy"}': 0,
    'gan_pool_workers_most{pool="generator"}': 0,
    'gan_waiting_seconds{net="generator"}': 100,
  }),
  GanEvaluatorMissing: () => ({ 'gan_evaluators{}': 0 }),
  GanEvaluatorStale: () => ({ 'gan_evaluated_version{}': 0 }),
  GanDiskFull: (n) => ({ 'gan_unwritten_lines_total{}': n }),
  GanRunFailed: () => ({ 'gan_run_state{state="failed"}': 1 }),
};
/** For how many scrapes a run is well before. These look at its whole past, or at means over minutes. */
const WELL: Record<string, number> = {
  GanDiscriminatorAtChance: 0,
  GanEvaluatorStale: 0,
  GanDiscriminatorTooStrong: 1,
};
const WELL_ELSE = 4;
/** Prometheus' own word about a target: the second one, where nobody listens. */
const GONE = 'GanServerGone';

/** The page of all runs at its n-th scrape. */
function page(n: number): string {
  const lines: string[] = [];
  for (const [run, trouble] of Object.entries(TROUBLES)) {
    const since = n - (WELL[run] ?? WELL_ELSE);
    const series = { ...healthy(n), ...(since > 0 ? trouble(since) : {}) };
    for (const [name, value] of Object.entries(series))
      lines.push(`${name.replace('{', `{run="${run}",`).replace(',}', '}')} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
});
/** @returns its address */
async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((done) => server.once('listening', done));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('shows series that Nash has', () => {
  for (const name of Object.keys({
    ...healthy(0),
    ...Object.assign({}, ...Object.values(TROUBLES).map((t) => t(1))),
  }))
    expect(CATALOGUE).toHaveProperty(name.split('{')[0]!);
});

it('has trouble for every alert', () => {
  const { groups } = parse(rules) as { groups: { rules: { alert: string }[] }[] };
  const alerts = groups.flatMap((group) => group.rules.map(({ alert }) => alert));
  expect([...Object.keys(TROUBLES), GONE].sort()).toEqual(alerts.sort());
});

describe.skipIf('missing' in tools)('Prometheus', () => {
  it('tells of every alert once, for the run that is in that trouble', async () => {
    let scrapes = 0;
    const told = new Map<string, number>(); // beginnings of what fires
    const metrics = await listen((_, response) => response.end(page(++scrapes)));
    const alertmanager = await listen(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      for (const { labels, startsAt } of JSON.parse(body) as {
        labels: Record<string, string>;
        startsAt: string;
      }[]) {
        const key = `${labels.run} ${labels.alertname} ${startsAt}`;
        told.set(key, (told.get(key) ?? 0) + 1);
      }
      response.end();
    });
    mkdirSync(scratch('.prometheus'));
    const targets = { runs: metrics, gone: `127.0.0.1:${await freePort()}` };
    for (const [name, target] of Object.entries(targets)) {
      const labels = { run: name === 'gone' ? GONE : 'all' };
      writeFileSync(scratch(`.prometheus/${name}.json`), JSON.stringify([{ targets: [target], labels }]));
    }
    writeFileSync(scratch('eager.yml'), rules.replaceAll(/ for: \w+/g, ' for: 2s'));
    const config = committedConfig('alerts', { alerts: scratch('eager.yml'), alertmanager });
    const { prometheus } = tools as Exclude<typeof tools, { missing: string }>;
    const server = await startPrometheus(prometheus, config);

    const expected = [...Object.keys(TROUBLES), GONE].map((run) => `${run} ${run}`).sort();
    const fired = () => [...told.keys()].map((key) => key.split(' ').slice(0, 2).join(' ')).sort();
    await until('all to fire', () => fired().length >= expected.length, 90_000).catch(() => undefined);
    const seen = scrapes;
    await until('five scrapes more', () => scrapes > seen + 5); // one that goes and comes would begin again
    expect(fired()).toEqual(expected);
    const firing = await server.query('count by (alertname, run) (ALERTS{alertstate="firing"})');
    expect(firing.map(({ metric }) => `${metric.run} ${metric.alertname}`).sort()).toEqual(expected);
  });
});

if ('missing' in tools)
  it(`Prometheus is tested (${tools.missing})`, (context) => context.skip(tools.missing));
