// What items stand beside inside a step. Labels of a conditional run: those of real items are given with them, those of fake ones are drawn;
// networks see them one-hot. Of pairs, the picture that both the real item and the fake one are made from. D as an auxiliary classifier (ACGAN: Odena et al. 2017) also tells the class.
import * as tf from '@tensorflow/tfjs-core';
import { layer } from '../compiler/layer-scope.js';
import { randomUniform, type SeedSource } from '../kernels/random.js';
import { outputParts } from '../models/labels.js';
import { codeCount, toldCodes } from '../models/options.js';
import type { StepContext } from './step.js';

/** What the steps of a conditional run know of the data's classes. */
export interface StepClasses {
  /** items of each: labels of fake items are drawn in these proportions */
  counts: readonly number[];
  /** weight of the class's cross-entropy; absent where D is no auxiliary classifier */
  auxiliaryWeight?: number | undefined;
}

/**
 * Items `[batch, ...item]`; what class each is of, one-hot `[batch, classes]`, in a conditional run; what each is made from, `[batch,
 * ...condition]`, of pairs.
 */
export type Labelled = { items: tf.Tensor; labels?: tf.Tensor; condition?: tf.Tensor };

/** Classes `[batch]`, int32, as float32 `[batch, classes]` with a one for each. */
export const oneHot = (labels: tf.Tensor, classes: number): tf.Tensor =>
  layer('labels', () => tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32'));

/** Real items with the labels and conditions that were given with them. */
export const labelled = (
  { real, labels, condition }: Readonly<Record<string, tf.Tensor>>,
  { classes }: Pick<StepContext, 'classes'>,
): Labelled => ({
  items: real!,
  ...(classes && { labels: oneHot(labels!, classes.counts.length) }),
  ...(condition && { condition }),
});

/** int32 `[batch]` in the data's proportions: how many of the classes' cumulative shares a uniform number reaches. */
export function drawLabels({ counts }: StepClasses, batch: number, seeds: SeedSource): tf.Tensor {
  const thresholds = cumulativeShares(counts).slice(0, -1);
  return layer('labels', () => {
    const number = randomUniform([batch, 1], seeds);
    return tf.sum(tf.cast(tf.greaterEqual(number, tf.tensor2d([thresholds])), 'int32'), 1);
  });
}

/** Share of the items whose class is at most this one, for each class; the last is 1. */
export function cumulativeShares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let upTo = 0;
  return counts.map((count) => {
    upTo += count;
    return upTo / total;
  });
}

/**
 * What D gives for items: a logit `[batch, 1]`, and where it tells them the classes' logits and the codes, `[batch, n]` each; of a D that
 * judges patches a logit for each, `[batch * patches, 1]`, so that every mean is one over patches.
 */
export interface Judgement {
  logit: tf.Tensor;
  classes?: tf.Tensor;
  codes?: tf.Tensor;
}

/** @param output of D, `[batch, 1 + classes that it tells + codes that it tells]`, or of patches `[batch, height, width, 1]` */
export function judgementOf(
  output: tf.Tensor,
  { classes, architecture }: Pick<StepContext, 'classes' | 'architecture'>,
): Judgement {
  if (output.rank === 4) return { logit: tf.reshape(output, [output.size, 1]) };
  const told = {
    classes: classes?.auxiliaryWeight === undefined ? 0 : classes.counts.length,
    codes: toldCodes(architecture.codes),
  };
  return told.classes + told.codes === 0 ? { logit: output } : outputParts(output, told);
}

/**
 * InfoGAN's term of generated items in both nets' losses: -L_I of Chen et al. 2016, equation 5, less the codes' own entropy. What D gives of a
 * category are logits, of a continuous code the mean of a normal with deviation 1.
 * @param drawn the latents `[batch, latent]` of which the items are made
 */
export function codeLosses(
  { architecture: { codes } }: Pick<StepContext, 'architecture'>,
  judgement: Judgement,
  { latents }: { latents?: tf.Tensor },
): tf.Scalar[] {
  if (!codes || !latents || toldCodes(codes) === 0) return [];
  const { weight = 0, categories, continuous } = codes;
  const [batch, width] = latents.shape as [number, number];
  const before = width - codeCount(codes);
  let begin = 0;
  const next = (count: number) => {
    const from = begin;
    begin += count;
    return {
      right: tf.slice(latents, [0, before + from], [batch, count]),
      told: tf.slice(judgement.codes!, [0, from], [batch, count]),
    };
  };
  const wrong = categories.map((values) => {
    const { right, told } = next(values);
    return tf.neg(tf.sum(tf.mul(right, tf.logSoftmax(told)), 1)); // [batch]
  });
  if (continuous > 0) {
    const { right, told } = next(continuous);
    wrong.push(tf.mul(0.5, tf.sum(tf.square(tf.sub(right, told)), 1)));
  }
  return [tf.mul(weight, tf.mean(tf.addN(wrong))) as tf.Scalar];
}

/** What D judged, and what class it was meant to be. */
type Told = readonly [judgement: Judgement, items: Labelled];

/**
 * The terms of an auxiliary classifier in a loss, one for each of what was judged: the mean cross-entropy of the class, -L_C of Odena et
 * al. 2017, equation 3. Both nets minimize it.
 */
export const classLosses = (
  { classes }: Pick<StepContext, 'classes'>,
  ...told: readonly Told[]
): tf.Scalar[] =>
  told.flatMap(([judgement, { labels }]) => {
    if (classes?.auxiliaryWeight === undefined) return [];
    const right = tf.sum(tf.mul(labels!, tf.logSoftmax(judgement.classes!)), 1); // [batch]
    return [tf.mul(-classes.auxiliaryWeight, tf.mean(right)) as tf.Scalar];
  });

/** Share of the items whose class D tells. */
export const classAccuracy = ([judgement, { labels }]: Told): tf.Tensor =>
  tf.mean(tf.cast(tf.equal(tf.argMax(judgement.classes!, 1), tf.argMax(labels!, 1)), 'float32'));
