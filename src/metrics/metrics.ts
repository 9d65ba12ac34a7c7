// The metrics interface that the rest of Nash uses; Prometheus stands behind it, at the edge.
import type { MetricName } from './catalogue.js';

export type Labels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Sets a gauge. */
  set(name: MetricName, value: number, labels?: Labels): void;
  /** Raises a counter. */
  increment(name: MetricName, by?: number, labels?: Labels): void;
  /** Adds to a histogram. */
  observe(name: MetricName, value: number, labels?: Labels): void;
  /** Latest values of gauges and counters, keyed as Prometheus writes them: `gan_loss{net="generator"}`. */
  latest(): Record<string, number>;
  /** The Prometheus text exposition, and its content type. */
  expose(): Promise<{ text: string; contentType: string }>;
}
