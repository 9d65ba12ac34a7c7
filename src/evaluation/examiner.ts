// Measures a generator's samples and draws them, by the kind of data it learns. Knows no process: who has samples can examine them.
import type { Classes } from '../data/classes.js';
import type { DataSource, DatasetSource, DistributionSource } from '../data/data-source.js';
import { permutation, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { trainClassifier } from './classifier.js';
import { drawDensity } from './density-figure.js';
import { ImageBins } from './image-bins.js';
import { drawImageGrid } from './image-grid.js';
import type { Reference } from './measures/measure.js';
import { type Measures, prepareMeasures, sampleCountOf } from './measures/measures.js';
import { hasFewClasses } from './measures/mode-coverage.js';
import { modeReport } from './measures/nearest-modes.js';
import { RealNeighbours } from './real-neighbours.js';
import { FIGURE_COLUMNS, figureLabels } from './sample-labels.js';
import { drawScatter } from './scatter-figure.js';

/** Examines samples against one source. Holds tensors until `dispose`. */
export interface Examiner {
  /** how many samples an examination needs */
  sampleCount: number;
  /** @param samples `[sampleCount, ...item]` @param labels the classes that those of a conditional run were to be of */
  measure(samples: Float32Array, labels?: Int32Array): Measures;
  /** names of measures that cannot be had of these data, and why */
  leftOut: Readonly<Record<string, string>>;
  /** `samples`: images in a grid; `points`: a scatter or a density */
  figureKind: 'samples' | 'points';
  /** classes of the samples that a figure needs, one a row; absent where it shows those that were measured */
  figureLabels?: Int32Array | undefined;
  /** PNG bytes. @param samples `[sampleCount, ...item]`, or one for each of `figureLabels` @param step G's, for the caption */
  draw(samples: Float32Array, step: number): Promise<Buffer>;
  /** PNG bytes: real items in the same form */
  drawReal(): Promise<Buffer>;
  dispose(): void;
}

/** Samples in a grid. */
const GRID_COUNT = 64;
/** Real images that bins are made of. */
const REAL_COUNT = 5000;
/** Real points drawn behind the generated ones. */
const REAL_POINTS = 1000;
/** Where the source does not name its classes: those of MNIST. */
const CLASS_COUNT = 10;

/**
 * @param configured samples that the config wants for mixtures
 * @param classes of the data, in a conditional run
 */
export function createExaminer(
  source: DataSource,
  sourceName: string,
  configured: number,
  classes?: Classes,
): Examiner {
  const sampleCount = sampleCountOf(source, configured);
  return source.kind === 'distribution'
    ? mixtureExaminer(source, sampleCount, classes)
    : imageExaminer(source, sampleCount, { hasFewClasses: hasFewClasses(sourceName), classes });
}

function mixtureExaminer(
  source: DistributionSource,
  sampleCount: number,
  classes: Classes | undefined,
): Examiner {
  const size = sizeOf(source.shape);
  const real = new Float32Array(REAL_POINTS * size);
  source.draw(seedOf('figure'), real);
  return {
    sampleCount,
    ...prepareMeasures({ source, real, size, isConditional: classes !== undefined }),
    figureKind: 'points',
    draw(samples, step) {
      const caption = `step ${step.toLocaleString('en')}`;
      return size === 1
        ? drawDensity({ generated: samples, real, caption })
        : drawScatter({
            generated: samples,
            real,
            mixture: source,
            report: modeReport(samples, source),
            caption,
          });
    },
    drawReal() {
      const caption = 'the data that the generator is to learn';
      return size === 1
        ? drawDensity({ real, caption })
        : drawScatter({ real, mixture: source, report: modeReport(real, source), caption });
    },
    dispose: () => {},
  };
}

function imageExaminer(
  source: DatasetSource,
  sampleCount: number,
  { hasFewClasses, classes }: { hasFewClasses: boolean; classes: Classes | undefined },
): Examiner {
  const size = sizeOf(source.shape);
  const real = realImages(source, size);
  const bins = new ImageBins(real, size);
  const neighbours = new RealNeighbours(real, size);
  const classifier = hasFewClasses
    ? trainClassifier(source, source.classes?.length ?? CLASS_COUNT)
    : undefined;
  const isConditional = classes !== undefined;
  const instruments = { bins, neighbours, ...(classifier && { classifier }) };
  const reference: Reference = { source, real, size, isConditional, ...instruments };
  const { shape } = source;
  const labels = classes && figureLabels(classes.counts);
  const grid = (images: Float32Array) =>
    labels
      ? drawImageGrid({ images, shape, columns: FIGURE_COLUMNS })
      : drawImageGrid({ images: images.subarray(0, GRID_COUNT * size), shape });
  return {
    sampleCount,
    ...prepareMeasures(reference),
    figureKind: 'samples',
    figureLabels: labels,
    draw: async (samples) => grid(samples),
    drawReal: async () => grid(labels ? realOfClasses(source, labels) : real),
    dispose() {
      bins.dispose();
      neighbours.dispose();
      classifier?.dispose();
    },
  };
}

/** `[labels.length, ...item]`: real items of these classes, in an order of their own; those of a class with few are repeated. */
function realOfClasses(source: DatasetSource, labels: Int32Array): Float32Array {
  const found = new Map(Array.from(labels, (label): [number, number[]] => [label, []]));
  for (const index of permutation(source.count, seedOf('real images'))) {
    const ofClass = found.get(source.label(index)!);
    if (ofClass && ofClass.length < FIGURE_COLUMNS) ofClass.push(index);
  }
  const indices = Array.from(labels, (label, place) => {
    const ofClass = found.get(label)!;
    return ofClass[(place % FIGURE_COLUMNS) % ofClass.length]!;
  });
  const real = new Float32Array(labels.length * sizeOf(source.shape));
  source.read(indices, real);
  return real;
}

function realImages(source: DatasetSource, size: number): Float32Array {
  const count = Math.min(REAL_COUNT, source.count);
  const real = new Float32Array(count * size);
  source.read(permutation(source.count, seedOf('real images')).subarray(0, count), real);
  return real;
}
