// What is measured and drawn of a generator, by the kind of data it learns.

import type { DataSource, DatasetSource, DistributionSource } from '../data/data-source.js';
import { type Classifier, trainClassifier } from '../evaluation/classifier.js';
import { collapseScore, reverseKlBetween } from '../evaluation/collapse.js';
import { drawDensity } from '../evaluation/density-figure.js';
import { meanPairwiseDistance } from '../evaluation/diversity.js';
import { type BinReport, ImageBins } from '../evaluation/image-bins.js';
import { drawImageGrid } from '../evaluation/image-grid.js';
import { modeReport } from '../evaluation/modes.js';
import { drawScatter } from '../evaluation/scatter-figure.js';
import type { MetricName } from '../metrics/catalogue.js';
import { permutation, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import type { FigureKind } from '../run-folder/figures.js';

export type Measures = Partial<Record<MetricName, number>>;

export interface Evaluation {
  measures: Measures;
  figure: Buffer;
}

/** Measures samples against one source. Holds tensors until `dispose`. */
export interface Examiner {
  figureKind: FigureKind;
  /** how many samples an examination needs */
  sampleCount: number;
  /** @param samples `[sampleCount, ...item]` of the averaged generator @param step G's step, for the caption */
  examine(samples: Float32Array, step: number): Promise<Evaluation>;
  dispose(): void;
}

/** Samples in a grid, and samples compared pair by pair. */
const GRID_COUNT = 64;
const PAIRWISE_COUNT = 256;
/** Samples spread over bins or classes, and real images that bins are made of. */
const BINNED_COUNT = 1000;
const REAL_COUNT = 5000;
/** Real points drawn behind the generated ones. */
const REAL_POINTS = 1000;
const DIGITS = 10;

/** @param configured samples that the config wants for mixtures */
export function createExaminer(source: DataSource, sourceName: string, configured: number): Examiner {
  return source.kind === 'distribution'
    ? mixtureExaminer(source, configured)
    : imageExaminer(source, sourceName === 'mnist');
}

function mixtureExaminer(source: DistributionSource, sampleCount: number): Examiner {
  const real = new Float32Array(REAL_POINTS * sizeOf(source.shape));
  source.draw(seedOf('figure'), real);
  return {
    figureKind: 'points',
    sampleCount,
    async examine(samples, step) {
      const report = modeReport(samples, source);
      const caption = `step ${step.toLocaleString('en')}`;
      const figure =
        sizeOf(source.shape) === 1
          ? await drawDensity({ generated: samples, real, caption })
          : await drawScatter({ generated: samples, real, mixture: source, report, caption });
      return {
        measures: {
          ...modeMeasures(report),
          gan_high_quality_samples_ratio: report.highQualityRatio,
        },
        figure,
      };
    },
    dispose: () => {},
  };
}

function imageExaminer(source: DatasetSource, hasDigits: boolean): Examiner {
  const size = sizeOf(source.shape);
  const count = Math.min(REAL_COUNT, source.count);
  const real = new Float32Array(count * size);
  source.read(permutation(source.count, seedOf('real images')).subarray(0, count), real);
  const realDistance = meanPairwiseDistance(real.subarray(0, PAIRWISE_COUNT * size), size);
  const bins = new ImageBins(real, size);
  const classifier = hasDigits ? trainClassifier(source, DIGITS) : undefined;
  return {
    figureKind: 'samples',
    sampleCount: BINNED_COUNT,
    async examine(samples) {
      const distance = meanPairwiseDistance(samples.subarray(0, PAIRWISE_COUNT * size), size);
      const diversity = distance / realDistance;
      const report = bins.report(samples);
      const modes = classifier ? classModes(classifier, samples) : binModes(report, bins);
      return {
        measures: {
          ...modeMeasures({ ...modes, diversity }),
          gan_sample_diversity_ratio: diversity,
          gan_different_bins_ratio: report.differentRatio,
        },
        figure: drawImageGrid({ images: samples.subarray(0, GRID_COUNT * size), shape: source.shape }),
      };
    },
    dispose() {
      bins.dispose();
      classifier?.dispose();
    },
  };
}

interface Modes {
  captured: number;
  expected: number;
  /** reverse, in nats */
  klDivergence: number;
}

const binModes = ({ hitCount, counts }: BinReport, { realCounts }: ImageBins): Modes => ({
  captured: hitCount,
  expected: counts.length,
  klDivergence: reverseKlBetween(counts, realCounts),
});

/** Modes as a classifier sees them: a class is captured when at least one sample in a hundred falls into it, since it errs that often. */
function classModes(classifier: Classifier, samples: Float32Array): Modes {
  const counts = new Array<number>(classifier.classCount).fill(0);
  const classes = classifier.classify(samples);
  for (const label of classes) counts[label]! += 1;
  return {
    captured: counts.filter((count) => count >= classes.length / 100).length,
    expected: counts.length,
    klDivergence: reverseKlBetween(counts, classifier.realCounts),
  };
}

const modeMeasures = ({
  captured,
  expected,
  klDivergence,
  diversity,
}: Modes & { diversity?: number }): Measures => ({
  gan_modes_captured: captured,
  gan_modes_expected: expected,
  gan_mode_coverage_ratio: captured / expected,
  gan_mode_kl_divergence_nats: klDivergence,
  gan_mode_collapse_score_ratio: collapseScore({
    reverseKlNats: klDivergence,
    ...(diversity === undefined ? {} : { diversity }),
  }),
});
