// The classes of labelled data, as a conditional run knows them: how many items each has, and what it is called.
import { NashError } from '../errors.js';
import type { DataSource, DatasetSource } from './data-source.js';

export interface Classes {
  /** items of each class, in the order of the labels: labels of fake items are drawn in these proportions */
  counts: readonly number[];
  /** where somebody named them */
  names?: readonly string[] | undefined;
}

/** `[batch, classes]` one-hot labels lie in memory beside every minibatch; ImageNet has 1,000. */
const CLASSES_MAX = 10_000;

/**
 * The modes of a mixture are its classes.
 * @throws NashError('usage') where an item has no label, or labels are no classes
 */
export function classesOf(source: DataSource): Classes {
  if (source.kind === 'distribution') return { counts: source.modes.map(() => 1) };
  const counts = countsOf(source);
  return { counts, names: source.classes };
}

function countsOf(source: DatasetSource): number[] {
  const counts = (source.classes ?? []).map(() => 0);
  let [unlabelled, first] = [0, 0];
  for (let index = 0; index < source.count; index++) {
    const label = source.label(index);
    if (label === undefined) {
      if (unlabelled === 0) first = index;
      unlabelled += 1;
      continue;
    }
    if (label >= CLASSES_MAX)
      throw refused(`label ${label} (item ${index})`, `labels below ${CLASSES_MAX}, which count classes`);
    while (counts.length <= label) counts.push(0);
    counts[label]! += 1;
  }
  if (unlabelled === source.count) throw refused('no labels', 'a label for every item');
  if (unlabelled > 0)
    throw refused(
      `${unlabelled} of ${source.count} items without a label (the first is item ${first})`,
      'a label for every item',
    );
  return counts;
}

const refused = (found: string, expected: string): NashError =>
  new NashError(
    'usage',
    `model.conditional: the data have ${found}, expected ${expected}. docs/data.md says where labels come from; ` +
      'without them set model.conditional=none.',
  );
