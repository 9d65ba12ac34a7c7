// Items as D is shown them.
import * as tf from '@tensorflow/tfjs-core';
import type { Labelled } from './labels.js';
import type { StepContext } from './step.js';

/** Items `[batch, ...item]`, packed: so many beside each other, in their order, in the last axis (PacGAN: Lin et al. 2018, section 2). */
export function shown(
  { items, ...labels }: Labelled,
  { architecture }: Pick<StepContext, 'architecture'>,
): Labelled {
  const { packing = 1 } = architecture;
  if (packing === 1) return { items, ...labels };
  const [batch, ...item] = items.shape as [number, ...number[]];
  const [last, sides] = [item.at(-1)!, item.slice(0, -1)];
  const together = tf.reshape(items, [batch / packing, packing, ...item]);
  const beside = tf.transpose(together, [0, ...sides.map((_, i) => i + 2), 1, item.length + 1]);
  return { items: tf.reshape(beside, [batch / packing, ...sides, last * packing]) };
}

/** Samples that D couples, each of which may be several items. */
export const shownGroup = ({
  architecture,
  group,
}: Pick<StepContext, 'architecture' | 'group'>): number | undefined =>
  group === undefined ? undefined : group / (architecture.packing ?? 1);
