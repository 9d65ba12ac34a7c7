// Which measures a config may ask for at its evaluations, and by which a checkpoint may be the best.
import {
  measureOf,
  metricsNamed,
  NAMES,
  VALUES,
  valueNamed,
  whyNotInTraining,
} from '../evaluation/measures/measures.js';
import { nearest } from './nearest.js';

interface Asking {
  data: { source: string };
  model: { conditional?: string | undefined };
  evaluation: { measures: readonly string[] };
  checkpoint: { keepBest?: string | undefined };
}

/** What is wrong with the measures that a config asks for, each with its place. */
export function wrongMeasures({ data, model, evaluation, checkpoint: { keepBest } }: Asking) {
  const { measures } = evaluation;
  const { conditional = 'none' } = model;
  const run = { sourceName: data.source, isConditional: conditional !== 'none' };
  const asked = measures.map((name, i) => ({
    path: ['evaluation', 'measures', i],
    name,
    why: whyNotInTraining(name, run),
  }));
  const best =
    keepBest === undefined
      ? []
      : [
          {
            path: ['checkpoint', 'keepBest'],
            name: keepBest,
            why: whyNotInTraining(keepBest, run) ?? whyNoBest(keepBest, measures),
          },
        ];
  return [...asked, ...best].flatMap(({ path, name, why }) => {
    const near = nearest(name, NAMES);
    const hint = near === undefined || near === name ? '' : `; did you mean '${near}'?`;
    return why === undefined ? [] : [{ path, message: `'${name}': ${why}${hint}` }];
  });
}

/** Why no checkpoint is the best by a value, where the run computes `measures` besides the standing ones. */
function whyNoBest(name: string, measures: readonly string[]): string | undefined {
  const metric = valueNamed(name);
  if (metric === undefined) return 'it has several values; name one of them';
  if (VALUES[metric].better === undefined) return 'no value of it is better than another';
  const measure = measureOf(metric);
  const isAsked = measures.some((each) => metricsNamed(each)?.some((one) => measureOf(one) === measure));
  return measure.isStanding || isAsked ? undefined : 'it is not computed: add it to evaluation.measures';
}
