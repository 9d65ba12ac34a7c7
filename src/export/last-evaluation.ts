// What a run's evaluations said of a step, from its record.

import type { RunConfig } from '../config/run-config.js';
import { type MeasureName, measureOf, nameOf, VALUES } from '../evaluation/measures/measures.js';
import { kindOfSource } from '../evaluation/measures/mode-coverage.js';

export interface Evaluated {
  /** G's */
  step: number;
  values: readonly {
    name: string;
    value: number;
    says: string;
    better?: 'higher' | 'lower' | undefined;
    /** that it was computed of */
    samples: number;
  }[];
}

/**
 * The last evaluation up to a step.
 * @param lines of metrics.jsonl; the last may be unfinished
 */
export function lastEvaluation(
  lines: string,
  step: number,
  { data, evaluation }: RunConfig,
): Evaluated | undefined {
  const evaluations = lines.split('\n').flatMap((line) => {
    if (!line.startsWith('{"kind":"evaluation"') || !line.endsWith('}')) return [];
    const found = JSON.parse(line) as { step: number } & Record<string, unknown>;
    return found.step <= step ? [found] : [];
  });
  const last = evaluations.at(-1);
  if (!last) return undefined;
  const isMixture = kindOfSource(data.source) === 'mixtures';
  const values = Object.entries(last).flatMap(([metric, value]) => {
    if (!Object.hasOwn(VALUES, metric) || typeof value !== 'number') return [];
    const name = metric as MeasureName;
    const samples = isMixture ? evaluation.samples : measureOf(name).cost.samples;
    const { says, better } = VALUES[name];
    return [{ name: nameOf(name), value, says, better, samples }];
  });
  return { step: last.step, values };
}
