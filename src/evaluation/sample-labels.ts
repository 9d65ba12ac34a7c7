// The classes that samples of a conditional run are asked for.
import { RandomStream, seedOf } from '../numerics/random.js';
import { cumulativeShares } from '../steps/labels.js';

/** Pictures in a row of a figure that shows one class a row. */
export const FIGURE_COLUMNS = 10;
const ROWS_MAX = 20;

/**
 * In the data's proportions, decided by the seed alone: label i is the same however many are drawn.
 * @param counts items of each class
 */
export function drawnLabels(
  counts: readonly number[],
  { count, seed }: { count: number; seed: number },
): Int32Array {
  const shares = cumulativeShares(counts);
  const random = new RandomStream(seedOf(seed, 'sample labels'));
  return Int32Array.from({ length: count }, () => {
    const number = random.uniform();
    return shares.findIndex((share) => number < share);
  });
}

/** One class a row: `columns` of the first class, then of the next. */
export const rowsOfClasses = (classes: readonly number[], columns: number): Int32Array =>
  Int32Array.from({ length: classes.length * columns }, (_, i) => classes[Math.floor(i / columns)]!);

/** The labels of a figure: the first classes that the data have items of, one a row of `FIGURE_COLUMNS`. */
export function figureLabels(counts: readonly number[]): Int32Array {
  const present = counts.flatMap((count, label) => (count > 0 ? [label] : []));
  return rowsOfClasses(present.slice(0, ROWS_MAX), FIGURE_COLUMNS);
}
