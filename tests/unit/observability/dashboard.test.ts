// What is committed of the observability is what its sources make, and speaks of metrics that exist.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DASHBOARD, dashboardJson } from '../../../cluster/observability/dashboard.mjs';
import { ROWS } from '../../../cluster/observability/panels.mjs';
import { isMeasure } from '../../../src/evaluation/measures/measures.js';
import { CATALOGUE } from '../../../src/metrics/catalogue.js';
import { metricsTable, withMetricsTable } from '../../../src/metrics/table.js';

const read = (path: string) => readFileSync(`cluster/observability/${path}`, 'utf8');
const text = readFileSync(DASHBOARD, 'utf8');
interface Target {
  expr: string;
  instant?: boolean;
  range?: boolean;
}
const { panels } = JSON.parse(text) as {
  panels: {
    id: number;
    type: string;
    title: string;
    datasource?: { uid: string };
    targets?: Target[];
    options?: { reduceOptions?: { calcs: string[] } };
  }[];
};
interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  annotations?: { summary?: string; runbook?: string };
}
const rulesOf = (path: string) =>
  (parse(read(path)) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const recording = rulesOf('rules/recording.yml');
const alerts = rulesOf('rules/alerts.yml');

describe('the dashboard', () => {
  it('is what dashboard.mjs makes', () => {
    expect(text, 'run: node cluster/observability/dashboard.mjs').toBe(dashboardJson());
  });

  it('numbers its panels, and asks the data source that is provisioned', () => {
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
    const { datasources } = parse(read('grafana/provisioning/datasources/nash.yaml'));
    for (const panel of panels) {
      if (panel.type === 'row') continue;
      expect(panel.datasource?.uid, panel.title).toBe(datasources[0].uid);
      expect(panel.targets?.length, panel.title).toBeGreaterThan(0);
    }
  });

  it('asks for numbers as they are now, so that those of a server that is gone are gone too', () => {
    const now = panels.filter(({ type }) => type === 'stat' || type === 'table');
    expect(now.length).toBeGreaterThan(6);
    for (const { title, targets, options } of now) {
      for (const target of targets!) expect([target.instant, target.range], title).toEqual([true, false]);
      expect(options?.reduceOptions?.calcs ?? [], title).not.toContain('lastNotNull');
    }
  });

  it('is of the runs that are chosen, in every query, and begins with what they wait for', () => {
    const queries = panels.flatMap(({ targets }) => targets ?? []).map(({ expr }) => expr);
    for (const expr of queries) {
      const read = expr
        .replaceAll(/"gan_[^"]*"/g, '')
        .match(/\b(gan_\w+|run\w*:[\w:]+|ALERTS)(\{[^}]*\})?/g) ?? [expr];
      for (const selector of read) expect(selector, expr).toContain('run=~"$run"');
    }
    expect(
      panels
        .filter(({ type }) => type !== 'row')
        .map(({ title }) => title)
        .slice(0, 2),
    ).toEqual(['State', 'Waiting for a step']);
    expect(text).toContain('label_values(gan_run_info, run)');
    expect(text).not.toContain('instance');
  });

  it('shows every metric of the catalogue, measures that it does not name in a panel for all of them', () => {
    const exprs = [...panels.flatMap((panel) => panel.targets ?? []), ...recording, ...alerts];
    const all = [...exprs.map(({ expr }) => expr), text].join('\n');
    const everyMeasure = new RegExp(`^${/__name__=~"([^"]+)"/.exec(all)![1]}$`);
    const isShown = (name: string) => all.includes(name) || (isMeasure(name) && everyMeasure.test(name));
    expect(Object.keys(CATALOGUE).filter((name) => !isShown(name))).toEqual([]);
  });
});

describe('every expression', () => {
  const known = new Set<string>([...Object.keys(CATALOGUE), ...recording.map((rule) => rule.record!)]);
  const exprs = [
    ...panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => [panel.title, expr])),
    ...[...recording, ...alerts].map((rule) => [rule.alert ?? rule.record!, rule.expr]),
  ] as [string, string][];
  it.each(exprs)('of %s names metrics that exist', (_, expr) => {
    const names = expr.match(/\b(gan_\w+|run\w*:[\w:]+)\b/g) ?? [];
    const families = names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect(names.filter((name, i) => !known.has(name) && !known.has(families[i]!))).toEqual([]);
  });
});

describe('an alert', () => {
  it.each(alerts.map((rule) => [rule.alert!, rule] as const))(
    '%s says what is wrong and what to do',
    (_, rule) => {
      expect(rule.annotations?.summary).toBeTruthy();
      expect(rule.annotations?.runbook?.length).toBeGreaterThan(60);
    },
  );
});

it('the alert of a collapse and the panels go by the verdict and the threshold that the run itself tells', () => {
  const alert = alerts.find((rule) => rule.alert === 'GanModeCollapse')!;
  expect(alert.expr).toMatch(/gan_mode_collapse_verdict == 1$/);
  expect(alert.expr).not.toMatch(/\d\.\d/);
  const panelOf = (metric: string) =>
    ROWS.flatMap(({ panels }) => panels).find(({ queries }) =>
      queries.some(([expr]) => expr.startsWith(`${metric}{`)),
    );
  expect(panelOf('gan_mode_collapse_verdict')?.thresholds).toEqual([
    [0, 'green'],
    [1, 'red'],
  ]);
  expect(panelOf('gan_mode_collapse_threshold_ratio')).toBe(panelOf('gan_mode_collapse_score_ratio'));
});

describe('docs/grafana.md', () => {
  it('lists the metrics of the catalogue; a new measure it may leave to the HELP lines of /metrics, but none that it lists is wrong', () => {
    const page = readFileSync('docs/grafana.md', 'utf8');
    const isOptional = (row: string) => isMeasure(/^\| `(\w+)/.exec(row)?.[1] ?? '');
    const rows = metricsTable().split('\n');
    const table = rows.filter((row) => !isOptional(row) || page.includes(row)).join('\n');
    expect(page, 'run: node docs/tables.mjs').toBe(withMetricsTable(page, table));
  });
});
