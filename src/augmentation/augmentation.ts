// The augmentation that a config may name: random changes of real and generated pictures alike, before D sees them, in both nets' steps.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { NashError } from '../errors.js';
import type { SeedSource } from '../kernels/random.js';
import type { SlotSpec } from '../parameters/manifest.js';
import { optionsOf, type Variant, variantOf } from '../variants.js';
import { ADAPTIVE, color, cutout, sometimes, type Transform, translation } from './transforms.js';

/** What changes over time, read from D's state slots and proposed for them. */
export interface AugmentationState {
  slot(name: string): tf.Tensor;
}

interface AugmentationEntry<O extends { name: string } = never> extends Variant<O> {
  slots?(options: O): readonly SlotSpec[];
  /** @returns undefined: items stay as they are */
  make(options: O, state: AugmentationState): Transform | undefined;
  /** New values of the slots, from D's logits of real items `[batch, 1]`. */
  next?(options: O, state: AugmentationState, real: tf.Tensor, batch: number): Map<string, tf.Tensor>;
}

const entryOf = <O extends { name: string }>(entry: AugmentationEntry<O>): AugmentationEntry<O> => entry;

const none = entryOf({
  options: z.strictObject({ name: z.literal('none') }).describe('pictures as they are'),
  make: () => undefined,
});

const POLICIES = { color, translation, cutout } as const;

const inTurn = (transforms: readonly Transform[]): Transform => {
  return (x, seeds) => transforms.reduce((h, transform) => transform(h, seeds), x);
};

const diffaugment = entryOf({
  options: z
    .strictObject({
      name: z.literal('diffaugment'),
      policy: z
        .array(z.enum(['color', 'translation', 'cutout']))
        .min(1)
        .max(3)
        .default(['color', 'translation', 'cutout'])
        .describe('in this order'),
    })
    .describe('every picture is changed (DiffAugment: Zhao et al. 2020)'),
  make: ({ policy }) => inTurn(policy.map((name) => POLICIES[name])),
});

/** ADA's slots: of p, and of the sign of D's logits of real items. */
export const PROBABILITY = 'ada/probability';
const SIGN = 'ada/sign';

const slot = (name: string, merge: SlotSpec['merge'], momentum: number): SlotSpec => ({
  ...{ name, shape: [1], merge, momentum },
  initializer: { kind: 'constant', value: 0 },
});

const ada = entryOf({
  options: z
    .strictObject({
      name: z.literal('ada'),
      target: z
        .number()
        .min(-1)
        .max(1)
        .default(0.6)
        .describe("mean sign of D's logits of real items, above which more is changed"),
      images: z
        .number()
        .positive()
        .default(500_000)
        .describe(
          "real items in which the probability goes from 0 to 1 at most (the authors' ada_kimg: 500)",
        ),
    })
    .describe(
      "pictures are changed with a probability that follows D's overfitting and stands in the checkpoint (ADA: Karras et al. 2020b, section 3)",
    ),
  // the mean sign keeps three quarters at each step: of the last four minibatches, as the authors have it
  slots: () => [slot(PROBABILITY, 'first', 0), slot(SIGN, 'mean', 0.75)],
  make: (_, { slot }) => {
    const probability = slot(PROBABILITY);
    return inTurn(ADAPTIVE.map((transform) => sometimes(transform, probability)));
  },
  next: ({ target, images }, { slot }, real, batch) => {
    const direction = tf.sign(tf.sub(slot(SIGN), target));
    const moved = tf.add(slot(PROBABILITY), tf.mul(direction, batch / images));
    return new Map([
      [PROBABILITY, tf.clipByValue(moved, 0, 1)],
      [SIGN, tf.reshape(tf.mean(tf.sign(real)), [1])],
    ]);
  },
});

const AUGMENTATIONS = [none, diffaugment, ada] as const;

export const augmentationOptions = optionsOf(AUGMENTATIONS);
export type AugmentationOptions = z.infer<typeof augmentationOptions>;

const entryFor = (options: AugmentationOptions): AugmentationEntry =>
  variantOf<Variant>(AUGMENTATIONS, options) as unknown as AugmentationEntry;

/** @throws NashError('usage') where items are no pictures */
export function requirePictures(what: string, itemShape: readonly number[]): void {
  if (itemShape.length === 3) return;
  throw new NashError(
    'usage',
    `${what} changes pictures [height, width, channels], and the data has items of shape [${itemShape.join(', ')}]. Leave it out.`,
  );
}

/** The state that it keeps beside D's weights. */
export const augmentationSlots = (options: AugmentationOptions): readonly SlotSpec[] =>
  entryFor(options).slots?.(options as never) ?? [];

/** What pictures become; items that are no pictures, `[batch, n]`, stay as they are. */
export function augmented(
  options: AugmentationOptions,
  items: tf.Tensor,
  state: AugmentationState & { seeds: SeedSource },
): tf.Tensor {
  const transform = entryFor(options).make(options as never, state);
  return transform ? transform(items, state.seeds) : items;
}

/**
 * New values of its slots after D judged real items.
 * @param real logits `[batch, 1]`
 * @param batch items of the whole minibatch
 */
export const nextAugmentation = (
  options: AugmentationOptions,
  state: AugmentationState,
  real: tf.Tensor,
  batch: number,
): Map<string, tf.Tensor> => entryFor(options).next?.(options as never, state, real, batch) ?? new Map();
