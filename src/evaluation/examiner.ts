// Measures a generator's samples and draws them, by the kind of data it learns. Knows no process: who has samples can examine them.
import type { Classes } from '../data/classes.js';
import type { DataSource, DatasetSource, DistributionSource } from '../data/data-source.js';
import { sizeOf } from '../numerics/shape.js';
import { drawDensity } from './density-figure.js';
import { drawImageGrid } from './image-grid.js';
import type { HeldOut, Made, Reference } from './measures/measure.js';
import { type MeasureName, type Measures, prepareMeasures, sampleCountOf } from './measures/measures.js';
import { modeReport } from './measures/nearest-modes.js';
import { openReference, orderOf, STANDING_COUNT } from './reference.js';
import { FIGURE_COLUMNS, figureLabels } from './sample-labels.js';
import { drawScatter } from './scatter-figure.js';

/** Examines samples against one source. Holds tensors until `dispose`. */
export interface Examiner {
  /** how many samples an examination needs */
  sampleCount: number;
  /** @param samples `[sampleCount, ...item]` */
  measure(samples: Float32Array, made?: Made): Measures;
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
/** Real points drawn behind the generated ones. */
const REAL_POINTS = 1000;

export interface ExaminerOptions {
  sourceName: string;
  /** samples that the config wants for mixtures */
  configured: number;
  /** of the data, in a conditional run */
  classes?: Classes | undefined;
  /** metrics that are wanted beside the standing ones */
  asked?: readonly MeasureName[];
  /** where a measure that is asked for needs them */
  heldOut?: HeldOut | undefined;
  /** which nets come with samples */
  nets?: Pick<Reference, 'generator' | 'discriminator'>;
}

export const createExaminer = (source: DataSource, options: ExaminerOptions): Examiner =>
  source.kind === 'distribution' ? mixtureExaminer(source, options) : imageExaminer(source, options);

function mixtureExaminer(source: DistributionSource, options: ExaminerOptions): Examiner {
  const size = sizeOf(source.shape);
  const { sampleCount, dispose, real: all, ...prepared } = measuring(source, options, REAL_POINTS);
  const real = all.subarray(0, REAL_POINTS * size);
  return {
    sampleCount,
    ...prepared,
    dispose,
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
  };
}

function imageExaminer(source: DatasetSource, options: ExaminerOptions): Examiner {
  const size = sizeOf(source.shape);
  const { classes } = options;
  const { real, ...examiner } = measuring(source, options, STANDING_COUNT);
  const { shape } = source;
  const labels = classes && figureLabels(classes.counts);
  const grid = (images: Float32Array) =>
    labels
      ? drawImageGrid({ images, shape, columns: FIGURE_COLUMNS })
      : drawImageGrid({ images: images.subarray(0, GRID_COUNT * size), shape });
  return {
    ...examiner,
    figureKind: 'samples',
    figureLabels: labels,
    draw: async (samples) => grid(samples),
    drawReal: async () => grid(labels ? realOfClasses(source, labels) : real),
  };
}

/** The measures of an examination, and the real items. @param realCount at least */
function measuring(source: DataSource, options: ExaminerOptions, realCount: number) {
  const { sourceName, configured, classes, asked = [], heldOut, nets } = options;
  const isConditional = classes !== undefined;
  const sampleCount = sampleCountOf(source, configured, { isConditional, asked });
  const { dispose, ...reference } = openReference(source, {
    sourceName,
    isConditional,
    comparesItems: asked.length > 0,
    realCount: Math.max(realCount, sampleCount),
  });
  const { real, size } = reference;
  const compared = source.kind === 'distribution' ? real.subarray(0, sampleCount * size) : real;
  const all = {
    ...reference,
    real: compared,
    ...(heldOut && { heldOut }),
    ...nets,
  };
  const { measure, leftOut } = prepareMeasures(all, { asked });
  return { sampleCount, real, measure, leftOut, dispose };
}

/** `[labels.length, ...item]`: real items of these classes, in an order of their own; those of a class with few are repeated. */
function realOfClasses(source: DatasetSource, labels: Int32Array): Float32Array {
  const found = new Map(Array.from(labels, (label): [number, number[]] => [label, []]));
  for (const index of orderOf(source)) {
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
