// The catalogue as prom-client metrics. The only file that imports prom-client.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { CATALOGUE, type MetricDefinition, type MetricName } from './catalogue.js';
import type { Labels, Metrics } from './metrics.js';

/** Gauges of prom-client's own that are called like counters, which promtool refuses. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/** Metrics in a registry of their own, with Node's process metrics beside them. @param labels that every sample bears */
export function prometheusMetrics(labels: Labels = {}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const metrics = new Map<MetricName, Gauge | Counter | Histogram>();
  for (const [name, definition] of Object.entries(CATALOGUE) as [MetricName, MetricDefinition][]) {
    const metric = create(name, definition, registry);
    metrics.set(name, metric);
    if (metric instanceof Counter)
      for (const labels of combinations(definition.labels)) metric.inc(labels, 0);
  }
  const latest = new Map<string, number>();
  const note = (name: MetricName, labels: Labels, update: (old: number) => number) => {
    const key = keyOf(name, labels);
    latest.set(key, update(latest.get(key) ?? 0));
  };
  return {
    set(name, value, labels = {}) {
      (metrics.get(name) as Gauge).set(labels, value);
      note(name, labels, () => value);
    },
    increment(name, by = 1, labels = {}) {
      (metrics.get(name) as Counter).inc(labels, by);
      note(name, labels, (old) => old + by);
    },
    observe: (name, value, labels = {}) => (metrics.get(name) as Histogram).observe(labels, value),
    latest: () => Object.fromEntries([...latest].sort(([a], [b]) => (a < b ? -1 : 1))),
    expose: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}

function create(
  name: MetricName,
  definition: MetricDefinition,
  registry: Registry,
): Gauge | Counter | Histogram {
  const common = {
    name,
    help: definition.help,
    labelNames: Object.keys(definition.labels),
    registers: [registry],
  };
  switch (definition.type) {
    case 'gauge': {
      const created = new Gauge(common);
      if (common.labelNames.length === 0) created.remove(); // it would say 0 before it was ever measured
      return created;
    }
    case 'counter':
      return new Counter(common);
    case 'histogram':
      return new Histogram({ ...common, buckets: [...(definition.buckets ?? [])] });
  }
}

/** Every set of labels that a metric can have: a counter that has not counted yet is 0, not absent, so that rates see its first step. */
function combinations(labels: MetricDefinition['labels']): Labels[] {
  return Object.entries(labels).reduce<Labels[]>(
    (sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
    [{}],
  );
}

function keyOf(name: MetricName, labels: Labels): string {
  const inner = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return inner.length === 0 ? name : `${name}{${inner.join(',')}}`;
}
