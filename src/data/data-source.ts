// What a data source is: either a finite set of items, or a distribution that can be drawn from for ever.
import type { Seed } from '../numerics/random.js';
import type { Shape } from '../numerics/shape.js';

/** A finite data set: items are read by index. */
export interface DatasetSource {
  kind: 'dataset';
  /** shape of one item, `[height, width, channels]` */
  shape: readonly number[];
  count: number;
  /** sha256 over items and labels, however they were packed: workers with another digest get no work */
  digest: string;
  /** Writes the items into `out` one after another, float32 in [-1, 1]; `out.length === indices.length * size of shape`. */
  read(indices: ArrayLike<number>, out: Float32Array): void;
  /** names of the classes, in the order of the labels; none where nobody named them */
  classes?: readonly string[];
  /** Class of an item, or undefined where it has none. */
  label(index: number): number | undefined;
  /** where each channel of an item is an item of another source: that one */
  stackedOf?: DatasetSource;
  /** where the data are pairs: what each item is to be made from */
  conditions?: Conditions;
  close(): void;
}

/** Pictures beside a set's items, one for each. */
export interface Conditions extends Pick<DatasetSource, 'read'> {
  /** of one, `[height, width, channels]` */
  shape: Shape;
}

/** A mixture of Gaussians with known modes. */
export interface DistributionSource {
  kind: 'distribution';
  /** `[2]` for ring and grid, `[1]` for the 1-D Gaussian */
  shape: readonly number[];
  digest: string;
  /** centres of the modes, each of `shape`'s size */
  modes: readonly (readonly number[])[];
  /** standard deviation of each mode, per axis */
  deviation: number;
  /** Fills `out` with items decided by the seed alone, and `labels` with the mode of each. */
  draw(seed: Seed, out: Float32Array, labels?: Int32Array): void;
  close(): void;
}

export type DataSource = DatasetSource | DistributionSource;
