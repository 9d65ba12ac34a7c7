// Some items to look at.
import { seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import type { DataSource, DatasetSource } from './data-source.js';

export interface FirstItems {
  /** `[count, ...shape]`, as the trainer sees them */
  data: Float32Array;
  /** of one */
  shape: readonly number[];
  count: number;
  /** of each; absent where nothing has one */
  labels?: readonly (number | undefined)[];
  classes?: readonly string[];
  /** what each is made from, where the data are pairs: `[count, ...shape]` */
  conditions?: Pick<FirstItems, 'data' | 'shape'>;
}

/** The first items of a data set, as many as it has at most, or so many draws from a distribution. */
export function firstItems(source: DataSource, wanted: number, seed: number): FirstItems {
  const { shape } = source;
  const count = source.kind === 'dataset' ? Math.min(wanted, source.count) : wanted;
  const data = new Float32Array(count * sizeOf(shape));
  if (source.kind === 'distribution') {
    source.draw(seedOf(seed, 'show'), data);
    return { data, shape, count };
  }
  const indices = Array.from({ length: count }, (_, i) => i);
  source.read(indices, data);
  const conditions = conditionsAt(source, indices);
  const labels = indices.map((i) => source.label(i));
  if (labels.every((label) => label === undefined)) return { data, shape, count, ...conditions };
  return { data, shape, count, ...conditions, labels, ...(source.classes && { classes: source.classes }) };
}

/** What items are made from, where the data are pairs. */
export function conditionsAt(
  { conditions }: DatasetSource,
  indices: readonly number[],
): Pick<FirstItems, 'conditions'> {
  if (!conditions) return {};
  const { shape, read } = conditions;
  const data = new Float32Array(indices.length * sizeOf(shape));
  read(indices, data);
  return { conditions: { data, shape } };
}
