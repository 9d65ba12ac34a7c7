// What a measure is: its names and what they mean, for whom it is, what it costs, and how it is computed. Knows no TensorFlow: the
// catalogue of metrics and the server read the list of measures. What needs tensors is handed in, as an instrument of the reference.
import type { DataSource } from '../../data/data-source.js';
import type { SquaredDistances } from './distances.js';

/** One of the data's modes, as far as a measure may be had of them. */
export interface Modes {
  /** modes that samples reach */
  captured: number;
  /** modes that there are */
  expected: number;
  /** reverse KL divergence of the samples' histogram over modes against the data's, in nats */
  klDivergence: number;
}

/** Bins made of real items: k-means (Richardson and Weiss 2018). */
export interface Bins {
  /** real items in each bin */
  readonly realCounts: readonly number[];
  /** @param items `[count, size]` in the range of the real items @returns the bin of each */
  assign(items: Float32Array): Int32Array;
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

/** A space in which items are compared. */
export interface Features {
  /** what it is, for the protocol */
  readonly name: string;
  /** floats of an item there */
  readonly size: number;
  /** @param items `[count, floats of an item]` @returns `[count, size]` */
  of(items: Float32Array): Float32Array;
}

/** The Inception network of 2015 on the user's own weights. */
export interface Inception {
  /** floats of its features: 2048 */
  readonly size: number;
  /** classes that the score counts: 1008 */
  readonly classes: number;
  /** @param images `[count, floats of an item]` in [-1, 1] @returns `[count, size]`, and probabilities `[count, classes]` */
  look(images: Float32Array): { features: Float32Array; probabilities: Float32Array };
}

/** A classifier that is learned from items `[count, size]` and their classes. Holds tensors until `dispose`. */
export type Learn = (items: Float32Array, labels: Int32Array) => Classifier & { dispose(): void };

/** The nets that made samples, at inference. */
export interface Players {
  /** numbers of a latent vector */
  readonly latentSize: number;
  /** @returns `[count, latentSize]`, drawn as those of samples are */
  latents(wanted: { count: number; seed: number }): Float32Array;
  /** @param given.seed of noise inside G: what lies at one place of `latents` meets the same noise @returns `[count, size]` */
  drawAt(given: { latents: Float32Array; seed: number; labels?: Int32Array | undefined }): Float32Array;
  /** D's logits of items `[count, size]`, where the reference says that there is a D */
  logits?(items: Float32Array): Float32Array;
}

/** What came with samples. */
export interface Made {
  /** of a conditional run: the classes that they were to be of */
  readonly labels?: Int32Array | undefined;
  /** of image to image: the pictures that they were to be, `[count, size]` */
  readonly targets?: Float32Array | undefined;
  /** of a run */
  readonly players?: Players | undefined;
}

/** Items beside those that samples are compared with. */
export interface HeldOut {
  /** `[count, size]` for the choice of a parameter, and what they are */
  readonly validation: Float32Array;
  readonly validationName: string;
  /** `[count, size]`, and what they are */
  readonly test: Float32Array;
  readonly testName: string;
  /** the classes of those, where they have some */
  readonly testLabels?: Int32Array | undefined;
  /** all that G was trained with, none of which is in `test`; absent where that is not known */
  readonly training?: {
    readonly count: number;
    /** each `[some, size]`, overwritten by the next */
    blocks(): Iterable<Float32Array>;
  };
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
  /** whether samples have targets: those of image to image */
  readonly arePairs?: boolean;
  /** of images whose labels are few and mean something to everybody: those of MNIST and its like */
  readonly classifier?: Classifier;
  /** of items that are stacked of others: tells the class of a channel, `[3 count, floats of a channel]` */
  readonly channelClassifier?: Classifier;
  /** of images of a conditional run, compared with what G was trained with: the classes of `real` */
  readonly realLabels?: Int32Array;
  /** with `realLabels` */
  readonly learn?: Learn;
  /** default: items as they are */
  readonly features?: Features;
  /** default: the definition, which is slow for images */
  readonly distances?: SquaredDistances;
  readonly heldOut?: HeldOut;
  readonly inception?: Inception;
  /** samples come with the G that made them of latents: those of a run */
  readonly generator?: boolean;
  /** and with the D that it plays against, which says of one item alone how probably it is real */
  readonly discriminator?: boolean;
  /** nearest neighbours that make a ball; default: as the measure's paper has it */
  readonly nearest?: number;
}

/** Values by name; measures that do not apply have none. */
export type Values = Readonly<Record<string, number>>;

/** One number of a measure. */
export interface Value {
  /** what it says, for the catalogue of metrics */
  says: string;
  /** what `nash evaluate` and configs call it; default: the metric without `gan_` */
  name?: string;
  /** which way samples get better; absent where neither says so */
  better?: 'higher' | 'lower';
}

/** `mixtures`, whose modes are known; images `[height, width, channels]`; points that nobody knows the distribution of. */
export type Kind = 'mixtures' | 'images' | 'points';

export const kindOf = ({ kind, shape }: Pick<DataSource, 'kind' | 'shape'>): Kind =>
  kind === 'distribution' ? 'mixtures' : shape.length === 3 ? 'images' : 'points';

/** What a measure makes of samples `[count, size]`, the values of the measures before it and what came with the samples. */
export type Compute<Name extends string = string> = (
  samples: Float32Array,
  found: Values,
  made: Made,
) => Readonly<Partial<Record<Name, number>>>;

export interface Measure<Name extends string = string> {
  /** by which all its values are asked for at once */
  readonly name: string;
  /** its values, by their names in the catalogue of metrics */
  readonly metrics: Readonly<Record<Name, Value>>;
  /** of what it can be had */
  readonly appliesTo: readonly Kind[];
  /** whether every evaluation of a run computes it, asked for or not */
  readonly isStanding?: boolean;
  /** whether it can be had of conditional runs only, whose samples have labels */
  readonly needsLabels?: boolean;
  /** whether it can be had of image to image only, whose samples have targets */
  readonly needsTargets?: boolean;
  /** of the reference, what must be there */
  readonly needs?: readonly ('discriminator' | 'generator' | 'heldOut' | 'inception' | 'channelClassifier')[];
  /** samples that an evaluation of images needs for it, and how its time grows; mixtures have as many samples as the config says */
  readonly cost: { readonly samples: number; readonly growth: string };
  /** Fewest samples of which it says anything; default: 1. */
  least?(reference: Reference): number;
  /** Constants of the protocol by which it is computed. */
  protocol(reference: Reference): Readonly<Record<string, string | number | readonly number[]>>;
  /**
   * Looks at the real side once.
   * @param has whether a value of the measures before it in the list can be had
   * @returns takes at least as many samples as it needs; or says why of these data it cannot be had
   */
  prepare(reference: Reference, has: (name: string) => boolean): Compute<Name> | CannotBeHad;
}

/** Of some data a measure says nothing: how various samples are is not to be told by one picture. */
export interface CannotBeHad {
  because: string;
}

/** A measure, with the names of its values kept. */
export const measure = <const Name extends string>(described: Measure<Name>): Measure<Name> => described;

/** Real items and a way to see samples like them, in the space in which they are compared. */
export function comparable({ real, size, features }: Reference): {
  real: Float32Array;
  size: number;
  of(samples: Float32Array): Float32Array;
} {
  if (!features) return { real, size, of: (samples) => samples };
  return { real: features.of(real), size: features.size, of: (samples) => features.of(samples) };
}

/** The constants of every measure that compares items. */
export const comparing = ({ real, size, features }: Reference) => ({
  features: features?.name ?? 'items as they are',
  real: real.length / size,
});
