// Which of the data's modes the samples reach, and how evenly: the modes of a mixture, the classes of MNIST and its like, bins of other images.
import { assert } from '../../errors.js';
import { countsOf } from './groups.js';
import {
  type Bins,
  type Classifier,
  type Modes,
  measure,
  type Neighbours,
  type Reference,
} from './measure.js';
import { modeReport, NEAR_A_MODE } from './nearest-modes.js';
import { reverseKl } from './reverse-kl.js';

export const modeCoverage = measure({
  name: 'modes',
  metrics: {
    gan_modes_captured: {
      name: 'modes',
      says: 'Modes of a mixture, classes of MNIST and its like or k-means bins of other images that good samples reach: within three deviations; as near to real images as 95 % of those to each other, and of a class that a classifier is sure of',
      better: 'higher',
    },
    gan_modes_expected: { says: 'Modes of the data' },
    gan_mode_coverage_ratio: { says: 'Captured modes over expected modes', better: 'higher' },
    gan_mode_kl_divergence_nats: {
      says: 'Reverse KL of the histogram of nearest modes against the data',
      better: 'lower',
    },
  },
  appliesTo: ['mixtures', 'images'],
  isStanding: true,
  cost: { samples: 1000, growth: 'samples, times modes or bins' },
  protocol: countingOf,
  prepare(reference) {
    if (reference.neighbours && !differ(reference.neighbours)) return { because: ALIKE };
    const modesOf = modesBy(reference);
    return (samples) => {
      const { captured, expected, klDivergence } = modesOf(samples);
      return {
        gan_modes_captured: captured,
        gan_modes_expected: expected,
        gan_mode_coverage_ratio: captured / expected,
        gan_mode_kl_divergence_nats: klDivergence,
      };
    };
  },
});

export const ALIKE = 'the real images are all alike';

/** Whether there are two real images with a distance that is more than a rounding. */
const differ = ({ real, realDistances }: Neighbours): boolean =>
  realDistances.length > 1 &&
  Math.max(...realDistances) > 1e-3 * Math.sqrt(real.length / realDistances.length);

/** What is counted, and when it is captured. */
function countingOf({ bins, neighbours, classifier }: Reference): Readonly<Record<string, string | number>> {
  if (!bins || !neighbours) return { ...NEAR_A_MODE, captured: 'by one sample that is near' };
  const near = `no farther from a real image than ${percent(NEAR_SHARE)} of those of its group from another`;
  const real = neighbours.realDistances.length;
  return classifier
    ? {
        real,
        near,
        captured: `by one sample in ${SAMPLES_OF_A_CLASS}: near, and by a classifier ${percent(CONFIDENCE_LEAST)} sure`,
      }
    : { bins: bins.realCounts.length, real, near, captured: 'by one sample that is near' };
}

const percent = (share: number): string => `${100 * share} %`;

/** What counts as a mode of these data. */
function modesBy({ source, bins, neighbours, classifier }: Reference): (samples: Float32Array) => Modes {
  if (source.kind === 'distribution') return (samples) => modeReport(samples, source);
  assert(bins && neighbours, () => 'images are measured against bins and neighbours');
  return classifier ? classModes(classifier, neighbours) : binModes(bins, neighbours);
}

/**
 * A class is captured when one sample in a hundred is of it and good: since the classifier errs that often, and since what is none of
 * its classes falls into some class too.
 */
export function classModes(classifier: Classifier, neighbours: Neighbours): (samples: Float32Array) => Modes {
  const isNear = nearnessOf(neighbours, classifier.classify(neighbours.real).classes);
  return (samples) => {
    const { classes, confidences } = classifier.classify(samples);
    const near = isNear(samples, classes);
    const good = classes.filter((_, i) => near[i]! && confidences[i]! >= CONFIDENCE_LEAST);
    return modesOf({
      groups: classes,
      good,
      least: classes.length / SAMPLES_OF_A_CLASS,
      realCounts: classifier.realCounts,
    });
  };
}

/** A bin is captured by one good sample. */
export function binModes(bins: Bins, neighbours: Neighbours): (samples: Float32Array) => Modes {
  const isNear = nearnessOf(neighbours, bins.assign(neighbours.real));
  return (samples) => {
    const groups = bins.assign(samples);
    const near = isNear(samples, groups);
    const good = groups.filter((_, i) => near[i]!);
    return modesOf({ groups, good, least: 1, realCounts: bins.realCounts });
  };
}

interface Grouped {
  /** the class or bin of each sample */
  groups: Int32Array;
  /** of each good one */
  good: Int32Array;
  /** good samples that capture a group */
  least: number;
  realCounts: readonly number[];
}

function modesOf({ groups, good, least, realCounts }: Grouped): Modes {
  const expected = realCounts.length;
  return {
    captured: countsOf(good, expected).filter((count) => count >= least).length,
    expected,
    klDivergence: reverseKl(countsOf(groups, expected), realCounts),
  };
}

/** One good sample in so many captures a class. */
const SAMPLES_OF_A_CLASS = 100;
/** A classifier of digits is that sure of five test images in six, and of noise often enough too: so nearness is asked besides. */
const CONFIDENCE_LEAST = 0.9;
/** Share of the real images of a group that are near to another one, by definition. */
const NEAR_SHARE = 0.95;

/**
 * A sample is near when its distance to the nearest real image is no more than that of 95 % of the real images of its group to another
 * one. Ones lie closer together than eights, so each group has its own limit.
 * @param realGroups the group of each of the neighbours' real images
 * @returns takes samples and their groups; a group that none of the compared real images is in has the limit of all
 */
function nearnessOf(neighbours: Neighbours, realGroups: Int32Array) {
  const { realDistances } = neighbours;
  const limitOf = (all: Float32Array) => all.toSorted()[Math.ceil(NEAR_SHARE * all.length) - 1]!;
  const ofAll = limitOf(realDistances);
  const limits = new Map(
    [...new Set(realGroups)].map((group) => [
      group,
      limitOf(realDistances.filter((_, i) => realGroups[i] === group)),
    ]),
  );
  return (samples: Float32Array, groups: Int32Array): boolean[] =>
    Array.from(neighbours.distances(samples), (distance, i) => distance <= (limits.get(groups[i]!) ?? ofAll));
}

/** What is counted of a data source, in the plural. */
export function modesInWords(sourceName: string): string {
  if (hasFewClasses(sourceName)) return 'classes';
  return MIXTURES.has(sourceName) ? 'modes' : 'k-means bins';
}

const MIXTURES: ReadonlySet<string> = new Set(['ring', 'grid', 'gaussian-1d']);

/** What a data source of a config has. */
export const kindOfSource = (sourceName: string): 'mixtures' | 'images' =>
  MIXTURES.has(sourceName) ? 'mixtures' : 'images';

/** Whether labels of a data source are few and mean something to everybody: digits, letters, pieces of clothing. */
export const hasFewClasses = (sourceName: string): boolean => sourceName === 'mnist';
