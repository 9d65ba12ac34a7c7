// What a measure is: its names and what they mean, for whom it is, what it costs, and how it is computed. Knows no TensorFlow: the
// catalogue of metrics and the server read the list of measures. What needs tensors is handed in, as an instrument of the reference.
import type { DataSource } from '../../data/data-source.js';

/** One of the data's modes, as far as a measure may be had of them. */
export interface Modes {
  /** modes that samples reach */
  captured: number;
  /** modes that there are */
  expected: number;
  /** reverse KL divergence of the samples' histogram over modes against the data's, in nats */
  klDivergence: number;
}

/** Bins made of real images: k-means (Richardson and Weiss 2018). */
export interface Bins {
  /** real images in each bin */
  readonly realCounts: readonly number[];
  /** @param images `[count, size]` in the range of the real images @returns the bin of each */
  assign(images: Float32Array): Int32Array;
}

/** Tells the class of an image. */
export interface Classifier {
  /** real items of each class among those it learned from */
  readonly realCounts: readonly number[];
  /** @param images `[count, size]` in [-1, 1] @returns the most likely class of each, and its probability in the classifier's eyes */
  classify(images: Float32Array): { classes: Int32Array; confidences: Float32Array };
}

/** Tells how far images are from real ones. */
export interface Neighbours {
  /** the real images that are compared, `[count, size]` */
  readonly real: Float32Array;
  /** the distance of each of them to the nearest other one */
  readonly realDistances: Float32Array;
  /** @param samples `[count, size]` @returns the distance of each to the nearest real image */
  distances(samples: Float32Array): Float32Array;
}

/** What samples are measured against; made once, for any number of evaluations. */
export interface Reference {
  readonly source: DataSource;
  /** `[count, size]` real items in an order of their own, the same in every process */
  readonly real: Float32Array;
  /** floats of an item */
  readonly size: number;
  /** of images */
  readonly bins?: Bins;
  /** of images */
  readonly neighbours?: Neighbours;
  /** whether samples have labels: those of a conditional run */
  readonly isConditional?: boolean;
  /** of images whose labels are few and mean something to everybody: those of MNIST and its like */
  readonly classifier?: Classifier;
}

/** Values by name; measures that do not apply have none. */
export type Values = Readonly<Record<string, number>>;

export interface Measure<Name extends string = string> {
  /** the names of its values in the catalogue of metrics, each with what it says */
  readonly metrics: Readonly<Record<Name, string>>;
  /** of what it can be had: mixtures, whose modes are known, or images */
  readonly appliesTo: readonly ('mixtures' | 'images')[];
  /** whether it can be had of conditional runs only, whose samples have labels */
  readonly needsLabels?: boolean;
  /** samples that an evaluation of images needs for it, and how its time grows; mixtures have as many samples as the config says */
  readonly cost: { readonly samples: number; readonly growth: string };
  /**
   * Looks at the real side once.
   * @param has whether a value of the measures before it in the list can be had
   * @returns takes samples `[count, size]`, at least as many as it needs, the values of the measures before it and, of a conditional run,
   * the classes that the samples were to be of; or says why of these data it cannot be had
   */
  prepare(
    reference: Reference,
    has: (name: string) => boolean,
  ): ((samples: Float32Array, found: Values, labels?: Int32Array) => Record<Name, number>) | CannotBeHad;
}

/** Of some data a measure says nothing: how various samples are is not to be told by one picture. */
export interface CannotBeHad {
  because: string;
}

/** A measure, with the names of its values kept. */
export const measure = <const Name extends string>(described: Measure<Name>): Measure<Name> => described;
