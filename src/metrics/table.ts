// The catalogue as a table for people.
import { withMarked } from '../marked.js';
import { CATALOGUE, type MetricDefinition } from './catalogue.js';

/** One row a metric, in the catalogue's order, as Markdown. */
export function metricsTable(): string {
  const rows = Object.entries(CATALOGUE as Record<string, MetricDefinition>).map(
    ([name, { type, labels, help }]) => `| \`${name}${labelNames(labels)}\` | ${type} | ${help} |`,
  );
  return ['| metric | type | what it says |', '| --- | --- | --- |', ...rows].join('\n');
}

const labelNames = (labels: MetricDefinition['labels']): string =>
  Object.keys(labels).length === 0 ? '' : `{${Object.keys(labels).join(', ')}}`;

/** @returns undefined where the text has no marks `metrics` for the table */
export const withMetricsTable = (text: string, table = metricsTable()): string | undefined =>
  withMarked(text, 'metrics', table);
