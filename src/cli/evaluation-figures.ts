// What `nash evaluate` draws: the closest pairs of samples, and the curves of the measures over checkpoints.
import { join } from 'node:path';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { drawCurves } from '../evaluation/evaluation-figure.js';
import { drawImageGrid } from '../evaluation/image-grid.js';
import { closestPairs } from '../evaluation/measures/birthday.js';
import { squaredDistances } from '../evaluation/measures/distances.js';
import { kindOf } from '../evaluation/measures/measure.js';
import { type MeasureName, nameOf, VALUES } from '../evaluation/measures/measures.js';
import type { HeldReference } from '../evaluation/reference.js';
import type { Evaluated, EvaluationOptions, Subject } from './evaluation.js';

/** Closest pairs that are drawn: five a row. */
const PAIRS_SHOWN = 20;

interface Drawing {
  reference: HeldReference;
  rows: Evaluated['rows'];
  last: Subject;
  options: EvaluationOptions;
}

/** @returns the files that were drawn into the folder */
export async function draw(folder: string, { reference, rows, last, options }: Drawing): Promise<string[]> {
  const files: [string, Buffer][] = [];
  const { size, source, distances = squaredDistances } = reference;
  const showsPairs = rows.some(({ measures }) => measures.gan_duplicate_pairs !== undefined);
  if (showsPairs && kindOf(source) === 'images') {
    const pairs = closestPairs(last.samples, { size, count: PAIRS_SHOWN, squared: distances });
    const images = new Float32Array(2 * pairs.length * size);
    pairs
      .flatMap(({ i, j }) => [i, j])
      .forEach((at, place) => {
        images.set(last.samples.subarray(at * size, (at + 1) * size), place * size);
      });
    files.push(['closest-pairs.png', drawImageGrid({ images, shape: source.shape, columns: 10 })]);
  }
  if (rows.length > 1) files.push(['evaluation.png', await drawCurves(curvesOf(rows))]);
  if (files.length === 0) return [];
  makeFolder(folder);
  return files.map(([name, png]) => {
    const file = join(folder, name);
    writeWhole(file, png);
    options.log(`${file} drawn`);
    return file;
  });
}

/** One of each value, through the checkpoints that have it. */
const curvesOf = (rows: Evaluated['rows']) =>
  (Object.keys(VALUES) as MeasureName[]).flatMap((metric) => {
    const points = rows.flatMap(({ step, measures }) =>
      step === undefined || measures[metric] === undefined ? [] : [{ step, value: measures[metric] }],
    );
    return points.length > 1 ? [{ name: nameOf(metric), better: VALUES[metric].better, points }] : [];
  });
