// Labels inside a step of a conditional run: those of real items are given with them, those of fake ones are drawn; networks see them
// one-hot. D as an auxiliary classifier (ACGAN: Odena et al. 2017) also tells the class.
import * as tf from '@tensorflow/tfjs-core';
import { layer } from '../compiler/layer-scope.js';
import { randomUniform, type SeedSource } from '../kernels/random.js';
import { auxiliaryParts } from '../models/labels.js';
import type { StepContext } from './step.js';

/** What the steps of a conditional run know of the data's classes. */
export interface StepClasses {
  /** items of each: labels of fake items are drawn in these proportions */
  counts: readonly number[];
  /** weight of the class's cross-entropy; absent where D is no auxiliary classifier */
  auxiliaryWeight?: number | undefined;
}

/** Items `[batch, ...item]`, and what class each is of, one-hot `[batch, classes]`, in a conditional run. */
export type Labelled = { items: tf.Tensor; labels?: tf.Tensor };

/** Classes `[batch]`, int32, as float32 `[batch, classes]` with a one for each. */
export const oneHot = (labels: tf.Tensor, classes: number): tf.Tensor =>
  layer('labels', () => tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32'));

/** Real items with the labels that were given with them. */
export const labelled = (
  { real, labels }: Readonly<Record<string, tf.Tensor>>,
  { classes }: Pick<StepContext, 'classes'>,
): Labelled => ({ items: real!, ...(classes && { labels: oneHot(labels!, classes.counts.length) }) });

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

/** What D gives for items: a logit `[batch, 1]`, and logits of the classes `[batch, classes]` where it tells them. */
export interface Judgement {
  logit: tf.Tensor;
  classes?: tf.Tensor;
}

/** @param output of D, `[batch, 1]` or `[batch, 1 + classes]` */
export const judgementOf = (output: tf.Tensor, { classes }: Pick<StepContext, 'classes'>): Judgement =>
  classes?.auxiliaryWeight === undefined ? { logit: output } : auxiliaryParts(output);

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
