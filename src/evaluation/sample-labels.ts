// The classes that samples of a conditional run are asked for.
import type { Classes } from '../data/classes.js';
import { NashError } from '../errors.js';
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

/** The labels of a figure: the first classes that the data have items of, one a row of `FIGURE_COLUMNS`. */
export function figureLabels(counts: readonly number[]): Int32Array {
  const rows = presentClasses(counts).slice(0, ROWS_MAX);
  return rowsOfClasses(rows, rows.length * FIGURE_COLUMNS, FIGURE_COLUMNS);
}

/** Classes that the data have items of. */
const presentClasses = (counts: readonly number[]): number[] =>
  counts.flatMap((count, label) => (count > 0 ? [label] : []));

/** One class a row of so many columns; the first again where there are more rows than classes. */
const rowsOfClasses = (classes: readonly number[], count: number, columns: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => classes[Math.floor(i / columns) % classes.length]!);

/** What a person asks for. */
export interface Asked {
  /** absent: as many as are usual */
  count?: number | undefined;
  seed: number;
  /** name or number of the one class */
  class?: string | undefined;
  /** whether they are pictures that will stand in a grid: one class a row, unless one was named */
  isGrid: boolean;
  /** of the grid; absent: as it comes */
  columns?: number | undefined;
}

/** What is drawn: how many, what class each is of in a conditional run, and how many stand side by side. */
export interface Plan {
  count: number;
  labels?: Int32Array | undefined;
  columns?: number | undefined;
  /** the class of each row, where a grid has one a row */
  rows?: readonly number[];
}

const COUNT_DEFAULT = 64;

/**
 * @param classes of the data, in a conditional run
 * @throws NashError('usage') where the class is none of them
 */
export function planOf(classes: Classes | undefined, asked: Asked): Plan {
  const { count = COUNT_DEFAULT, seed, columns } = asked;
  if (asked.class !== undefined) {
    const labels = new Int32Array(count).fill(classNamed(classes, asked.class));
    return { count, labels, columns };
  }
  if (!classes) return { count, columns };
  if (!asked.isGrid) return { count, labels: drawnLabels(classes.counts, { count, seed }), columns };
  return rowPlan(presentClasses(classes.counts), asked);
}

/** One class a row: as many columns as were asked for, or as it takes to show so many of all classes. */
function rowPlan(present: readonly number[], asked: Asked): Plan {
  const shown = asked.count === undefined ? present.slice(0, ROWS_MAX) : present;
  const { count = shown.length * (asked.columns ?? FIGURE_COLUMNS) } = asked;
  const columns = asked.columns ?? Math.ceil(count / shown.length);
  const labels = rowsOfClasses(shown, count, columns);
  return { count, labels, columns, rows: Array.from(labels).filter((_, i) => i % columns === 0) };
}

/** @throws NashError('usage') where there is no such class */
function classNamed(classes: Classes | undefined, text: string): number {
  if (!classes)
    throw new NashError(
      'usage',
      `--class ${text}: the run is not conditional, its generator knows no classes. Train with model.conditional=projection, say.`,
    );
  const { counts, names = [] } = classes;
  const number = /^\d+$/.test(text) ? Number(text) : -1;
  const label = names.includes(text) ? names.indexOf(text) : number;
  if (label >= 0 && label < counts.length) return label;
  const known = counts.map((_, i) =>
    names[i] === undefined || names[i] === String(i) ? i : `${i} (${names[i]})`,
  );
  throw new NashError('usage', `--class ${text}: there is no such class; expected ${listOf(known)}`);
}

const LISTED_MAX = 100;

function listOf(known: readonly (string | number)[]): string {
  const more = known.length - LISTED_MAX;
  return more > 0 ? `${known.slice(0, LISTED_MAX).join(', ')} and ${more} more` : known.join(', ');
}

/** What a class is called. */
export const className = ({ names }: Classes, label: number): string => names?.[label] ?? String(label);
