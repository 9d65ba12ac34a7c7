// The catalogue as a table for people.
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

const BEGIN = '<!-- metrics:begin -->';
const END = '<!-- metrics:end -->';

/**
 * A text with the table put between its two marks.
 * @returns undefined where it has no marks
 */
export function withMetricsTable(text: string, table = metricsTable()): string | undefined {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) return undefined;
  return `${text.slice(0, from + BEGIN.length)}\n${table}\n${text.slice(to)}`;
}
