// Items as D is shown them.
import * as tf from '@tensorflow/tfjs-core';
import { augmented } from '../augmentation/augmentation.js';
import { noisy } from '../augmentation/instance-noise.js';
import type { SeedSource } from '../kernels/random.js';
import type { Architecture } from '../models/architecture.js';
import type { NamedTensors } from '../models/network.js';
import type { Labelled } from './labels.js';
import type { StepContext } from './step.js';

/**
 * Items as they are shown: pictures changed by the run's augmentation, with its noise, then packed.
 * @param state.slots of D, which hold what the augmentation remembers
 * @param state.noise deviation of the noise `[1]`, in a run that has any
 */
export function shown(
  { items, ...beside }: Labelled,
  { architecture, augmentation }: Pick<StepContext, 'architecture' | 'augmentation'>,
  { slots, seeds, noise }: { slots: NamedTensors; seeds: SeedSource; noise: tf.Tensor | undefined },
): Labelled {
  const slot = (name: string) => slots.get(name)!;
  const changed = augmentation ? augmented(augmentation, items, { slot, seeds }) : items;
  const seen = noise ? noisy(changed, noise, seeds) : changed;
  return { ...beside, items: packed(seen, architecture) };
}

/** Items `[batch, ...item]`, packed: so many beside each other, in their order, in the last axis (PacGAN: Lin et al. 2018, section 2). */
export function packed(items: tf.Tensor, { packing = 1 }: Pick<Architecture, 'packing'>): tf.Tensor {
  if (packing === 1) return items;
  const [batch, ...item] = items.shape as [number, ...number[]];
  const [last, sides] = [item.at(-1)!, item.slice(0, -1)];
  const together = tf.reshape(items, [batch / packing, packing, ...item]);
  const beside = tf.transpose(together, [0, ...sides.map((_, i) => i + 2), 1, item.length + 1]);
  return tf.reshape(beside, [batch / packing, ...sides, last * packing]);
}

/** Samples that D couples, each of which may be several items. */
export const shownGroup = ({
  architecture,
  group,
}: Pick<StepContext, 'architecture' | 'group'>): number | undefined =>
  group === undefined ? undefined : group / (architecture.packing ?? 1);
