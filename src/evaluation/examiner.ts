// Measures a generator's samples and draws them, by the kind of data it learns. Knows no process: who has samples can examine them.
import type { Classes } from '../data/classes.js';
import type { DataSource, DatasetSource, DistributionSource } from '../data/data-source.js';
import { sizeOf } from '../numerics/shape.js';
import { drawDensity } from './density-figure.js';
import { givenPictures } from './given-pictures.js';
import { drawImageGrid } from './image-grid.js';
import type { HeldOut, Made, Reference } from './measures/measure.js';
import { type MeasureName, type Measures, prepareMeasures, sampleCountOf } from './measures/measures.js';
import { modeReport } from './measures/nearest-modes.js';
import { openReference, orderOf, STANDING_COUNT } from './reference.js';
import { FIGURE_COLUMNS, figureLabels } from './sample-labels.js';
import { drawScatter } from './scatter-figure.js';
import { drawSideBySide, type Pictures } from './side-by-side.js';

/** Examines samples against one source. Holds tensors until `dispose`. */
export interface Examiner {
  /** how many samples an examination needs */
  sampleCount: number;
  /** of image to image, `[sampleCount, ...condition]`: what samples are to be made from */
  conditions?: Float32Array | undefined;
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
/** Pairs in a grid. */
const PAIRS_SHOWN = 24;
/** Of the pictures that samples are made from: those of `nash sample` where no other is named. */
const GIVEN_SEED = 0;
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
  /** of image to image: what samples are made from is taken from there; default: from what G learns */
  given?: DataSource | undefined;
}

export const createExaminer = (source: DataSource, options: ExaminerOptions): Examiner =>
  source.kind === 'distribution' ? mixtureExaminer(source, options) : imageExaminer(source, options);

function mixtureExaminer(source: DistributionSource, options: ExaminerOptions): Examiner {
  const size = sizeOf(source.shape);
  const { sampleCount, dispose, real: all, measure, leftOut } = measuring(source, options, REAL_POINTS);
  const real = all.subarray(0, REAL_POINTS * size);
  return {
    ...{ sampleCount, measure, leftOut, dispose },
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
  const { real, given, ...examiner } = measuring(source, options, STANDING_COUNT);
  const { shape } = source;
  const labels = classes && figureLabels(classes.counts);
  const grid = (images: Float32Array) =>
    labels
      ? drawImageGrid({ images, shape, columns: FIGURE_COLUMNS })
      : drawImageGrid({ images: images.subarray(0, GRID_COUNT * size), shape });
  if (given) {
    const shown = ({ data, shape }: Pictures): Pictures => ({
      shape,
      data: data.subarray(0, PAIRS_SHOWN * sizeOf(shape)),
    });
    const [conditions, targets] = [given.conditions, given.targets].map(shown) as [Pictures, Pictures];
    return {
      ...examiner,
      conditions: given.conditions.data,
      figureKind: 'samples',
      draw: async (data) => drawSideBySide([conditions, shown({ data, shape }), targets]),
      drawReal: async () => drawSideBySide([conditions, targets]),
    };
  }
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
  const arePairs = source.kind === 'dataset' && source.conditions !== undefined;
  const sampleCount = sampleCountOf(source, configured, { isConditional, arePairs, asked });
  const { dispose, ...reference } = openReference(source, {
    sourceName,
    isConditional,
    arePairs,
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
  const given = givenPictures(options.given ?? source, { count: sampleCount, seed: GIVEN_SEED });
  return {
    ...{ sampleCount, real, given, leftOut, dispose },
    measure: (samples: Float32Array, made: Made = {}) =>
      measure(samples, { ...made, targets: given?.targets.data }),
  };
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
