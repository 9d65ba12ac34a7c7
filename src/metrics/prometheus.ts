// The catalogue as prom-client metrics. The only file that imports prom-client.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { CATALOGUE, type MetricDefinition, type MetricName } from './catalogue.js';
import type { Labels, Metrics } from './metrics.js';

/** Metrics in a registry of their own, with Node's process metrics beside them. */
export function prometheusMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = new Map<MetricName, Gauge | Counter | Histogram>();
  for (const [name, definition] of Object.entries(CATALOGUE) as [MetricName, MetricDefinition][]) {
    metrics.set(name, create(name, definition, registry));
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
  const common = { name, help: definition.help, labelNames: [...definition.labels], registers: [registry] };
  switch (definition.type) {
    case 'gauge':
      return new Gauge(common);
    case 'counter':
      return new Counter(common);
    case 'histogram':
      return new Histogram({ ...common, buckets: [...(definition.buckets ?? [])] });
  }
}

function keyOf(name: MetricName, labels: Labels): string {
  const inner = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return inner.length === 0 ? name : `${name}{${inner.join(',')}}`;
}
