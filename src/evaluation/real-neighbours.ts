// How near images are to real ones: Euclidean distances in a random projection, which keeps them to a few percent (Johnson and
// Lindenstrauss) and makes their cost the same for images of any size.
import * as tf from '@tensorflow/tfjs-core';
import { RandomStream, seedOf } from '../numerics/random.js';
import type { Neighbours } from './measures/measure.js';

/** 4 % of a distance; in the 32 of the bins, where it is 12 %, three in five samples of an untrained DCGAN looked like digits. */
const DIMENSIONS = 256;
/** Real images that are compared: 1,000 samples against them take 50 ms. */
const REAL_MAX = 2000;

/** Beyond any squared distance. */
const FAR = 1e30;

/** Holds tensors until `dispose`. */
export class RealNeighbours implements Neighbours {
  readonly real: Float32Array;
  readonly realDistances: Float32Array;
  private readonly projection: tf.Tensor2D;
  private readonly points: tf.Tensor2D;

  /** @param real `[count, size]` in any order; the first of them are taken */
  constructor(
    real: Float32Array,
    private readonly size: number,
  ) {
    this.real = real.subarray(0, REAL_MAX * size);
    const random = new RandomStream(seedOf('neighbours'));
    const values = Float32Array.from(
      { length: size * DIMENSIONS },
      () => random.normal() / Math.sqrt(DIMENSIONS),
    );
    this.projection = tf.tensor2d(values, [size, DIMENSIONS]);
    this.points = tf.tidy(() => this.project(this.real));
    this.realDistances = tf.tidy(() => {
      const self = tf.mul(tf.eye(this.points.shape[0]), FAR); // Infinity would make the rest NaN
      return nearest(tf.add(squaredDistances(this.points, this.points), self));
    });
  }

  distances(samples: Float32Array): Float32Array {
    return tf.tidy(() => nearest(squaredDistances(this.project(samples), this.points)));
  }

  dispose(): void {
    tf.dispose([this.projection, this.points]);
  }

  private project(images: Float32Array): tf.Tensor2D {
    return tf.matMul(tf.tensor2d(images, [images.length / this.size, this.size]), this.projection);
  }
}

/** `[n, m]` for points `[n, d]` and `[m, d]` */
const squaredDistances = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor =>
  tf.add(
    tf.sub(tf.sum(tf.square(a), 1, true), tf.mul(2, tf.matMul(a, b, false, true))),
    tf.sum(tf.square(b), 1),
  );

/** Rounding may make a square negative. */
const nearest = (squared: tf.Tensor): Float32Array =>
  tf.sqrt(tf.relu(tf.min(squared, 1))).dataSync() as Float32Array;
