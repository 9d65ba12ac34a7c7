// What samples are measured against: real items, and the instruments that a measure asks for and that need tensors.
import { type DoubleDistances, doubleDistances } from '../compiler/double-distances.js';
import type { DataSource, DatasetSource } from '../data/data-source.js';
import { permutation, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { convolutional, type TrainedClassifier, trainClassifier } from './classifier.js';
import { labelsOf } from './held-out.js';
import { ImageBins } from './image-bins.js';
import { squaredDistances } from './measures/distances.js';
import { kindOf, type Learn, type Reference } from './measures/measure.js';
import { hasFewClasses } from './measures/mode-coverage.js';
import { RealNeighbours } from './real-neighbours.js';

/** Where the source does not name its classes: those of MNIST. */
const CLASS_COUNT = 10;
/** Items of fewer floats are compared by the definition, which costs no more then. */
const FLOATS_FEW = 16;

/** Real images that standing measures see, whatever else is asked for. */
export const STANDING_COUNT = 5000;

export interface ReferenceOptions {
  /** real items, at most */
  realCount: number;
  /** name of the source in the config; absent where the data are a file */
  sourceName?: string;
  isConditional: boolean;
  /** whether samples are of image to image and have targets */
  arePairs?: boolean;
  /** space in which items are compared; default: a classifier's for images that have labels, else items as they are */
  features?: 'items' | 'classifier' | undefined;
  /** whether measures beside the standing ones are asked for */
  comparesItems: boolean;
  /** whether channels of stacked items are looked at one by one */
  seesChannels?: boolean;
}

/** Holds tensors until `dispose`. */
export type HeldReference = Reference & { dispose(): void };

/** @param source that G learns @param against that samples are compared with; default: the source */
export function openReference(
  source: DataSource,
  {
    realCount,
    sourceName = '',
    isConditional,
    arePairs = false,
    features,
    comparesItems,
    seesChannels,
  }: ReferenceOptions,
  against: DataSource = source,
): HeldReference {
  const size = sizeOf(source.shape);
  const real = realItems(against, realCount);
  const fast = comparesItems && size > FLOATS_FEW ? doubleDistances() : undefined;
  const base = { source, real, size, isConditional, arePairs, distances: fast?.squared ?? squaredDistances };
  if (source.kind === 'distribution' || kindOf(source) !== 'images')
    return { ...base, dispose: () => fast?.dispose() };
  const standing = real.subarray(0, STANDING_COUNT * size);
  const bins = new ImageBins(standing, size);
  const neighbours = new RealNeighbours(standing, size);
  const isOfClasses = hasFewClasses(sourceName);
  const sees = comparesItems && features !== 'items' && source.label(0) !== undefined;
  const classCount = source.classes?.length ?? CLASS_COUNT;
  const trained = isOfClasses || sees ? trainClassifier(source, classCount) : undefined;
  const channel = seesChannels && source.stackedOf?.label(0) !== undefined ? source.stackedOf : undefined;
  const channels = channel && trainClassifier(channel, channel.classes?.length ?? CLASS_COUNT, convolutional);
  const teaches = isConditional && comparesItems && against === source;
  return {
    ...base,
    bins,
    neighbours,
    ...(isOfClasses && { classifier: trained! }),
    ...(channels && { channelClassifier: channels }),
    ...(sees && { features: trained!.features }),
    ...(teaches && {
      realLabels: labelsOf(source, orderOf(source).subarray(0, real.length / size))!,
      learn: learnFrom(source.shape, classCount),
    }),
    dispose: () => disposeAll(bins, neighbours, trained, channels, fast),
  };
}

/** Items that a classifier learns from in all: where there are fewer they come again. */
const LEARNED = 20_000;

/** The classifier of classifier.ts, of items that are given. */
const learnFrom =
  (shape: readonly number[], classCount: number): Learn =>
  (items, labels) => {
    const size = sizeOf(shape);
    const at = (index: number) => index % labels.length;
    const source: DatasetSource = {
      kind: 'dataset',
      shape,
      count: Math.max(LEARNED, labels.length),
      digest: '',
      read(indices, out) {
        for (let i = 0; i < indices.length; i++)
          out.set(items.subarray(at(indices[i]!) * size, (at(indices[i]!) + 1) * size), i * size);
      },
      label: (index) => labels[at(index)],
      close: () => {},
    };
    return trainClassifier(source, classCount);
  };

function disposeAll(
  ...held: (ImageBins | RealNeighbours | TrainedClassifier | DoubleDistances | undefined)[]
) {
  for (const each of held) each?.dispose();
}

/** `[count, ...item]`, as many as there are at most: images in an order of their own, points as their distribution draws them. */
export function realItems(source: DataSource, wanted: number): Float32Array {
  const size = sizeOf(source.shape);
  if (source.kind === 'distribution') {
    const real = new Float32Array(wanted * size);
    source.draw(seedOf('figure'), real);
    return real;
  }
  const count = Math.min(wanted, source.count);
  const real = new Float32Array(count * size);
  source.read(orderOf(source).subarray(0, count), real);
  return real;
}

/** The order in which real images are taken, the same in every process. */
export const orderOf = ({ count }: DatasetSource): Uint32Array => permutation(count, seedOf('real images'));
