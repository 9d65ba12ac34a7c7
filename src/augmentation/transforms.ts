// Random changes of pictures `[batch, height, width, channels]`, real and generated alike, through which gradients go: with them D cannot
// learn few pictures by heart. What each draws follows from the step's seed.
import * as tf from '@tensorflow/tfjs-core';
import { randomNormal, randomUniform, type SeedSource } from '../kernels/random.js';
import { turned, warped } from '../kernels/warp.js';

export type Transform = (x: tf.Tensor, seeds: SeedSource) => tf.Tensor;

const batchOf = (x: tf.Tensor): number => x.shape[0]!;
/** A number for each picture, on [0, 1). */
const uniform = (x: tf.Tensor, seeds: SeedSource): tf.Tensor => randomUniform([batchOf(x), 1, 1, 1], seeds);
const perAxis = (numbers: tf.Tensor): tf.Tensor => tf.reshape(numbers, [batchOf(numbers), 1, 1]);
/** Whole numbers from `-max` to `max`, each as often. */
const steps = (x: tf.Tensor, max: number, seeds: SeedSource): tf.Tensor =>
  tf.sub(tf.floor(tf.mul(uniform(x, seeds), 2 * max + 1)), max);

/** DiffAugment's shares of a side: translation and cutout (Zhao et al. 2020, section 3.3). */
const TRANSLATION = 1 / 8;
const CUTOUT = 1 / 2;

const pixels = (side: number, share: number): number => Math.floor(side * share + 0.5);

/** By up to an eighth of each side, whole pixels; what comes in is 0. */
export const translation: Transform = (x, seeds) => {
  const [, height, width] = x.shape as [number, number, number];
  const shift = (side: number) => ({ shift: perAxis(steps(x, pixels(side, TRANSLATION), seeds)) });
  return warped(x, shift(height), shift(width));
};

/** A square of half the side is 0, wherever its middle falls. */
export const cutout: Transform = (x, seeds) => {
  const [batch, height, width] = x.shape as [number, number, number];
  /** `[batch, side]`, 1 where the square lies */
  const covered = (side: number) => {
    const size = pixels(side, CUTOUT);
    const places = side + 1 - (size % 2);
    const middle = tf.reshape(tf.floor(tf.mul(uniform(x, seeds), places)), [batch, 1]);
    const offset = tf.sub(tf.reshape(tf.range(0, side), [1, side]), tf.sub(middle, Math.floor(size / 2)));
    return tf.mul(tf.cast(tf.greaterEqual(offset, 0), 'float32'), tf.cast(tf.less(offset, size), 'float32'));
  };
  const rows = tf.reshape(covered(height), [batch, height, 1, 1]);
  const columns = tf.reshape(covered(width), [batch, 1, width, 1]);
  return tf.mul(x, tf.sub(1, tf.mul(rows, columns)));
};

/** The distance from a mean over some axes, times a factor for each picture. */
const spread = (x: tf.Tensor, axes: number[], factor: tf.Tensor): tf.Tensor => {
  const mean = tf.mean(x, axes, true);
  return tf.add(tf.mul(tf.sub(x, mean), factor), mean);
};

/** Brightness by -0.5 to 0.5, saturation by a factor of 0 to 2, contrast by one of 0.5 to 1.5. */
export const color: Transform = (x, seeds) => {
  const brighter = tf.add(x, tf.sub(uniform(x, seeds), 0.5));
  const saturated = spread(brighter, [3], tf.mul(uniform(x, seeds), 2));
  return spread(saturated, [1, 2, 3], tf.add(uniform(x, seeds), 0.5));
};

/** Left and right exchanged, of every other picture. */
export const mirror: Transform = (x, seeds) => {
  const isMirrored = tf.cast(tf.less(uniform(x, seeds), 0.5), 'float32');
  return tf.add(x, tf.mul(isMirrored, tf.sub(tf.reverse(x, 2), x)));
};

/** By so many quarter turns, a number for each picture; those that are not square by half turns alone. */
const quarters = (x: tf.Tensor, count: tf.Tensor): tf.Tensor => {
  const half = tf.reverse(x, [1, 2]);
  const isSquare = x.shape[1] === x.shape[2];
  const once = isSquare ? tf.reverse(tf.transpose(x, [0, 2, 1, 3]), 1) : half;
  const thrice = isSquare ? tf.reverse(tf.transpose(x, [0, 2, 1, 3]), 2) : x;
  const of = (picture: tf.Tensor, n: number) => tf.mul(picture, tf.cast(tf.equal(count, n), 'float32'));
  return [x, once, half, thrice].map(of).reduce((sum, part) => tf.add(sum, part));
};

/** By a right angle, a half turn, three right angles, or none. */
const quarterTurn: Transform = (x, seeds) => quarters(x, tf.floor(tf.mul(uniform(x, seeds), 4)));

/** By any angle: the nearest right angle exactly, the rest by interpolation. */
export const rotation: Transform = (x, seeds) => {
  const turns = tf.mul(uniform(x, seeds), 4);
  const nearest = tf.floor(tf.add(turns, 0.5));
  const rest = tf.mul(tf.reshape(tf.sub(turns, nearest), [batchOf(x)]), Math.PI / 2);
  return turned(quarters(x, tf.mod(nearest, 4)), rest);
};

const still = (x: tf.Tensor): tf.Tensor => tf.zeros([batchOf(x), 1, 1]);
/** 2^(d n), n normal. */
const factor = (x: tf.Tensor, deviation: number, seeds: SeedSource): tf.Tensor =>
  tf.exp(tf.mul(randomNormal([batchOf(x), 1, 1], seeds), deviation * Math.LN2));

/** By 2^(0.2 n), n normal, about the middle. */
const scaling: Transform = (x, seeds) => {
  const move = { shift: still(x), scale: factor(x, 0.2, seeds) };
  return warped(x, move, move);
};

/** Along one axis by 2^(0.2 n), along the other by its inverse. */
const stretching: Transform = (x, seeds) => {
  const scale = factor(x, 0.2, seeds);
  return warped(x, { shift: still(x), scale: tf.reciprocal(scale) }, { shift: still(x), scale });
};

/** By a normal share of each side, of deviation an eighth. */
const drift: Transform = (x, seeds) => {
  const [, height, width] = x.shape as [number, number, number];
  const shift = (side: number) => ({ shift: tf.mul(randomNormal([batchOf(x), 1, 1], seeds), side / 8) });
  return warped(x, shift(height), shift(width));
};

const brightness: Transform = (x, seeds) =>
  tf.add(x, tf.mul(randomNormal([batchOf(x), 1, 1, 1], seeds), 0.2));
const contrast: Transform = (x, seeds) =>
  tf.mul(x, tf.exp(tf.mul(randomNormal([batchOf(x), 1, 1, 1], seeds), 0.5 * Math.LN2)));
const saturation: Transform = (x, seeds) =>
  spread(x, [3], tf.exp(tf.mul(randomNormal([batchOf(x), 1, 1, 1], seeds), Math.LN2)));

/** Light and dark exchanged, of every other picture. */
const lumaFlip: Transform = (x, seeds) => {
  const isFlipped = tf.cast(tf.less(uniform(x, seeds), 0.5), 'float32');
  return tf.sub(x, tf.mul(isFlipped, tf.mul(tf.mean(x, 3, true), 2)));
};

/** Red, green and blue turned about the grey axis, by any angle (Rodrigues); pictures of one channel have no hue. */
export const hue: Transform = (x, seeds) => {
  if (x.shape[3] !== 3) return x;
  const angle = tf.mul(uniform(x, seeds), 2 * Math.PI);
  const grey = tf.mean(x, 3, true);
  const across = tf.reshape(tf.matMul(tf.reshape(x, [-1, 3]), tf.tensor2d(CROSS, [3, 3])), x.shape);
  const turnedColour = tf.add(tf.mul(tf.sub(x, grey), tf.cos(angle)), tf.mul(across, tf.sin(angle)));
  return tf.add(grey, turnedColour);
};
/** Row vectors times this are their cross products with the grey axis. */
const CROSS = [0, 1, -1, -1, 0, 1, 1, -1, 0].map((sign) => sign / Math.sqrt(3));

/**
 * What ADA makes of a picture, in this order, each with the same probability (Karras et al. 2020b, appendix B): pixel blitting, geometry and
 * color. What comes in at an edge is 0 here, and mirrored there; the two rotations there have a lower probability each, so that p is that of both.
 */
export const ADAPTIVE: readonly Transform[] = [
  mirror,
  quarterTurn,
  translation,
  scaling,
  rotation,
  stretching,
  drift,
  brightness,
  contrast,
  lumaFlip,
  hue,
  saturation,
];

/** A transform of some of the pictures: each has it with a probability, a scalar. */
export const sometimes =
  (transform: Transform, probability: tf.Tensor): Transform =>
  (x, seeds) => {
    const isChanged = tf.cast(tf.less(uniform(x, seeds), probability), 'float32');
    return tf.add(x, tf.mul(isChanged, tf.sub(transform(x, seeds), x)));
  };
